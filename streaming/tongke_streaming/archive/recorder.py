"""Writes one lesson down, and says so when it cannot."""

import errno
import logging
from collections.abc import Callable
from typing import Literal

from tongke_streaming.archive.journal import Journal, Record
from tongke_streaming.archive.segments import Part, Segment
from tongke_streaming.archive.spool import SegmentFile, Spool

log = logging.getLogger(__name__)

State = Literal["idle", "ok", "stopped"]
Reason = Literal["", "disk_full", "disk_error"]

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Recorder:
    """The journal and the open segment files of one lesson.

    A segment of which a part could not be written is lost as a whole and its file removed; the
    next segment is tried anew. ``on_state`` is told each change.
    """

    def __init__(self, spool: Spool, lesson: str, on_state: Callable[[State, Reason], None]):
        self.lesson = lesson
        self.folder = spool.folder(lesson)
        self.state: State = "idle"
        self.reason: Reason = ""
        self._spool = spool
        self._journal = Journal(self.folder.journal_path)
        self._on_state = on_state
        self._files: dict[str, SegmentFile] = {}

    def note(self, t: str, **fields: object) -> None:
        record: Record = {"t": t, **fields}
        self._journal.append(record)

    def flush(self) -> bool:
        """Whether every line is written down by now."""
        return self._journal.flush()

    def begin(self, rendition: str, segment: Segment) -> None:
        flags: dict[str, bool] = {}
        if segment.discontinuity:
            flags["d"] = True
        if segment.gap:
            flags["gap"] = True
        self.note("seg", r=rendition, n=segment.msn, us=segment.start_us, i=segment.init, **flags)
        if segment.gap:
            return
        try:
            if not self._spool.has_room():
                raise OSError(errno.ENOSPC, "less than the reserve is free")
            path = self.folder.segment_path(rendition, segment.msn)
            self._files[rendition] = SegmentFile(path)
        except OSError as error:
            self._lose(rendition, segment, error)

    def write(self, rendition: str, segment: Segment, part: Part, frames: int, data: bytes) -> None:
        file = self._files.get(rendition)
        if file is None:
            return
        try:
            file.append(data)
        except OSError as error:
            self._lose(rendition, segment, error)
            return
        self._become("ok", "")
        key = {"k": True} if part.independent else {}
        place = {"r": rendition, "n": segment.msn, "o": part.offset, "s": part.size}
        self.note("part", **place, d=part.duration_us, f=frames, **key)

    def close(self, rendition: str, segment: Segment) -> None:
        file = self._files.pop(rendition, None)
        if file is not None:
            file.close()
            segment.spooled = True
        place = {"r": rendition, "n": segment.msn}
        self.note("close", **place, s=segment.size, d=segment.duration_us)

    def end(self, us: int) -> None:
        self.note("end", us=us)
        self._become("idle", "")

    def stop(self) -> None:
        for file in self._files.values():
            file.close()
        self._files.clear()
        self._journal.close()

    def _lose(self, rendition: str, segment: Segment, error: OSError) -> None:
        segment.kept = False
        file = self._files.pop(rendition, None)
        if file is not None:
            file.discard()
        self.note("lost", r=rendition, n=segment.msn)
        full = error.errno in _FULL
        log.warning("lesson %s: recording stopped: %s", self.lesson, error.strerror)
        self._become("stopped", "disk_full" if full else "disk_error")

    def _become(self, state: State, reason: Reason) -> None:
        if (state, reason) == (self.state, self.reason):
            return
        self.state, self.reason = state, reason
        self.note("rec", state=state, reason=reason)
        self._on_state(state, reason)
