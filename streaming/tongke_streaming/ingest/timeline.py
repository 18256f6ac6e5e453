"""RTP timestamps of one publishing session onto the server's clock, and where segments are cut.

A publisher's sender reports only align its own tracks. How its clock relates to ours is the minimum
of arrival − sender time, the packet that was delayed least, and is slewed afterwards, never stepped.
"""

from dataclasses import dataclass

SETTLE_US = 1_000_000
_SLEW_EVERY_US = 10_000_000
_SLEW_STEP_US = 20_000
# Farther from its packets' arrival than this no report and no timestamp is believed.
_BELIEVED_US = 10_000_000
SEGMENT_US = 2_000_000
LONGEST_SEGMENT_US = 4_000_000
_SHORTEST_SEGMENT_US = 100_000
_SMALLEST_GAP_US = 500_000
# A restart after a night must not fill the playlist with a night of gaps.
_LONGEST_FILL_US = 6 * 3600 * 1_000_000


@dataclass(frozen=True)
class Map:
    """``rtp`` (u32) of a track is the instant ``us`` (UTC µs) of the timeline."""

    track: int
    rtp: int
    us: int


@dataclass(frozen=True)
class Cut:
    """Segment ``seg`` starts at ``us``; with ``gap`` it holds no media."""

    seg: int
    us: int
    gap: bool


@dataclass
class _Track:
    rate: int
    first_us: int
    anchor: int  # an RTP timestamp near the present, for unwrapping
    delay: int  # min over packets of arrival − RTP time, relative to ``origin``
    origin: int
    report: tuple[int, int] | None = None  # (NTP µs, RTP timestamp)
    mapped: Map | None = None
    by_report: bool = False


def _clip(step_us: int) -> int:
    return max(-_SLEW_STEP_US, min(_SLEW_STEP_US, step_us))


def _signed32(value: int) -> int:
    return ((value + 0x80000000) & 0xFFFFFFFF) - 0x80000000


class SessionTimeline:
    """The tracks of one publishing session. All times in µs."""

    def __init__(self) -> None:
        self._tracks: dict[int, _Track] = {}
        self._first_us: int | None = None
        self._offset: int | None = None  # server clock − publisher clock
        self._window_min: int | None = None
        self._window_end = 0
        self._jumped: dict[int, Map] = {}

    def packet(self, track: int, rate: int, rtp: int, arrival_us: int) -> None:
        """Tell of a packet; every packet of the session, in order of arrival."""
        state = self._tracks.get(track)
        if state is None:
            state = _Track(rate, arrival_us, rtp, arrival_us, rtp)
            self._tracks[track] = state
            if self._first_us is None:
                self._first_us = arrival_us
        if state.mapped is not None and self._jumps(track, state, rtp, arrival_us):
            return
        sent = _signed32(rtp - state.origin) * 1_000_000 // rate
        if abs(_signed32(rtp - state.origin)) > 1 << 30:
            # Far from the origin: carry it along before 32 bits wrap (13 hours at 90 kHz).
            state.delay += sent
            state.origin, sent = rtp, 0
        state.delay = min(state.delay, arrival_us - sent)
        if state.report is not None:
            self._note_delay(state, rtp, arrival_us)

    def _jumps(self, track: int, state: _Track, rtp: int, arrival_us: int) -> bool:
        """The publisher's timestamps began anew elsewhere: place the track by this arrival."""
        instant = self.us(track, rtp)
        if instant is None or abs(instant - arrival_us) <= _BELIEVED_US:
            return False
        state.origin, state.delay, state.report, state.by_report = rtp, arrival_us, None, False
        state.mapped = self._jumped[track] = Map(track, rtp, arrival_us)
        return True

    def _note_delay(self, state: _Track, rtp: int, arrival_us: int) -> None:
        assert state.report is not None
        ntp_us, at = state.report
        delay = arrival_us - ntp_us - _signed32(rtp - at) * 1_000_000 // state.rate
        if self._window_min is None or delay < self._window_min:
            self._window_min = delay

    def report(self, track: int, ntp_us: int, rtp: int) -> None:
        """Tell of a sender report of a track that has sent packets."""
        state = self._tracks.get(track)
        if state is None:
            return
        # The least delayed packet so far stands for the session's offset.
        delay = self._by_arrival(state, rtp) - ntp_us
        if self._offset is not None and abs(delay - self._offset) > _BELIEVED_US:
            return
        state.report = (ntp_us, rtp)
        if self._offset is None and (self._window_min is None or delay < self._window_min):
            self._window_min = delay

    @staticmethod
    def _by_arrival(state: _Track, rtp: int) -> int:
        return state.delay + _signed32(rtp - state.origin) * 1_000_000 // state.rate

    def settle(self, now_us: int) -> list[Map]:
        """Maps that are new or corrected. Call often; nearly always empty."""
        if self._first_us is None:
            return []
        late = now_us - self._first_us >= SETTLE_US
        if self._offset is None:
            if not late and not all(t.report for t in self._tracks.values()):
                return []
            if self._window_min is not None:
                self._offset = self._window_min
                self._window_end = now_us + _SLEW_EVERY_US
        maps = [
            found
            for number, state in self._tracks.items()
            if (found := self._place(number, state, now_us)) is not None
        ]
        jumped, self._jumped = [*self._jumped.values()], {}
        return jumped + maps + self._slew(now_us)

    def _place(self, number: int, state: _Track, now_us: int) -> Map | None:
        if state.by_report:
            return None
        if state.report is not None and self._offset is not None:
            ntp_us, rtp = state.report
            instant = ntp_us + self._offset
            if abs(instant - self._by_arrival(state, rtp)) <= _BELIEVED_US:
                state.by_report = True
                state.mapped = Map(number, rtp, instant)
                return state.mapped
            state.report = None
        if state.mapped is None and now_us - state.first_us >= SETTLE_US:
            state.mapped = Map(number, state.origin, state.delay)
            return state.mapped
        return None

    def _slew(self, now_us: int) -> list[Map]:
        """Follows the offset, and each track's own clock: a sound card's runs off its PC's."""
        if self._offset is None or now_us < self._window_end:
            return []
        if self._window_min is not None:
            step = _clip(self._window_min - self._offset)
            self._offset += step if abs(step) == _SLEW_STEP_US else 0
        self._window_min, self._window_end = None, now_us + _SLEW_EVERY_US
        moved = []
        for number, state in self._tracks.items():
            if state.by_report and state.report is not None:
                ntp_us, rtp = state.report
                present = self.us(number, rtp)
                assert present is not None
                step = _clip(ntp_us + self._offset - present)
                if abs(step) == _SLEW_STEP_US:
                    state.mapped = Map(number, rtp, present + step)
                    moved.append(state.mapped)
        return moved

    def us(self, track: int, rtp: int) -> int | None:
        """The instant of an RTP timestamp, None before the track is mapped."""
        state = self._tracks.get(track)
        if state is None or state.mapped is None:
            return None
        distance = _signed32(rtp - state.mapped.rtp)
        instant = state.mapped.us + distance * 1_000_000 // state.rate
        if abs(distance) > 1 << 30:
            state.mapped = Map(track, rtp, instant)
        return instant


class Cutter:
    """Numbers the segments of one source, across all its publishing sessions."""

    def __init__(self, last: Cut | None = None) -> None:
        """``last`` is the last cut a former process made of this source."""
        self.last = last
        self._restart = True
        # Of the former process's last segment only the start is known: take it for a usual one.
        self._media_us = last.us + SEGMENT_US if last is not None else 0

    @property
    def started(self) -> bool:
        """Whether this session has been given its first segment."""
        return not self._restart

    def _cut(self, us: int, gap: bool) -> Cut:
        seg = 0 if self.last is None else self.last.seg + 1
        self.last = Cut(seg, us, gap)
        return self.last

    def _fill(self, until_us: int) -> list[Cut]:
        """Gap segments up to ``until_us``.

        As they come, as long as segments of media: hls.js gives up a held playlist after 0.8 of the
        target duration, and one that missed a gap segment never plays past it. Afterwards, at most
        the target duration.
        """
        if self.last is None:
            return []
        cuts = []
        start = self.last.us if self.last.gap else self._media_us
        if until_us - start > _LONGEST_FILL_US:
            start = until_us - _LONGEST_FILL_US
            if self.last.gap:
                cuts.append(self._cut(start, True))
        if not self.last.gap and until_us - start > _SMALLEST_GAP_US:
            cuts.append(self._cut(max(start, self.last.us + 1000), True))
        coming = until_us - self.last.us <= LONGEST_SEGMENT_US
        each = SEGMENT_US if coming else LONGEST_SEGMENT_US
        while self.last.gap and until_us - self.last.us > each:
            cuts.append(self._cut(self.last.us + each, True))
        return cuts

    def picture(self, us: int, keyframe: bool, *, anew: bool = False) -> list[Cut]:
        """A picture of any layer at ``us``; the cuts that come before it.

        ``anew``: a keyframe of another size, which no segment that has begun can hold.
        """
        if self._restart:
            return self._begin(us) if keyframe else []
        self._media_us = max(self._media_us, us)
        assert self.last is not None
        age = us - self.last.us
        due = SEGMENT_US - 50_000 if not anew else _SHORTEST_SEGMENT_US
        if (keyframe and age >= due) or age >= LONGEST_SEGMENT_US - 100_000:
            return [self._cut(us, False)]
        return []

    def sound(self, us: int, *, alone: bool) -> list[Cut]:
        """A sound packet at ``us``; it cuts only for a source without pictures."""
        if self._restart:
            return self._begin(us) if alone else []
        self._media_us = max(self._media_us, us)
        assert self.last is not None
        longest = SEGMENT_US if alone else LONGEST_SEGMENT_US - 50_000
        return [self._cut(us, False)] if us - self.last.us >= longest else []

    def _begin(self, us: int) -> list[Cut]:
        if self.last is not None:
            us = max(us, self.last.us + 1000)
        cuts = self._fill(us)
        self._restart = False
        self._media_us = us
        return [*cuts, self._cut(us, False)]

    def away(self) -> list[Cut]:
        """The source is gone; the gap begins where its media ended."""
        if self._restart or self.last is None:
            return []
        self._restart = True
        return [self._cut(max(self._media_us, self.last.us + 1000), True)]

    def tick(self, now_us: int) -> list[Cut]:
        """While the source is away, gap segments as time goes by."""
        if not self._restart or self.last is None or not self.last.gap:
            return []
        return self._fill(now_us)
