"""A relay's feed made by hand, and a host that writes down what a packager tells it."""

import heapq
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import av
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame

from tests.hls_media.media import Encoded, packetize, rtp
from tongke_streaming.hls.model import Held, InitInfo, Timeline
from tongke_streaming.hls.packager import Packager

T0 = 1_700_000_000_000_000
LESSON = "lesson"


class FakeClock:
    def __init__(self) -> None:
        self.us = T0

    def now_us(self) -> int:
        return self.us


@dataclass
class Part:
    data: bytes
    duration_us: int
    independent: bool


@dataclass
class Segment:
    msn: int
    start_us: int
    discontinuity: bool
    gap: bool
    init: int | None
    parts: list[Part] = field(default_factory=list[Part])
    duration_us: int | None = None

    @property
    def end_us(self) -> int:
        assert self.duration_us is not None
        return self.start_us + self.duration_us


class Sink:
    """Checks the order of calls the face promises."""

    def __init__(self) -> None:
        self.inits: dict[int, tuple[bytes, InitInfo]] = {}
        self.segments: list[Segment] = []
        self._init: int | None = None

    def init(self, number: int, data: bytes, info: InitInfo) -> None:
        assert number not in self.inits
        self.inits[number] = (data, info)
        self._init = number

    def segment(self, msn: int, start_us: int, *, discontinuity: bool, gap: bool) -> None:
        if self.segments:
            assert self.segments[-1].duration_us is not None, "the last segment is still open"
            assert msn == self.segments[-1].msn + 1
        self.segments.append(Segment(msn, start_us, discontinuity, gap, self._init))

    def part(
        self, msn: int, index: int, data: bytes, duration_us: int, *, independent: bool
    ) -> None:
        segment = self.segments[-1]
        assert (segment.msn, segment.duration_us, segment.gap) == (msn, None, False)
        assert segment.init is not None
        assert index == len(segment.parts)
        segment.parts.append(Part(data, duration_us, independent))

    def close(self, msn: int, duration_us: int) -> None:
        segment = self.segments[-1]
        assert (segment.msn, segment.duration_us) == (msn, None)
        if not segment.gap:
            assert duration_us == sum(part.duration_us for part in segment.parts)
        segment.duration_us = duration_us

    def file(self, segments: Sequence[Segment] | None = None) -> bytes:
        """Init segment and parts of media segments that share it, one after the other."""
        chosen = [s for s in (segments or self.segments) if not s.gap]
        assert len({s.init for s in chosen}) == 1
        number = chosen[0].init
        assert number is not None
        return self.inits[number][0] + b"".join(p.data for s in chosen for p in s.parts)


class Host:
    def __init__(self, origin_us: int | None = None, held: dict[str, Held] | None = None) -> None:
        self.sinks: dict[str, Sink] = {}
        self.states: list[tuple[str, str, int]] = []
        self.ended_us: int | None = None
        self.origin_us = origin_us
        self._held = held or {}

    def rendition(self, lesson: str, name: str) -> Sink:
        assert lesson == LESSON
        assert name not in self.sinks
        self.sinks[name] = Sink()
        return self.sinks[name]

    def timeline(self, lesson: str, source: str, us: int) -> Timeline:
        if self.origin_us is None:
            self.origin_us = us
        return Timeline(self.origin_us, self._held)

    def source(self, lesson: str, source: str, state: str, us: int) -> None:
        self.states.append((source, state, us))

    def ended(self, lesson: str, us: int) -> None:
        self.ended_us = us


Action = Callable[[Packager], None]


class Feed:
    """Events and packets at their times; ``play`` hands them to a packager in order."""

    def __init__(self) -> None:
        self._actions: list[tuple[int, int, Action]] = []
        self.last_cut: int | None = None
        self.seg = -1

    def at(self, us: int, action: Action) -> None:
        heapq.heappush(self._actions, (us, len(self._actions), action))

    def event(self, at: int, ev: str, /, **fields: Any) -> None:
        self.at(at, lambda packager: packager.event({"ev": ev, "lesson": LESSON, **fields}))

    def packet(self, us: int, track: int, data: bytes) -> None:
        self.at(us, lambda packager: packager.packet(track, us, data))

    def live(self, us: int, epoch: int = 0) -> None:
        self.event(us, "source", source="lead", state="live", epoch=epoch, us=us)

    def track(
        self,
        us: int,
        number: int,
        kind: str,
        *,
        epoch: int = 0,
        layer: str | None = None,
        fmtp: dict[str, str] | None = None,
    ) -> None:
        video = kind == "video"
        self.event(
            us,
            "track",
            track=number,
            source="lead",
            epoch=epoch,
            kind=kind,
            layer=layer,
            codec="H264" if video else "opus",
            rate=90000 if video else 48000,
            channels=0 if video else 2,
            fmtp={"packetization-mode": "1", **(fmtp or {})},
        )

    def map(self, us: int, number: int, timestamp: int, at_us: int) -> None:
        self.event(us, "map", track=number, rtp=timestamp & 0xFFFFFFFF, us=at_us)

    def cut(self, us: int, at_us: int, *, gap: bool = False) -> None:
        self.seg, self.last_cut = self.seg + 1, at_us
        self.event(us, "cut", source="lead", seg=self.seg, us=at_us, gap=gap)

    def end(self, us: int) -> None:
        self.event(us, "end", us=us)

    def play(self, packager: Packager, clock: FakeClock) -> None:
        """Ticks every 50 ms of the feed's time."""
        while self._actions:
            us, _, action = heapq.heappop(self._actions)
            while us - clock.us > 50_000:
                clock.us += 50_000
                packager.tick()
            clock.us = max(clock.us, us)
            action(packager)


@dataclass(frozen=True)
class VideoTrack:
    """Sends pictures at their times; ``first`` is the RTP timestamp of the first."""

    number: int
    pictures: Sequence[Encoded]
    times_us: Sequence[int]
    seq: int = 0
    first: int = 0

    def timestamp(self, us: int) -> int:
        return (self.first + (us - self.times_us[0]) * 9 // 100) & 0xFFFFFFFF

    def send(
        self,
        feed: Feed,
        *,
        cuts: bool = True,
        lose: Callable[[int], bool] = lambda _index: False,
        delay: Callable[[int], int] = lambda _index: 0,
    ) -> int:
        """Put every packet into the feed; returns the sequence number that would follow."""
        seq, index = self.seq, 0
        for picture, us in zip(self.pictures, self.times_us, strict=False):
            arrival = us + 5000
            if cuts and picture.idr and (feed.last_cut is None or us - feed.last_cut >= 1_950_000):
                feed.cut(arrival, us)
            packets = packetize(picture.nals, seq, self.timestamp(us))
            seq += len(packets)
            for packet in packets:
                if not lose(index):
                    feed.packet(arrival + delay(index), self.number, packet)
                index += 1
        return seq


def send_sound(
    feed: Feed,
    number: int,
    packets: Sequence[bytes],
    start_us: int,
    *,
    seq: int = 0,
    first: int = 0,
    lose: Callable[[int], bool] = lambda _index: False,
) -> None:
    for index, payload in enumerate(packets):
        if not lose(index):
            data = rtp(payload, seq + index, first + index * 960, marker=False, pt=111)
            feed.packet(start_us + index * 20_000 + 25_000, number, data)


def steady(count: int, fps: float, start_us: int = T0) -> list[int]:
    return [start_us + round(index * 1_000_000 / fps) for index in range(count)]


def play(feed: Feed, host: Host | None = None) -> Host:
    host, clock = host or Host(), FakeClock()
    feed.play(Packager(host, clock), clock)
    return host


def video_frames(data: bytes) -> list[VideoFrame]:
    with av.open(io.BytesIO(data), "r") as container:
        return list(container.decode(container.streams.video[0]))


def audio_frames(data: bytes) -> list[AudioFrame]:
    with av.open(io.BytesIO(data), "r") as container:
        return list(container.decode(container.streams.audio[0]))
