"""One lesson: its renditions, its key, when it had media, and whether it is over."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from tongke_streaming.archive.coverage import Coverage
from tongke_streaming.archive.history import LessonHistory, read_history, settle
from tongke_streaming.archive.journal import read_records
from tongke_streaming.archive.recorder import Reason, Recorder, State
from tongke_streaming.archive.segments import Segment
from tongke_streaming.archive.spool import Spool
from tongke_streaming.hls.model import Timeline
from tongke_streaming.hls.playlist import Report, Variant, multivariant_playlist
from tongke_streaming.hls.rendition import Rendition

MAIN_SOURCE = "lead"
_MOST_READERS = 8000  # they go to web in one message


@dataclass(frozen=True)
class Listener:
    """Who wants to know of a lesson's doings; each is called on the event loop."""

    recording: Callable[[str, State, Reason], None]
    init: Callable[["Lesson", Rendition, int, bytes], None]
    closed: Callable[["Lesson", Rendition, Segment], None]


class Lesson:
    """Lives on one event loop; made in a thread when it is loaded from its journal."""

    def __init__(self, lesson: str, spool: Spool, listener: Listener) -> None:
        self.id = lesson
        self.key: str | None = None
        self.retired: set[str] = set()
        self.readers: set[str] = set()  # the credentials the key was given to
        self.known = True  # whether those are all
        self.doubted = False  # somebody reads with the key, and those are not all
        self.renditions: dict[str, Rendition] = {}
        self.coverage = Coverage()
        self.ended_us: int | None = None
        self.ended = asyncio.Event()
        self.fed = False  # a packager of this process holds its sinks
        self.unstored = 0
        self.used_at = 0.0
        self._origins: dict[str, int] = {}
        self._listener = listener
        self.recorder = Recorder(spool, lesson, self._recording)

    # What is known from before.

    def restore(self, history: LessonHistory) -> None:
        if history.keys:
            *old, self.key = history.keys
            self.retired, self.known = set(old) - {self.key}, False
        self._origins = history.origins
        for name, part in history.renditions.items():
            rendition = self.renditions[name] = self._make(name)
            segments = settle(part, partial(self.recorder.folder.size_of, name))
            rendition.restore(part, segments)
            for segment in segments:
                self._cover(segment)
        if history.ended_us is not None:
            self.ended_us = history.ended_us
            for rendition in self.renditions.values():
                rendition.ended = True
            self.ended.set()

    def set_key(self, key: str) -> None:
        """The old one opens nothing from now on; whoever waits with it is told."""
        if key == self.key:
            return
        if self.key is not None:
            self.retired.add(self.key)
        self.key = key
        self.readers, self.known, self.doubted = set(), True, False
        self.recorder.note("key", key=key)
        for rendition in self.renditions.values():
            rendition.pulse.beat()

    def note_reader(self, credential: str) -> None:
        if not credential or credential in self.readers:
            return
        if len(self.readers) < _MOST_READERS:
            self.readers.add(credential)
        else:
            self.known = False

    # What the packager tells.

    def timeline(self, source: str, us: int) -> Timeline:
        self.fed = True
        origin = self._origins.get(source)
        if origin is None:
            origin = self._origins[source] = us
            self.recorder.note("origin", source=source, us=us)
        of_source = [r for r in self.renditions.values() if r.source == source and r.segments]
        return Timeline(origin, {rendition.name: rendition.held() for rendition in of_source})

    def rendition(self, name: str) -> Rendition:
        self.fed = True
        rendition = self.renditions.get(name)
        if rendition is None:
            rendition = self.renditions[name] = self._make(name)
        return rendition

    def note_source(self, source: str, state: str, us: int) -> None:
        self.recorder.note("source", source=source, state=state, us=us)

    def end(self, us: int) -> None:
        """Idempotent."""
        if self.ended_us is not None:
            return
        self.ended_us = us
        for rendition in self.renditions.values():
            rendition.end()
        self.recorder.end(us)
        self.ended.set()

    def _make(self, name: str) -> Rendition:
        return Rendition(
            name,
            self.recorder,
            reports=self._reports,
            earlier=self._earlier,
            first_discontinuity=self._first_discontinuity,
            on_closed=self._closed,
            on_init=lambda r, number, data: self._listener.init(self, r, number, data),
        )

    def _recording(self, state: State, reason: Reason) -> None:
        self._listener.recording(self.id, state, reason)

    def _closed(self, rendition: Rendition, segment: Segment) -> None:
        self._cover(segment)
        self._listener.closed(self, rendition, segment)

    def _cover(self, segment: Segment) -> None:
        if not segment.gap:
            self.coverage.add(segment.start_us, segment.end_us)

    def _others(self, rendition: Rendition) -> list[Rendition]:
        return [
            other
            for other in self.renditions.values()
            if other is not rendition and other.source == rendition.source
        ]

    def _reports(self, rendition: Rendition) -> tuple[Report, ...]:
        reports = (other.report for other in self._others(rendition))
        return tuple(report for report in reports if report is not None)

    def _earlier(self, rendition: Rendition, msn: int) -> list[Segment]:
        """The closed segments before ``msn`` of the rendition that begins first."""
        others = [other for other in self._others(rendition) if other.segments]
        if not others:
            return []
        longest = min(others, key=lambda other: other.segments[0].msn)
        return [segment for segment in longest.segments if segment.closed and segment.msn < msn]

    def _first_discontinuity(self, rendition: Rendition) -> int:
        others = [other for other in self._others(rendition) if other.segments]
        if not others:
            return 0
        return min(others, key=lambda other: other.segments[0].msn).first_discontinuity

    # What is asked.

    def multivariant(self, base: str, source: str | None = None) -> str | None:
        """``base`` as in ``multivariant_playlist``. None before there is a segment to start with."""
        variants = self._variants(source or self._main_source())
        if not any(self.renditions[variant.name].rates.segments for variant in variants):
            return None
        return multivariant_playlist(variants, base)

    def _variants(self, source: str) -> list[Variant]:
        found = [
            rendition.variant()
            for rendition in self.renditions.values()
            if rendition.source == source
        ]
        variants = [variant for variant in found if variant is not None]
        # The layers are one camera's pictures. Players do not climb to a level whose rate is a
        # hundredth lower, as measured ones are.
        rate = max((variant.frame_rate for variant in variants), default=0.0)
        return [replace(v, frame_rate=rate) if v.frame_rate else v for v in variants]

    def _main_source(self) -> str:
        with_media = [r.source for r in self.renditions.values() if r.rates.segments]
        return MAIN_SOURCE if MAIN_SOURCE in with_media else next(iter(with_media), MAIN_SOURCE)

    def status(self) -> dict[str, Any]:
        span = self.coverage.span
        return {
            "recording": self.recorder.state,
            "reason": self.recorder.reason,
            "first_us": span[0] if span else None,
            "duration_us": span[1] - span[0] if span else 0,
            "gaps": [list(gap) for gap in self.coverage.gaps()],
            "ended": self.ended_us is not None,
        }


def load_lesson(lesson: Lesson, journal: bytes) -> Lesson:
    """Fill a fresh lesson from its journal's bytes. Slow for a long one: use a thread."""
    lesson.restore(read_history(read_records(journal)))
    return lesson
