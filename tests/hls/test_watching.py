"""`tongke watch` while the path of the lesson is renewed."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from tests.hls.cmaf import picture
from tests.hls.rig import KEY, LESSON, Feeder, Rig, rig
from tongke_streaming.probe.hls import HlsViewer, moved, path_of
from tongke_streaming.probe.viewing import NothingSeen

FRESH = "f" * 32


class Viewer(HlsViewer):
    """Asks the packager for the first playlist, without a web process in between."""

    def __init__(self, rig: Rig) -> None:
        super().__init__("http://web.test/live/hls/index.m3u8", "token")
        self.rig = rig
        self.asked = 0
        self.refused = False

    async def _first(self) -> httpx2.Response:
        self.asked += 1
        if self.refused:
            raise NothingSeen("not any more", refused=True)
        lesson = self.rig.library.lessons[LESSON]
        text = lesson.multivariant(f"{self.rig.base}/media/{lesson.key}/")
        return httpx2.Response(200, text=text, request=httpx2.Request("GET", self._url))


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Rig]:
    async with rig(tmp_path) as made:
        await made.library.open(LESSON, KEY)
        yield made


async def test_it_goes_on_where_it_was(made: Rig) -> None:
    feeder = Feeder(made.library.rendition(LESSON, "lead-v-f"), picture(4))
    feeder.segments(2)
    viewer = Viewer(made)
    watching = asyncio.ensure_future(viewer.watch(20))
    await feeder.pulse.until(1)
    await made.library.open(LESSON, FRESH)
    feeder.segments(2)
    made.library.lessons[LESSON].end(feeder.at_us)
    viewing = await watching
    assert viewer.asked == 2
    assert viewing.ended
    assert viewing.loss == 0
    assert viewing.seconds >= 4


async def test_who_may_not_any_more_is_told_the_servers_sentence(made: Rig) -> None:
    feeder = Feeder(made.library.rendition(LESSON, "lead-v-f"), picture(4))
    feeder.segments(2)
    viewer = Viewer(made)
    watching = asyncio.ensure_future(viewer.watch(20))
    await feeder.pulse.until(1)
    viewer.refused = True
    await made.library.open(LESSON, FRESH)
    with pytest.raises(NothingSeen, match="not any more") as seen:
        await watching
    assert seen.value.refused


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        (f"https://h:1/media/{KEY}/lead-a/1.m4s", f"https://h:1/media/{KEY}/"),
        (f"https://h/under/media/{KEY}/x.m3u8?a=/media/{FRESH}/", f"https://h/under/media/{KEY}/"),
        ("https://h/media/short/1.m4s", None),
        (f"https://h/x?u=/media/{KEY}/", None),
    ],
)
def test_paths(uri: str, path: str | None) -> None:
    assert path_of(uri) == path
    if path is not None:
        rest = uri.removeprefix(path)
        assert moved(uri, "https://new/media/") == "https://new/media/" + rest
    assert moved(uri, None) == uri
