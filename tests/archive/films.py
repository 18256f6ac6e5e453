"""Lessons recorded by the real packager into a real archive, and their films."""

import asyncio
from pathlib import Path

from tests.hls.rig import make_library, stored
from tests.hls_media.feed import LESSON, FakeClock, Feed, VideoTrack, send_sound, steady
from tests.hls_media.media import Encoded, opus
from tongke_streaming.archive.film import Film, Piece, Silent, plan_film
from tongke_streaming.archive.history import LessonHistory, read_history
from tongke_streaming.archive.journal import read_records
from tongke_streaming.hls.packager import Packager

S = 1_000_000
FPS = 30
NOTHING = range(0)


def pictures_at(
    feed: Feed,
    number: int,
    pictures: tuple[Encoded, ...],
    us: int,
    *,
    epoch: int = 0,
    layer: str | None = None,
    cuts: bool = True,
    lost: range = NOTHING,
) -> None:
    """30 pictures a second from ``us`` on; ``lost``: the seconds nothing arrives of."""
    track = VideoTrack(number, pictures, steady(len(pictures), FPS, us))
    feed.live(us - 1000, epoch)
    feed.track(us - 1000, number, "video", epoch=epoch, layer=layer)
    feed.map(us, number, 0, us)
    # As of a layer that the publisher's uplink had no room for.
    first, last = lost.start * FPS, lost.stop * FPS
    seq = VideoTrack(number, pictures[:first], track.times_us[:first]).send(feed, cuts=cuts)
    rest = VideoTrack(number, pictures[last:], track.times_us[last:], seq, last * 90_000 // FPS)
    rest.send(feed, cuts=cuts)


def sound_at(feed: Feed, number: int, seconds: float, us: int, *, epoch: int = 0) -> None:
    feed.track(us - 1000, number, "audio", epoch=epoch)
    feed.map(us, number, 0, us)
    send_sound(feed, number, opus(seconds), us)


def away(feed: Feed, us: int) -> None:
    feed.cut(us + 1000, us, gap=True)


class Archive:
    """A lesson's objects in the store of ``folder``."""

    def __init__(self, folder: Path, lesson: str = LESSON) -> None:
        self.path = folder / "store" / "lessons" / lesson

    @property
    def history(self) -> LessonHistory:
        return read_history(read_records((self.path / "journal.jsonl").read_bytes()))

    def film(self) -> Film:
        made = plan_film(self.history, "lead")
        assert made is not None
        return made

    def bytes_of(self, piece: Piece) -> bytes:
        if isinstance(piece, Silent):
            return piece.made()
        return piece.made_of((self.path / piece.name).read_bytes())

    def whole(self) -> bytes:
        film = self.film()
        data = film.head + b"".join(map(self.bytes_of, film.pieces))
        assert len(data) == film.size, "the size was known before"
        return data


async def record(folder: Path, feed: Feed) -> Archive:
    """Play a feed that ends, and wait until everything is put away."""
    library = make_library(folder)
    await library.recover()
    clock = FakeClock()
    feed.play(Packager(library, clock), clock)
    async with asyncio.timeout(30):
        await stored(library)
    await library.stop()
    return Archive(folder)
