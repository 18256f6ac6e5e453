"""A lesson that is over as one MP4 to take home: which bytes it is made of, known from the journal.

The film has the lesson's own clock, beginning with its first picture or sound: what was said in the
twentieth minute is there in the twentieth minute, and captions fit. Where nothing was recorded the
last picture stands still and there is silence. Nothing is encoded again and nothing is kept: each
segment of the archive is put in its place as it is read, with other numbers in the heads of its chunks.

Pictures whose parameter sets change on the way (a camera was taken over by another) have them in
front of the first picture of every segment, for one sample entry has to do for all: players do not
change theirs while they play a file.
"""

import hashlib
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, pairwise

from tongke_streaming.archive.history import LessonHistory, RenditionHistory
from tongke_streaming.archive.names import source_of
from tongke_streaming.archive.takes import Take, Track, best_layer, fullest_sound
from tongke_streaming.hls.film_boxes import (
    FRAME,
    Entry,
    FilmTrack,
    Touch,
    film_head,
    parameter_sets,
    retouch,
    segment_index,
    silence,
    silence_size,
)

_SILENT_FRAMES = 188  # 4 s in one chunk
_FORM = b"1"  # of the bytes made here: another form is another file


@dataclass(frozen=True, slots=True)
class Stored:
    """A segment in the store: ``length`` bytes of object ``name``. Times are ticks of the film."""

    name: str
    length: int
    track: int
    rate: int
    start: int
    base: int
    chunks: int
    sync: bool
    until: int | None = None
    parameters: bytes = b""
    sequence: int = 0

    @property
    def size(self) -> int:
        return self.length + len(self.parameters)

    def made_of(self, segment: bytes) -> bytes:
        """Raises ValueError for bytes that cannot be it."""
        touch = Touch(self.track, self.sequence, self.base, self.until, self.parameters)
        made = retouch(segment[: self.length], touch)
        if len(made) != self.size:
            raise ValueError("a segment is shorter than the journal says")
        return made


@dataclass(frozen=True, slots=True)
class Silent:
    track: int
    rate: int
    start: int
    frames: int
    sequence: int = 0
    chunks: int = 1
    sync: bool = False

    @property
    def size(self) -> int:
        return silence_size(self.frames)

    def made(self) -> bytes:
        return silence(self.track, self.sequence, self.start, self.frames)


Piece = Stored | Silent


@dataclass(frozen=True)
class Film:
    """``head``, then ``pieces``. ``digest`` (hex) is another where the bytes are others."""

    head: bytes
    pieces: Sequence[Piece]
    duration_ms: int
    digest: str
    _starts: Sequence[int] = field(repr=False)

    @property
    def size(self) -> int:
        return self._starts[-1]

    def between(self, start: int, end: int) -> Iterator[tuple[bytes | Piece, int, int]]:
        """What bytes ``start`` up to, not with, ``end`` are made of, and which bytes of each."""
        if start < min(end, len(self.head)):
            yield self.head, start, min(end, len(self.head))
        first = max(0, bisect_right(self._starts, start) - 1)
        for number in range(first, len(self.pieces)):
            at = self._starts[number]
            if at >= end:
                return
            piece = self.pieces[number]
            low, high = max(0, start - at), min(piece.size, end - at)
            if low < high:
                yield piece, low, high


def plan_film(history: LessonHistory, source: str) -> Film | None:
    """Of one source; None while the lesson is not over, or where the store has nothing of it.

    Raises ValueError for init segments that are none of ours, and for more than ten days.
    """
    origin_us = history.origins.get(source)
    if origin_us is None or history.ended_us is None:
        return None
    of_source = _renditions(history, source)
    tracks = [best_layer(of_source, origin_us), fullest_sound(of_source, origin_us)]
    tracks = [one for one in tracks if one.takes]
    return _film(tracks) if tracks else None


def _renditions(history: LessonHistory, source: str) -> dict[str, RenditionHistory]:
    found: dict[str, RenditionHistory] = {}
    for name, one in history.renditions.items():
        try:
            if source_of(name) == source:
                found[name] = one
        except ValueError:
            continue
    return found


def _film(tracks: Sequence[Track]) -> Film:
    first_ms = min(one.takes[0].start * 1000 // one.takes[0].rate for one in tracks)
    end_ms = max(-(-one.takes[-1].end * 1000 // one.takes[-1].rate) for one in tracks)
    length_ms = end_ms - first_ms
    placed = [
        one
        for number, track in enumerate(tracks, 1)
        for one in _place(number, track, first_ms, end_ms)
    ]
    placed.sort(key=lambda one: (one.start * 1_000_000 // one.rate, one.track))
    numbers = accumulate((one.chunks for one in placed), initial=1)
    pieces = [replace(one, sequence=number) for one, number in zip(placed, numbers, strict=False)]
    heads = [_head_of(number, track, first_ms) for number, track in enumerate(tracks, 1)]
    head = film_head(heads, length_ms) + _index(pieces, length_ms)
    digest = hashlib.sha256(_FORM + head)
    for one in pieces:
        digest.update(repr(one).encode())
    starts = list(accumulate((one.size for one in pieces), initial=len(head)))
    return Film(head, pieces, length_ms, digest.hexdigest(), starts)


def _head_of(number: int, track: Track, first_ms: int) -> FilmTrack:
    largest = max(track.takes, key=lambda take: take.area)
    last = track.takes[-1]
    duration = last.end - first_ms * last.rate // 1000
    return FilmTrack(number, largest.init.data, duration, in_band=_in_band(track))


def _in_band(track: Track) -> bool:
    """Whether the parameter sets of its pictures change."""
    if track.takes[0].init.info.kind == "audio":
        return False
    return len({parameter_sets(one) for one in {take.init.data for take in track.takes}}) > 1


def _place(number: int, track: Track, first_ms: int, end_ms: int) -> Iterator[Piece]:
    rate = track.takes[0].rate
    base = first_ms * rate // 1000
    if track.takes[0].init.info.kind == "audio":
        yield from _place_sound(number, track, base, end_ms * rate // 1000 - base)
        return
    in_band = _in_band(track)
    ends: list[int | None] = [
        after.start - base if after.start < one.end else None
        for one, after in pairwise(track.takes)
    ]
    for one, until in zip(track.takes, [*ends, None], strict=True):
        parameters = parameter_sets(one.init.data) if in_band else b""
        stored = _stored(number, track.rendition, one, base)
        yield replace(stored, until=until, parameters=parameters)


def _place_sound(number: int, track: Track, base: int, until: int) -> Iterator[Piece]:
    """With silence where there is none, from the beginning up to ``until``."""
    rate = track.takes[0].rate
    at = (track.takes[0].start - base) % FRAME
    for take in track.takes:
        yield from _silence(number, rate, at, take.start - base)
        yield _stored(number, track.rendition, take, base)
        at = take.end - base
    yield from _silence(number, rate, at, until)


def _silence(number: int, rate: int, start: int, end: int) -> Iterator[Silent]:
    """Whole frames from ``start`` on, up to ``end``."""
    for at in range(start, end - FRAME + 1, _SILENT_FRAMES * FRAME):
        yield Silent(number, rate, at, min(_SILENT_FRAMES, (end - at) // FRAME))


def _stored(number: int, rendition: str, take: Take, base: int) -> Stored:
    return Stored(
        name=f"{rendition}/{take.segment.msn}.m4s",
        length=take.size,
        track=number,
        rate=take.rate,
        start=take.start - base,
        base=base,
        chunks=len(take.parts),
        sync=take.parts[0].independent,
    )


def _index(pieces: Sequence[Piece], length_ms: int) -> bytes:
    """Of the first track; what stands before its first picture or sound belongs to that."""
    leading = [number for number, one in enumerate(pieces) if one.track == 1]
    jumps = [number for number in leading[1:] if pieces[number].sync]
    starts = [pieces[number].start for number in (leading[0], *jumps)]
    groups = pairwise([0, *jumps, len(pieces)])
    rate = pieces[leading[0]].rate
    lasting = pairwise([*starts, max(length_ms * rate // 1000, starts[-1])])
    entries = [
        Entry(sum(one.size for one in pieces[first:last]), end - begin, sync=pieces[first].sync)
        for (first, last), (begin, end) in zip(groups, lasting, strict=True)
    ]
    return segment_index(1, rate, starts[0], entries)
