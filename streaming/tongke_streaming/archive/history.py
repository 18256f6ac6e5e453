"""What a journal says of a lesson, put together again."""

import base64
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from tongke_streaming.archive.journal import Record
from tongke_streaming.archive.segments import Part, Segment
from tongke_streaming.hls.model import InitInfo


@dataclass
class Init:
    data: bytes
    info: InitInfo


@dataclass
class RenditionHistory:
    first_discontinuity: int = 0
    inits: dict[int, Init] = field(default_factory=dict[int, Init])
    segments: dict[int, Segment] = field(default_factory=dict[int, Segment])


@dataclass
class LessonHistory:
    keys: list[str] = field(default_factory=list[str])
    """In the order they were given; the last one counts."""
    origins: dict[str, int] = field(default_factory=dict[str, int])
    renditions: dict[str, RenditionHistory] = field(default_factory=dict[str, RenditionHistory])
    ended_us: int | None = None


def init_record(rendition: str, number: int, init: Init) -> Record:
    """The journal line of an init segment."""
    info = init.info
    return {
        "t": "init",
        "r": rendition,
        "n": number,
        "data": base64.b64encode(init.data).decode(),
        "info": [
            info.kind, info.codecs, info.timescale, info.width, info.height, info.channels
        ],
    }  # fmt: skip


def read_history(records: Iterable[Record]) -> LessonHistory:
    """Fold a journal's records. One that makes no sense (bytes changed on the disk) is left out."""
    history = LessonHistory()
    for record in records:
        try:
            _take(history, record)
        except (KeyError, TypeError, ValueError):
            continue
    return history


def _take(history: LessonHistory, record: Record) -> None:
    kind = record["t"]
    if kind == "key":
        history.keys.append(str(record["key"]))
    elif kind == "origin":
        history.origins[record["source"]] = int(record["us"])
    elif kind == "end":
        history.ended_us = int(record["us"])
    elif "r" in record:
        rendition = history.renditions.setdefault(record["r"], RenditionHistory())
        _take_of_rendition(rendition, kind, record)


def _take_of_rendition(rendition: RenditionHistory, kind: str, record: Record) -> None:
    if kind == "rendition":
        rendition.first_discontinuity = int(record["dseq"])
    elif kind == "init":
        data = base64.b64decode(record["data"])
        rendition.inits[int(record["n"])] = Init(data, InitInfo(*record["info"]))
    elif kind == "seg":
        rendition.segments[record["n"]] = Segment(
            int(record["n"]),
            int(record["us"]),
            record["i"],
            discontinuity=bool(record.get("d")),
            gap=bool(record.get("gap")),
        )
    else:
        _take_of_segment(rendition.segments[record["n"]], kind, record)


def _take_of_segment(segment: Segment, kind: str, record: Record) -> None:
    if kind == "part":
        part = Part(int(record["o"]), int(record["s"]), int(record["d"]), bool(record.get("k")))
        segment.parts.append(part)
        segment.frames += int(record["f"])
    elif kind == "close":
        segment.duration_us, segment.closed = int(record["d"]), True
        segment.size = int(record["s"])
    elif kind == "lost":
        segment.kept = False
    elif kind == "stored":
        segment.stored = True


def settle(history: RenditionHistory, size_of: Callable[[int], int]) -> list[Segment]:
    """The segments in order, all closed: nobody writes them any more.

    ``size_of`` gives the bytes of a segment that are in the spool. Parts beyond the end of a file
    that is not on the store are left out, and so is an open segment that has none; a closed one
    without its bytes becomes a gap.
    """
    settled = []
    for msn in sorted(history.segments):
        segment = history.segments[msn]
        if not segment.closed and not segment.parts:
            continue
        if not segment.gap and segment.kept and not segment.stored:
            _measure(segment, size_of(msn))
        segment.parts = []
        settled.append(segment)
    return settled


def _measure(segment: Segment, available: int) -> None:
    """Keep what is there. ``closed`` stays false where the journal does not say the same."""
    if segment.closed and segment.size <= available:
        segment.spooled = True
        return
    whole = [part for part in segment.parts if part.offset + part.size <= available]
    segment.closed = False
    segment.spooled = segment.kept = bool(whole)
    segment.size = sum(part.size for part in whole)
    if whole:
        segment.duration_us = sum(part.duration_us for part in whole)
    else:
        segment.duration_us = max(
            segment.duration_us, sum(part.duration_us for part in segment.parts)
        )
