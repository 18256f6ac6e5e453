"""RTP timestamps of one track onto the media time of its source."""

from tongke_streaming.rtc.rtp import ts_delta

_TOLERANCE_US = 5_000  # two tracks half of it apart in both directions are still in time
_FARTHEST_US = 5_000_000
_SLEW = 100  # at most one part in a hundred of the time that passes


class TrackClock:
    """Media time in ticks of the track's own rate since ``origin_us``.

    The first map fixes the offset. A later one moves it only when it is more than 5 ms away, and
    then by 1 % of the time that passes. A timestamp more than 5 s from the packet's arrival is
    believed to be a new numbering and taken to be the arrival.
    """

    def __init__(self, rate: int, origin_us: int) -> None:
        self.rate = rate
        self._origin_us = origin_us
        self._last: int | None = None  # unwrapped
        self._offset: int | None = None
        self._due = 0

    @property
    def mapped(self) -> bool:
        return self._offset is not None

    def map(self, rtp: int, us: int) -> None:
        offset = (us - self._origin_us) * self.rate // 1_000_000 - self._unwrap(rtp)
        if self._offset is None:
            self._offset = offset
            return
        off = offset - self._offset
        self._due = off if abs(off) * 1_000_000 > _TOLERANCE_US * self.rate else 0

    def us(self, ticks: int) -> int:
        return self._origin_us + ticks * 1_000_000 // self.rate

    def ticks(self, rtp: int, arrival_us: int) -> int:
        """Media time of a timestamp; the track must be mapped."""
        before = self._last
        extended = self._last = self._unwrap(rtp)
        offset = self._offset or 0
        if self._due and before is not None and extended > before:
            most = (extended - before) // _SLEW
            step = max(-most, min(most, self._due))
            self._due -= step
            offset += step
        if abs(self.us(extended + offset) - arrival_us) > _FARTHEST_US:
            offset = (arrival_us - self._origin_us) * self.rate // 1_000_000 - extended
            self._due = 0
        self._offset = offset
        return extended + offset

    def _unwrap(self, rtp: int) -> int:
        if self._last is None:
            self._last = rtp
        return self._last + ts_delta(rtp, self._last & 0xFFFFFFFF)
