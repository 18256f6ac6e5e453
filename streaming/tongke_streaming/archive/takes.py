"""Which segments of an archive make a film: one layer of pictures that has the whole lesson, and the
sound.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tongke_streaming.archive.history import Init, RenditionHistory
from tongke_streaming.archive.segments import Part, Segment

# A layer that misses more than this of what the fullest has is left for a smaller one.
_COMPLETE = 0.99


@dataclass(frozen=True, slots=True)
class Take:
    """A segment in the store with the parts it has there; from tick ``start`` up to ``end`` of
    ``rate`` a second since the source's origin.
    """

    segment: Segment
    init: Init
    parts: Sequence[Part]
    start: int
    end: int

    @property
    def rate(self) -> int:
        return self.init.info.timescale

    @property
    def size(self) -> int:
        return sum(part.size for part in self.parts)

    @property
    def area(self) -> int:
        return self.init.info.width * self.init.info.height


@dataclass(frozen=True)
class Track:
    """A rendition's name and what is taken of it, in order; nothing of one that there is not."""

    rendition: str = ""
    takes: Sequence[Take] = ()


def best_layer(renditions: Mapping[str, RenditionHistory], origin_us: int) -> Track:
    """The largest pictures among the layers that hold nearly as much as the fullest."""
    tracks = _tracks(renditions, origin_us, "video")
    most = max(map(_length, tracks), default=0)
    whole = [one for one in tracks if _length(one) >= _COMPLETE * most]
    return max(whole, key=_largeness, default=Track())


def fullest_sound(renditions: Mapping[str, RenditionHistory], origin_us: int) -> Track:
    return max(_tracks(renditions, origin_us, "audio"), key=_length, default=Track())


def _length(track: Track) -> int:
    return sum(one.end - one.start for one in track.takes)


def _largeness(track: Track) -> tuple[int, int]:
    return max(one.area for one in track.takes), sum(one.size for one in track.takes)


def _tracks(renditions: Mapping[str, RenditionHistory], origin_us: int, kind: str) -> list[Track]:
    found = [Track(name, _takes(one, origin_us, kind)) for name, one in sorted(renditions.items())]
    return [one for one in found if one.takes]


def _takes(history: RenditionHistory, origin_us: int, kind: str) -> list[Take]:
    found: list[Take] = []
    for msn in sorted(history.segments):
        take = _take(history, history.segments[msn], origin_us)
        if take is None or take.init.info.kind != kind or take.start < 0:
            continue
        if not found or _follows(take, found[-1]):
            found.append(take)
    return found


def _take(history: RenditionHistory, one: Segment, origin_us: int) -> Take | None:
    """None for a segment that the store has not, or nothing of."""
    parts = [part for part in one.parts if part.offset + part.size <= one.size]
    if one.gap or not (one.kept and one.stored) or not parts or one.init not in history.inits:
        return None
    init, since = history.inits[one.init], one.start_us - origin_us
    lasts = sum(part.duration_us for part in parts)
    rate = init.info.timescale
    return Take(one, init, parts, ticks(since, rate), ticks(since + lasts, rate))


def _follows(take: Take, before: Take) -> bool:
    """Pictures can be cut short, sound cannot; its format is one throughout."""
    if take.init.info.kind == "video":
        return take.start >= before.start + before.segment.frames
    return take.start >= before.end and take.init.info == before.init.info


def ticks(us: int, rate: int) -> int:
    """Media time that was told in whole µs, rounded down: no two ticks share one."""
    return -(-us * rate // 1_000_000)
