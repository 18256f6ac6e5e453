"""Bit and frame rates of a rendition as measured (RFC 8216bis 4.1, peak segment bit rate)."""

from collections import deque

from tongke_streaming.archive.segments import Segment
from tongke_streaming.hls.model import TARGET_DURATION_S

_SHORTEST_US = TARGET_DURATION_S * 500_000
_LONGEST_US = TARGET_DURATION_S * 1_500_000


class Rates:
    """Running figures over the closed segments that hold media."""

    def __init__(self) -> None:
        self.frame_rate = 0.0
        self.segments = 0
        self._peak = 0.0
        self._bits = 0
        self._us = 0
        self._recent: deque[tuple[int, int]] = deque(maxlen=64)

    def add(self, segment: Segment) -> None:
        if segment.gap or segment.duration_us <= 0 or segment.size <= 0:
            self._recent.clear()
            return
        self.segments += 1
        self._bits += segment.size * 8
        self._us += segment.duration_us
        self._recent.append((segment.size * 8, segment.duration_us))
        if segment.duration_us >= 1_000_000:
            self.frame_rate = max(self.frame_rate, segment.frames * 1e6 / segment.duration_us)
        self._take_peak()

    def _take_peak(self) -> None:
        bits = us = 0
        for segment_bits, segment_us in reversed(self._recent):
            bits += segment_bits
            us += segment_us
            if us > _LONGEST_US:
                return
            if us >= _SHORTEST_US:
                self._peak = max(self._peak, bits * 1e6 / us)

    @property
    def average_bps(self) -> int:
        return round(self._bits * 1e6 / self._us) if self._us else 0

    @property
    def peak_bps(self) -> int:
        return max(round(self._peak), self.average_bps)
