"""Numbers of one rendition: which segment is open, which part comes next, which cuts are due."""

from dataclasses import dataclass

from tongke_streaming.hls.model import Held, InitInfo, RenditionSink

_SLIVER_US = 50_000


@dataclass(frozen=True)
class Cut:
    """Segment ``msn`` of every rendition of a source starts at ``us``."""

    msn: int
    us: int
    gap: bool
    discontinuity: bool


class SegmentWriter:
    """Tells a sink of segments and parts so that no number is left out or used twice.

    A segment is told of with its first part. A rendition that holds segments from before a
    restart goes on after them: numbers missed meanwhile become gap segments of equal length.
    """

    def __init__(self, sink: RenditionSink, held: Held | None = None) -> None:
        self._sink = sink
        self._next_msn = held.next_msn if held else None
        self._end_us = held.end_us if held else 0
        self._next_init = held.next_init if held else 0
        self._init: tuple[bytes, InitInfo] | None = None
        self._due: tuple[Cut, int] | None = None
        self._open: int | None = None
        self._gap = False
        self._parts = 0
        self._duration_us = 0
        self.sequence = 0

    @property
    def started(self) -> bool:
        """Whether the rendition has a segment at all."""
        return self._next_msn is not None

    def init(self, data: bytes, info: InitInfo) -> None:
        """Applies from the segment begun next."""
        self._init = (data, info)

    def begin(self, cut: Cut, start_us: int) -> None:
        """Media of segment ``cut.msn`` follows, from ``start_us``."""
        self.close(start_us)
        self._due = (cut, start_us)

    def part(self, data: bytes, duration_us: int, *, independent: bool) -> None:
        if self._due is not None:
            cut, start_us = self._due
            self._due = None
            self._tell(cut, start_us, gap=False)
        if self._open is None or self._gap:
            return
        self._sink.part(self._open, self._parts, data, duration_us, independent=independent)
        self._parts += 1
        self._duration_us += duration_us
        self._end_us += duration_us

    def gap(self, cut: Cut) -> None:
        """Segment ``cut.msn`` holds nothing; it lasts until ``close`` is told."""
        self.close(cut.us)
        if self.started:
            self._tell(cut, max(cut.us, self._end_us), gap=True)

    def close(self, until_us: int | None = None) -> None:
        """The open segment is complete; a gap segment lasts ``until_us``."""
        self._due = None
        if self._open is None:
            return
        if self._gap:
            self._duration_us = max(0, (until_us or self._end_us) - self._end_us)
            self._end_us += self._duration_us
        self._sink.close(self._open, self._duration_us)
        self._open = None

    def end(self, us: int, *, away: bool) -> None:
        """The lesson is over at ``us``.

        An open gap is left out, that is not closed, when the source was ``away``: no rendition has
        media after it; and when it would last no longer than a picture.
        """
        if self._gap and (away or us - self._end_us < _SLIVER_US):
            self._open = None
        self.close(us)

    def _tell(self, cut: Cut, start_us: int, *, gap: bool) -> None:
        if self._next_msn is not None:
            if cut.msn < self._next_msn:
                return
            self._fill(cut.msn, start_us)
        if self._init is not None and not gap:
            self._sink.init(self._next_init, *self._init)
            self._next_init += 1
            self._init = None
        self._open, self._gap, self._parts, self._duration_us = cut.msn, gap, 0, 0
        self._end_us = start_us
        self._next_msn = cut.msn + 1
        self._sink.segment(cut.msn, start_us, discontinuity=cut.discontinuity, gap=gap)

    def _fill(self, msn: int, until_us: int) -> None:
        first = self._next_msn or 0
        missing = msn - first
        if missing <= 0:
            return
        start, span = self._end_us, max(0, until_us - self._end_us)
        for index in range(missing):
            begins = start + span * index // missing
            ends = start + span * (index + 1) // missing
            self._sink.segment(first + index, begins, discontinuity=False, gap=True)
            self._sink.close(first + index, ends - begins)
