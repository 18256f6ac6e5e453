"""The sound of one source: a rendition that never stops while the source is live."""

import array
from collections import deque

from tongke_streaming.hls.aac import BIT_RATE, FRAME, RATE, SAMPLE_BYTES, AacEncoder
from tongke_streaming.hls.boxes import Sample, audio_chunk, audio_init
from tongke_streaming.hls.segments import Cut, SegmentWriter

PART_FRAMES = 23  # 490.7 ms: the most that fit into a part target of 0.5 s
_CORRECTION = 96  # samples; a step this small is the clock being slewed, not a hole


def stretch(pcm: bytes, count: int) -> bytes:
    """The same sound in ``count`` samples, by linear interpolation."""
    source = array.array("f", pcm)
    last = len(source) - 1
    if count < 2 or last < 1:
        return pcm[: max(count, 0) * SAMPLE_BYTES]
    source.append(source[last])
    ratio = last / (count - 1)
    out = array.array("f")
    for index in range(count):
        whole = int(at := index * ratio)
        value = source[whole]
        out.append(value + (source[whole + 1] - value) * (at - whole))
    return out.tobytes()


class SoundRendition:
    """Float samples at their places on the timeline, in; AAC parts on a grid of 1024, out.

    Frame ``n`` begins 1024·n samples after the source's origin, so every packager of a lesson has
    the same frames. What is missing becomes silence, what overlaps is left out.
    """

    def __init__(self, writer: SegmentWriter, origin_us: int) -> None:
        self._writer = writer
        self._origin_us = origin_us
        self._encoder: AacEncoder | None = None
        self._cursor = 0  # samples since the origin: where the next ones go
        self._next_frame = 0
        self._cuts: deque[Cut] = deque()
        self._part: list[Sample] = []
        self._part_frame = 0
        self._inited = False

    @property
    def live(self) -> bool:
        return self._encoder is not None

    @property
    def end_us(self) -> int:
        """Up to where there is sound."""
        return self._us(self._cursor)

    def _us(self, samples: int) -> int:
        return self._origin_us + samples * 1_000_000 // RATE

    def _samples(self, us: int) -> int:
        return (us - self._origin_us) * RATE // 1_000_000

    def cut(self, cut: Cut) -> None:
        if cut.gap:
            self.silence_until(cut.us)
            self.stop()
            self._writer.gap(cut)
            return
        self._cuts.append(cut)
        if self._encoder is None:
            self._start(cut.us)

    def _start(self, us: int) -> None:
        self._encoder = AacEncoder()
        self._next_frame = max(-(-self._samples(us) // FRAME), self._next_frame, 0)
        self._cursor = self._next_frame * FRAME

    def pcm(self, position: int, pcm: bytes) -> None:
        """Samples that begin ``position`` samples after the origin."""
        if self._encoder is None or not pcm:
            return
        step = position - self._cursor
        if 0 < abs(step) <= _CORRECTION:
            pcm = stretch(pcm, len(pcm) // SAMPLE_BYTES + step)
        elif step < 0:
            pcm = pcm[-step * SAMPLE_BYTES :]
        else:
            self._encode(bytes(step * SAMPLE_BYTES))
        self._encode(pcm)

    def silence_until(self, us: int) -> None:
        until = self._samples(us)
        while self._encoder is not None and until > self._cursor:
            self._encode(bytes(min(until - self._cursor, RATE) * SAMPLE_BYTES))

    def stop(self) -> None:
        """No more sound until the next cut; what was given is told."""
        if self._encoder is not None:
            self._emit(self._encoder.flush())
        self._encoder = None
        self._take_part_along()
        self._flush_part()
        for cut in self._cuts:
            self._writer.gap(cut)
        self._cuts.clear()

    def _take_part_along(self) -> None:
        """A part that runs over a cut and is the last one belongs after it.

        Otherwise the segment begun there had no sound and would be told of as a gap, of no length.
        """
        if not self._cuts or self._us(self._next_frame * FRAME) <= self._cuts[0].us:
            return
        if self._part:
            part, self._part = self._part, []
            self._begin(self._cuts.popleft(), self._us(self._part_frame * FRAME))
            self._part = part

    def _encode(self, pcm: bytes) -> None:
        assert self._encoder is not None
        self._cursor += len(pcm) // SAMPLE_BYTES
        self._emit(self._encoder.encode(pcm))

    def _emit(self, frames: list[bytes]) -> None:
        for data in frames:
            begins = self._us(self._next_frame * FRAME)
            # Only between whole parts: hls.js stops loading sound at a last part of 20-40 ms.
            while self._cuts and not self._part and begins >= self._cuts[0].us:
                self._begin(self._cuts.popleft(), begins)
            if not self._part:
                self._part_frame = self._next_frame
            self._part.append(Sample(data, FRAME))
            self._next_frame += 1
            if len(self._part) == PART_FRAMES:
                self._flush_part()

    def _begin(self, cut: Cut, start_us: int) -> None:
        self._flush_part()
        if not self._inited:
            self._writer.init(*audio_init(RATE, 1, BIT_RATE))
            self._inited = True
        self._writer.begin(cut, start_us)

    def _flush_part(self) -> None:
        if not self._part:
            return
        start = self._part_frame * FRAME
        self._writer.sequence += 1
        data = audio_chunk(self._writer.sequence, start, self._part)
        ends = self._us(start + len(self._part) * FRAME)
        self._writer.part(data, ends - self._us(start), independent=True)
        self._part = []
