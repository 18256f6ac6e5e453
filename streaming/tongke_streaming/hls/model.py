"""The face between the packager, which makes parts, and whoever stores and serves them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

PART_TARGET_US = 500_000
TARGET_DURATION_S = 4


@dataclass(frozen=True)
class InitInfo:
    """What a multivariant playlist wants to know of an init segment.

    ``codecs`` as RFC 6381 writes it (``avc1.42E01F``, ``mp4a.40.2``); ``timescale`` in ticks a
    second; ``width`` and ``height`` in pixels after cropping (0 for sound); ``channels`` 0 for
    video.
    """

    kind: Literal["video", "audio"]
    codecs: str
    timescale: int
    width: int = 0
    height: int = 0
    channels: int = 0


@dataclass(frozen=True)
class Held:
    """What one rendition holds from before a restart: the numbers it goes on with.

    ``next_msn`` is one more than the highest segment any part of which is stored, ``end_us`` the
    instant its media ends, ``next_init`` an init number not used yet.
    """

    next_msn: int
    end_us: int
    next_init: int


@dataclass(frozen=True)
class Timeline:
    """Where a source's media time 0 is, and what its renditions (by name) hold already."""

    origin_us: int
    held: Mapping[str, Held] = field(default_factory=dict[str, Held])


class RenditionSink(Protocol):
    """Where the parts of one rendition go. Called synchronously, on the event loop, in order.

    Of one segment: ``segment``, then ``part`` 0, 1, …, then ``close``; of a gap segment only
    ``segment`` and ``close``. Times are UTC µs. Every rendition of a source has its
    discontinuities at the same segment numbers (RFC 8216bis 6.2.4). One that first appears late in
    a lesson starts at the number its source has reached: its EXT-X-DISCONTINUITY-SEQUENCE starts at
    the number of discontinuities the source's other renditions had by then.
    """

    def init(self, number: int, data: bytes, info: InitInfo) -> None:
        """Init segment ``number`` applies from the next segment on."""
        ...

    def segment(self, msn: int, start_us: int, *, discontinuity: bool, gap: bool) -> None:
        """Segment ``msn`` begins."""
        ...

    def part(
        self, msn: int, index: int, data: bytes, duration_us: int, *, independent: bool
    ) -> None:
        """One moof and mdat; ``independent`` exactly when it starts with a sync sample."""
        ...

    def close(self, msn: int, duration_us: int) -> None:
        """Segment ``msn`` is complete; ``duration_us`` is the sum of its parts, if it has any."""
        ...


class PackagerHost(Protocol):
    """Whoever owns a packager."""

    def rendition(self, lesson: str, name: str) -> RenditionSink:
        """Asked once per rendition; ``name`` as in docs/architecture.md: lead-v-f, lead-a."""
        ...

    def timeline(self, lesson: str, source: str, us: int) -> Timeline:
        """Asked once per source, at its first cut. ``Timeline(us)`` for a source never seen."""
        ...

    def source(self, lesson: str, source: str, state: str, us: int) -> None:
        """The source is ``live`` or ``away`` from ``us`` on."""
        ...

    def ended(self, lesson: str, us: int) -> None:
        """The lesson is over; every segment has been closed."""
        ...
