"""One layer of pictures: access units in, CMAF parts and segments out."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from tongke_streaming.hls.boxes import VIDEO_TIMESCALE, Sample, video_chunk, video_init
from tongke_streaming.hls.model import TARGET_DURATION_S
from tongke_streaming.hls.repeat import repeat_picture
from tongke_streaming.hls.segments import Cut, SegmentWriter

PART_TICKS = VIDEO_TIMESCALE // 2
PART_MIN_TICKS = PART_TICKS * 85 // 100
_LONGEST_SEGMENT = TARGET_DURATION_S * VIDEO_TIMESCALE
_EARLY_US = 100_000
_USUAL_DURATION = VIDEO_TIMESCALE // 25

ParameterSets = tuple[tuple[bytes, ...], tuple[bytes, ...]]


@dataclass(frozen=True, slots=True)
class Picture:
    """A whole picture in AVCC; ``start`` in ticks of 1/90000 s since the source's origin."""

    start: int
    data: bytes
    idr: bool
    parameters: ParameterSets


def _repeated(picture: Picture) -> Picture | None:
    sps, pps = picture.parameters
    data = repeat_picture(picture.data, sps, pps)
    return None if data is None else replace(picture, data=data, idr=False)


class VideoRendition:
    """Pictures of one layer in order of time.

    A picture lasts until the next one begins, so each waits for its successor. Parts are between
    85 and 100 % of the part target: where pictures lie further apart than that window (75 ms) the
    boundary between two is moved, by half the distance at most.
    """

    def __init__(
        self,
        writer: SegmentWriter,
        origin_us: int,
    ) -> None:
        self._writer = writer
        self._origin_us = origin_us
        self._flowing = False
        self._pending: Cut | None = None
        self._last: Picture | None = None
        self._part: list[Sample] = []
        self._part_start = 0
        self._part_ticks = 0
        self._segment_start = 0
        self._duration = _USUAL_DURATION
        self._parameters: ParameterSets | None = None

    def _us(self, ticks: int) -> int:
        return self._origin_us + ticks * 1_000_000 // VIDEO_TIMESCALE

    # Cuts

    def cut(self, cut: Cut) -> None:
        if cut.gap:
            self.stop()
            self._writer.gap(cut)
            return
        if self._pending is not None:
            self._overdue(self._pending)
        self._pending = cut
        self._adopt(cut)

    def stop(self) -> None:
        """No more pictures until the next cut; what was given is told."""
        if self._pending is not None:
            self._overdue(self._pending)
        self._pending = None
        self._drain()

    def _overdue(self, cut: Cut) -> None:
        """The next cut has come and this one had no keyframe: start at a picture, or be a gap."""
        if self._flowing and self._split(lambda start, _idr: self._us(start) >= cut.us, cut):
            return
        self._drain()
        self._writer.gap(cut)

    def _adopt(self, cut: Cut) -> None:
        """A keyframe just before the cut may be in hand already."""
        self._split(lambda start, idr: idr and self._us(start) >= cut.us - _EARLY_US, cut)

    def _split(self, wanted: Callable[[int, bool], bool], cut: Cut) -> bool:
        """Begin the segment at the first picture in hand that is wanted."""
        start = self._part_start
        for index, sample in enumerate(self._part):
            if wanted(start, sample.sync):
                rest, self._part = self._part[index:], self._part[:index]
                ticks = sum(sample.duration for sample in rest)
                self._part_ticks -= ticks
                self._begin(cut, start)
                self._part, self._part_start, self._part_ticks = rest, start, ticks
                return True
            start += sample.duration
        if self._last is not None and wanted(self._last.start, self._last.idr):
            self._begin(cut, self._last.start)
            return True
        return False

    # Pictures

    def picture(self, picture: Picture) -> None:
        last = self._last
        if picture.start < 0:
            return
        if last is None or not self._flowing:
            self._try_start(picture)
            return
        if picture.start <= last.start:
            return
        cut = self._cut_at(picture)
        start = self._lasts_until(last, picture.start)
        changed = picture.idr and picture.parameters != self._parameters
        if changed and (cut is None or not self._init(picture.parameters)):
            # Parameter sets live in the init segment, which only a segment can change.
            self._flush_part()
            self._flowing, self._last = False, None
            return
        if cut is not None:
            self._begin(cut, start)
        self._last = replace(picture, start=start) if start != picture.start else picture

    def _cut_at(self, picture: Picture) -> Cut | None:
        cut = self._pending
        if cut is None:
            return None
        us = self._us(picture.start)
        if picture.idr and us >= cut.us - _EARLY_US:
            return cut
        long = picture.start - self._segment_start >= _LONGEST_SEGMENT
        return cut if long and us >= cut.us else None

    def _try_start(self, picture: Picture) -> None:
        cut = self._pending
        if cut is None or not picture.idr or self._us(picture.start) < cut.us - _EARLY_US:
            return
        if picture.parameters != self._parameters and not self._init(picture.parameters):
            return
        self._begin(cut, picture.start)
        self._last, self._flowing = picture, True

    def _init(self, parameters: ParameterSets) -> bool:
        try:
            data, info = video_init(*parameters)
        except ValueError:
            return False
        self._flush_part()
        self._writer.init(data, info)
        self._parameters = parameters
        return True

    def _begin(self, cut: Cut, start: int) -> None:
        self._flush_part()
        self._writer.begin(cut, self._us(start))
        self._segment_start = start
        self._pending = None

    def _drain(self) -> None:
        """The last picture has no successor: it lasts as long as the one before it."""
        last, self._last = self._last, None
        if last is not None and self._flowing:
            self._lasts_until(last, last.start + min(self._duration, PART_TICKS))
        self._flush_part()
        self._flowing = False

    # Parts

    def _lasts_until(self, last: Picture, end: int) -> int:
        """Place a picture; returns where the next one begins, ``end`` or a little before."""
        duration = end - last.start
        if duration > PART_TICKS:
            return self._hold(last, end)
        self._duration = duration
        if self._part_ticks + duration > PART_TICKS and self._part_ticks >= PART_MIN_TICKS:
            self._flush_part()
        over = self._part_ticks + duration - PART_TICKS
        if over > 0:
            return self._retime(last, end, over)
        self._append(last, last.start, duration)
        if self._part_ticks >= PART_MIN_TICKS and self._part_ticks + duration > PART_TICKS:
            self._flush_part()
        return end

    def _retime(self, last: Picture, end: int, over: int) -> int:
        """With it the part is too long, without it too short: move the nearer boundary."""
        under = PART_MIN_TICKS - self._part_ticks
        if over <= under:
            self._append(last, last.start, PART_TICKS - self._part_ticks)
            self._flush_part()
            return end - over
        before = self._part[-1]
        self._part[-1] = replace(before, duration=before.duration + under)
        self._part_ticks += under
        self._flush_part()
        self._append(last, last.start + under, end - last.start - under)
        return end

    def _hold(self, last: Picture, end: int) -> int:
        """A picture that lasts longer than a part: it fills its part and is repeated after it."""
        if self._part_ticks >= PART_MIN_TICKS:
            self._flush_part()
        picture: Picture | None = last
        start = last.start
        while picture is not None and start < end:
            duration = min(PART_TICKS - self._part_ticks, end - start)
            self._append(picture, start, duration)
            start += duration
            if self._part_ticks >= PART_MIN_TICKS:
                self._flush_part()
            picture = _repeated(last) if start < end else None
        return end

    def _append(self, picture: Picture, start: int, duration: int) -> None:
        if not self._part:
            self._part_start = start
        self._part.append(Sample(picture.data, duration, picture.idr))
        self._part_ticks += duration

    def _flush_part(self) -> None:
        if not self._part:
            return
        self._writer.sequence += 1
        data = video_chunk(self._writer.sequence, self._part_start, self._part)
        duration = self._us(self._part_start + self._part_ticks) - self._us(self._part_start)
        self._writer.part(data, duration, independent=self._part[0].sync)
        self._part, self._part_ticks = [], 0
