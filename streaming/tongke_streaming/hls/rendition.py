"""One rendition of a lesson: takes parts from the packager, keeps them, serves playlists."""

from collections.abc import Callable, Sequence

from tongke_streaming.archive.history import Init, RenditionHistory, init_record
from tongke_streaming.archive.names import source_of
from tongke_streaming.archive.recorder import Recorder
from tongke_streaming.archive.segments import Segment, sample_count
from tongke_streaming.hls import playlist
from tongke_streaming.hls.model import PART_TARGET_US, Held, InitInfo
from tongke_streaming.hls.playlist import PartView, Report, SegmentView, Variant
from tongke_streaming.hls.rates import Rates
from tongke_streaming.hls.rendering import PlaylistBytes
from tongke_streaming.hls.waiting import Pulse

_LONGEST_GAP_US = playlist.TARGET_US + 499_999  # EXTINF rounds to the target duration at most
_SHORTEST_GAP_US = 1_000
_ADVANCE_PARTS = 3_000_000 // PART_TARGET_US

Reports = Callable[["Rendition"], tuple[Report, ...]]
Earlier = Callable[["Rendition", int], Sequence[Segment]]
FirstDiscontinuity = Callable[["Rendition"], int]
OnClosed = Callable[["Rendition", Segment], None]


class Rendition:
    """The RenditionSink of a rendition and what is listed of it. Lives on one event loop.

    Segment numbers are contiguous from the source's first on: ones never told of become gaps, so
    that every rendition of a source covers the same time. ``reports`` gives the state of the
    source's other renditions, ``earlier`` their segments before a number, ``first_discontinuity``
    how many discontinuities they had before their first, ``on_closed`` hears of each closed segment.
    """

    def __init__(
        self,
        name: str,
        recorder: Recorder,
        *,
        reports: Reports,
        earlier: Earlier,
        first_discontinuity: FirstDiscontinuity,
        on_closed: OnClosed,
        on_init: Callable[["Rendition", int, bytes], None],
    ) -> None:
        self.name = name
        self.source = source_of(name)
        self.inits: dict[int, Init] = {}
        self.segments: list[Segment] = []
        self.first_discontinuity = 0
        self.rates = Rates()
        self.pulse = Pulse()
        self.ended = False
        self._recorder = recorder
        self._reports = reports
        self._earlier = earlier
        self._first_discontinuity = first_discontinuity
        self._on_closed = on_closed
        self._on_init = on_init
        self._init: int | None = None
        self._open: Segment | None = None
        self._owed_discontinuity = False
        self._bytes: PlaylistBytes | None = None
        self._retired = 0
        self._stale = True

    # What the packager calls.

    def init(self, number: int, data: bytes, info: InitInfo) -> None:
        init = self.inits[number] = Init(data, info)
        self._init = number
        self._recorder.note(**init_record(self.name, number, init))
        self._on_init(self, number, data)

    def segment(self, msn: int, start_us: int, *, discontinuity: bool, gap: bool) -> None:
        if self._open is not None:
            self.close(self._open.msn, self._open.duration_us)
        self._owed_discontinuity |= discontinuity
        if self.ended or msn < self.next_msn:
            return
        self._fill(msn, start_us)
        self._begin(msn, start_us, gap=gap)
        self._changed()
        if gap:
            self.pulse.beat()  # whoever waits for its first part waits in vain

    def part(
        self, msn: int, index: int, data: bytes, duration_us: int, *, independent: bool
    ) -> None:
        segment = self._open
        if segment is None or segment.msn != msn or index != len(segment.parts):
            return
        part = segment.add(data, duration_us, independent=independent)
        self._recorder.write(self.name, segment, part, sample_count(data), data)
        self._changed()
        self.pulse.beat()

    def close(self, msn: int, duration_us: int) -> None:
        segment = self._open
        if segment is None or segment.msn != msn:
            return
        self._open = None
        segment.gap = segment.gap or not segment.parts
        if segment.gap:
            duration_us = min(max(duration_us, _SHORTEST_GAP_US), _LONGEST_GAP_US)
        segment.seal(duration_us)
        self._recorder.close(self.name, segment)
        self.rates.add(segment)
        self._retire()
        self._changed()
        self._on_closed(self, segment)
        self.pulse.beat()

    def end(self) -> None:
        """Nothing more comes: EXT-X-ENDLIST."""
        if self._open is not None and not self._open.parts:
            # Begun as the source left for good: a gap before nothing, and of no length.
            self.segments.pop()
            self._open = None
        elif self._open is not None:
            self.close(self._open.msn, self._open.duration_us)
        for segment in self.segments[self._retired :]:
            # A replay is read once: what only memory holds would be listed and soon not there.
            if not segment.kept:
                segment.forget()
        self.ended = True
        self._changed()
        self.pulse.beat()

    @property
    def next_msn(self) -> int:
        return self.segments[-1].msn + 1 if self.segments else 0

    def _fill(self, msn: int, start_us: int) -> None:
        """Numbers missing between what is there and ``msn`` become gaps of equal length."""
        if not self.segments:
            self._begin_late(msn)
        if not self.segments:
            return
        first, begins = self.next_msn, self.segments[-1].end_us
        each = max(start_us - begins, 0) // max(msn - first, 1)
        for missing in range(first, msn):
            self._begin(missing, begins + (missing - first) * each, gap=True)
            self.close(missing, each)

    def _begin_late(self, msn: int) -> None:
        """Gaps where the source's other renditions have segments before ``msn``.

        A player takes the length of a replay from whichever rendition it loads first.
        """
        self.first_discontinuity = self._first_discontinuity(self)
        self._recorder.note("rendition", r=self.name, dseq=self.first_discontinuity)
        owed, self._owed_discontinuity = self._owed_discontinuity, False
        for other in self._earlier(self, msn):
            self._owed_discontinuity = other.discontinuity
            self._begin(other.msn, other.start_us, gap=True)
            self.close(other.msn, other.duration_us)
        self._owed_discontinuity = owed

    def _begin(self, msn: int, start_us: int, *, gap: bool) -> None:
        discontinuity, self._owed_discontinuity = self._owed_discontinuity, False
        self._open = Segment(msn, start_us, self._init, discontinuity=discontinuity, gap=gap)
        self.segments.append(self._open)
        self._recorder.begin(self.name, self._open)

    # What was there before a restart.

    def restore(self, history: RenditionHistory, segments: Sequence[Segment]) -> None:
        """Take over what the journal says; ``segments`` are settled, in order."""
        self.inits = history.inits
        self._init = max(history.inits, default=None)
        self.first_discontinuity = history.first_discontinuity
        for segment in segments:
            self._fill_restored(segment)
            if not segment.closed:
                segment.closed = True
                self._recorder.close(self.name, segment)
            self.segments.append(segment)
            self.rates.add(segment)
        self._retire()

    def _fill_restored(self, segment: Segment) -> None:
        """Numbers whose lines were never written, because the disk was full."""
        first = self.next_msn
        missing = segment.msn - first
        if not self.segments or missing <= 0:
            return
        begins = self.segments[-1].end_us
        each = max(segment.start_us - begins, 0) // missing
        each = min(max(each, _SHORTEST_GAP_US), _LONGEST_GAP_US)
        for index in range(missing):
            gap = Segment(first + index, begins + index * each, segment.init, gap=True)
            gap.seal(each)
            self.segments.append(gap)

    def held(self) -> Held:
        """For a packager that goes on here; trailing gaps count as held."""
        last = self.segments[-1] if self.segments else None
        return Held(self.next_msn, last.end_us if last else 0, max(self.inits, default=-1) + 1)

    # What is served.

    def find(self, msn: int) -> Segment | None:
        index = msn - self.segments[0].msn if self.segments else -1
        return self.segments[index] if 0 <= index < len(self.segments) else None

    @property
    def playable(self) -> bool:
        """Has a playlist: some media, or a gap that is over."""
        first = self.segments[0] if self.segments else None
        return first is not None and (first.closed or bool(first.parts))

    @property
    def hint(self) -> tuple[int, int] | None:
        if self.ended or not self.segments:
            return None
        return playlist.hinted(_view(self.segments[-1]))

    @property
    def report(self) -> Report | None:
        """How far this rendition has come, as others' playlists tell it."""
        segments = self.segments[-2:]
        while segments and not (segments[-1].closed or segments[-1].parts):
            segments.pop()
        if not segments:
            return None
        last = segments[-1]
        return Report(self.name, last.msn, len(last.parts) - 1 if last.parts else None)

    def has(self, msn: int, part: int | None) -> bool:
        """Whether the playlist holds this segment, or this part (RFC 8216bis 6.2.5.2)."""
        if self.ended or msn < self.next_msn - 2:
            return True
        segment = self.find(msn)
        if segment is None or part is None:
            return segment is not None and segment.closed
        if part < len(segment.parts):
            return True
        if not segment.closed:
            return False
        return segment.gap or self.has(msn + 1, 0)

    def too_far(self, msn: int, part: int | None) -> bool:
        """More than two segments ahead, or past the advance part limit: 3 s of parts."""
        report = self.report
        last = report.last_msn if report is not None else self.next_msn
        if msn > last + 2:
            return True
        segment = self.find(msn)
        if part is None or (segment is not None and segment.closed):
            return False
        return part >= (len(segment.parts) if segment else 0) + _ADVANCE_PARTS

    def playlist(self, *, delta: bool, gzip: bool) -> bytes:
        """The media playlist; the same bytes until something changes."""
        made = self._bytes or self._make_bytes()
        if self._stale:
            recent = [_view(segment) for segment in self.segments[self._retired :]]
            reports = () if self.ended else self._reports(self)
            made.renew(recent, reports, ended=self.ended)
            self._stale = False
        return made.get(delta=delta, gzip=gzip)

    def _make_bytes(self) -> PlaylistBytes:
        made = self._bytes = PlaylistBytes(self.segments[0].msn, self.first_discontinuity)
        for segment in self.segments[: self._retired]:
            made.retire(_view(segment))
        return made

    def _changed(self) -> None:
        self._stale = True

    def _retire(self) -> None:
        """Segments that fall behind the skip boundary leave memory and never change again."""
        first = self._retired
        recent = [_view(segment) for segment in self.segments[first:]]
        for segment in self.segments[first : first + playlist.skippable(recent)]:
            segment.forget()
            if segment.stored:
                self._recorder.folder.drop(self.name, segment.msn)
            self._retired += 1
            if self._bytes is not None:
                self._bytes.retire(_view(segment))

    def drop_from_spool(self, segment: Segment) -> None:
        """Once stored, and its parts can no longer be fetched."""
        if segment.stored and not segment.resident:
            self._recorder.folder.drop(self.name, segment.msn)

    def variant(self) -> Variant | None:
        """As a multivariant playlist names it; None while it has had no media."""
        rates, last = self.rates, self.segments[-1] if self.segments else None
        if last is not None and not rates.segments:
            rates = Rates()
            rates.add(last)
        if not rates.segments or not self.inits:
            return None
        infos = [init.info for init in self.inits.values()]
        return Variant(
            self.name,
            infos[-1].kind,
            max(info.codecs for info in infos),
            rates.peak_bps,
            rates.average_bps,
            *max((info.width, info.height) for info in infos),
            max(info.channels for info in infos),
            rates.frame_rate if infos[-1].kind == "video" else 0.0,
        )


def _view(segment: Segment) -> SegmentView:
    parts = tuple(PartView(part.duration_us, part.independent) for part in segment.parts)
    return SegmentView(
        segment.msn,
        segment.start_us,
        segment.duration_us,
        segment.init,
        segment.discontinuity,
        segment.absent,
        segment.closed,
        parts,
    )
