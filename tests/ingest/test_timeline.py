"""Publishers' clocks of every kind on the server's timeline, and the segments cut on it."""

import random
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongke_streaming.ingest.timeline import LONGEST_SEGMENT_US, Cut, Cutter, Map, SessionTimeline

START = 1_800_000_000_000_000
SECOND = 1_000_000
HOUR = 3600 * SECOND
JITTER_US = 15_000


@dataclass
class Sender:
    """One track: its own RTP clock, jitter on the way, reports if ``reports``."""

    track: int
    rate: int
    first: int = 0  # RTP timestamp at the session's start
    begins_us: int = 0
    clock_ahead_us: int = 0
    ppm: float = 0.0  # how fast the RTP clock runs against the sender's own NTP clock
    clock_ppm: float = 0.0  # how fast both run against the server's
    reports: bool = True
    delay_us: int = 20_000
    jitter: random.Random = field(default_factory=lambda: random.Random(7))

    def rtp(self, us: int) -> int:
        fast = (1 + self.ppm / 1e6) * (1 + self.clock_ppm / 1e6)
        return (self.first + round(us * fast * self.rate / SECOND)) & 0xFFFFFFFF

    def ntp(self, us: int) -> int:
        return START + self.clock_ahead_us + round(us * (1 + self.clock_ppm / 1e6))


def play(timeline: SessionTimeline, senders: list[Sender], seconds: float) -> list[Map]:
    """Packets each 20 ms, reports each second; the maps that settled, in order."""
    maps = []
    for us in range(0, int(seconds * SECOND), 20_000):
        for sender in senders:
            if us < sender.begins_us:
                continue
            arrival = START + us + sender.delay_us + sender.jitter.choice([0, 0, 3000, JITTER_US])
            timeline.packet(sender.track, sender.rate, sender.rtp(us), arrival)
            if sender.reports and us % SECOND == 0:
                timeline.report(sender.track, sender.ntp(us), sender.rtp(us))
        maps += timeline.settle(START + us + 40_000)
    return maps


def error(timeline: SessionTimeline, sender: Sender, us: int) -> int:
    """How far the timeline's instant is from when it happened plus the least delay."""
    found = timeline.us(sender.track, sender.rtp(us))
    assert found is not None
    return found - (START + us + 20_000)


@pytest.mark.parametrize("ahead", [0, 5 * HOUR, -3 * HOUR, -START])
def test_publishers_clock_hours_off_does_not_show(ahead: int) -> None:
    timeline = SessionTimeline()
    video = Sender(1, 90000, 4_000_000_000, clock_ahead_us=ahead)
    audio = Sender(2, 48000, 77, clock_ahead_us=ahead, delay_us=60_000)
    play(timeline, [video, audio], 3)
    assert abs(error(timeline, video, 3 * SECOND)) <= JITTER_US
    # Aligned by reports, not by its delay.
    assert abs(error(timeline, audio, 3 * SECOND) - error(timeline, video, 3 * SECOND)) < 1000


def test_nothing_is_placed_before_it_is_mapped() -> None:
    timeline = SessionTimeline()
    assert timeline.settle(START) == []
    assert timeline.us(1, 0) is None
    timeline.packet(1, 90000, 0, START)
    assert timeline.settle(START + 500_000) == []
    assert timeline.us(1, 0) is None


def test_without_reports_tracks_are_placed_by_their_quickest_packet() -> None:
    timeline = SessionTimeline()
    video = Sender(1, 90000, 0xFFFFFF00, reports=False)
    maps = play(timeline, [video], 1.5)
    assert len(maps) == 1
    assert abs(error(timeline, video, SECOND)) < 1000
    assert error(timeline, video, SECOND) == pytest.approx(error(timeline, video, 0), abs=50)


def test_reports_let_a_session_settle_at_once() -> None:
    timeline = SessionTimeline()
    timeline.packet(1, 90000, 500, START)
    timeline.report(1, START, 500)
    assert timeline.settle(START + 1000) == [Map(1, 500, START)]


def test_track_that_begins_late_is_placed_too() -> None:
    timeline = SessionTimeline()
    video = Sender(1, 90000)
    audio = Sender(2, 48000, begins_us=5 * SECOND, delay_us=200_000)
    maps = play(timeline, [video, audio], 7)
    assert [m.track for m in maps if m.us - START < 6 * SECOND] == [1, 2]
    assert abs(error(timeline, audio, 6 * SECOND)) <= JITTER_US


def test_track_without_reports_beside_one_with() -> None:
    timeline = SessionTimeline()
    video = Sender(1, 90000)
    audio = Sender(2, 48000, reports=False)
    play(timeline, [video, audio], 3)
    assert abs(error(timeline, audio, 2 * SECOND)) < 1000


def test_timestamps_wrap() -> None:
    timeline = SessionTimeline()
    video = Sender(1, 90000, 0xFFFFFFFF - 90000)
    play(timeline, [video], 4)
    assert abs(error(timeline, video, 4 * SECOND)) <= JITTER_US


def test_a_day_of_timestamps_stays_in_place() -> None:
    timeline = SessionTimeline()
    timeline.packet(1, 90000, 0, START)
    timeline.settle(START + 2 * SECOND)
    for minute in range(24 * 60):
        us = minute * 60 * SECOND
        rtp = us * 90000 // SECOND & 0xFFFFFFFF
        timeline.packet(1, 90000, rtp, START + us)
        assert timeline.us(1, rtp) == pytest.approx(START + us, abs=100)


def test_publishers_clock_that_runs_fast_is_slewed_not_stepped() -> None:
    timeline = SessionTimeline()
    video = Sender(1, 90000, clock_ppm=300)
    maps = play(timeline, [video], 400)
    steps = [m.us - before for m, before in _with_places(maps, video)]
    assert all(abs(step) <= 20_001 for step in steps)
    assert steps
    assert abs(error(timeline, video, 400 * SECOND)) < 50_000  # 120 ms off without slewing


def _with_places(maps: list[Map], sender: Sender) -> list[tuple[Map, int]]:
    """Each map but the first with where the former one put its timestamp."""
    out = []
    for former, later in pairwise(maps):
        ticks = (later.rtp - former.rtp) & 0xFFFFFFFF
        out.append((later, former.us + ticks * SECOND // sender.rate))
    return out


def test_sound_card_that_runs_off_its_pc_keeps_lips_in_step() -> None:
    timeline = SessionTimeline()
    video, audio = Sender(1, 90000), Sender(2, 48000, ppm=200)
    play(timeline, [video, audio], 600)
    drift = error(timeline, audio, 600 * SECOND) - error(timeline, video, 600 * SECOND)
    assert abs(drift) < 45_000  # 120 ms without


def test_report_of_another_world_is_not_believed() -> None:
    timeline = SessionTimeline()
    video = Sender(1, 90000)
    play(timeline, [video], 2)
    timeline.report(1, START + 9 * HOUR, video.rtp(2 * SECOND))
    timeline.report(1, -START, 12345)
    play(timeline, [video], 30)
    assert abs(error(timeline, video, 29 * SECOND)) < 25_000


def test_one_tracks_absurd_report_leaves_both_near_their_arrival() -> None:
    timeline = SessionTimeline()
    video, audio = Sender(1, 90000), Sender(2, 48000, clock_ahead_us=HOUR)
    play(timeline, [video, audio], 3)
    assert abs(error(timeline, video, 2 * SECOND)) < 25_000
    assert abs(error(timeline, audio, 2 * SECOND)) < 25_000


def test_timestamps_that_begin_anew_are_placed_by_arrival() -> None:
    timeline = SessionTimeline()
    video = Sender(1, 90000, reports=False)
    play(timeline, [video], 2)
    timeline.packet(1, 90000, 3_000_000_000, START + 5 * SECOND)
    assert timeline.us(1, 3_000_000_000) == START + 5 * SECOND
    assert timeline.settle(START + 5 * SECOND) == [Map(1, 3_000_000_000, START + 5 * SECOND)]


ntps = st.integers(-(1 << 63), 1 << 63)


@given(st.lists(st.tuples(
    st.integers(0, 0xFFFFFFFF), st.integers(0, 500_000), st.none() | st.tuples(ntps, st.integers(0, 0xFFFFFFFF))
), min_size=1, max_size=80))  # fmt: skip
def test_hostile_timestamps_and_reports_never_leave_the_present(
    packets: list[tuple[int, int, tuple[int, int] | None]],
) -> None:
    timeline, now = SessionTimeline(), START
    for rtp, step, report in packets:
        now += step
        timeline.packet(1, 90000, rtp, now)
        if report is not None:
            timeline.report(1, *report)
        timeline.settle(now)
        timeline.packet(1, 90000, rtp, now)
        found = timeline.us(1, rtp)
        assert found is None or abs(found - now) <= 10_100_000


# Segments.


def check(cuts: list[Cut], *, longest: int = LONGEST_SEGMENT_US) -> None:
    for before, after in pairwise(cuts):
        assert after.seg == before.seg + 1
        assert 0 < after.us - before.us <= longest


def pictures(
    cutter: Cutter, start: int, seconds: float, *, every: float = 2.0, fps: int = 25
) -> list[Cut]:
    cuts = []
    interval = round(every * fps)
    for number in range(round(seconds * fps)):
        us = start + number * SECOND // fps
        cuts += cutter.picture(us, number % interval == 0)
    return cuts


def test_keyframes_every_two_seconds_cut_every_two_seconds() -> None:
    cuts = pictures(Cutter(), START, 20)
    assert [c.us - START for c in cuts] == [n * 2 * SECOND for n in range(10)]
    assert not any(c.gap for c in cuts)
    check(cuts)


@pytest.mark.parametrize(("every", "length"), [(0.4, 2.0), (1.0, 2.0), (1.44, 2.88), (3.0, 3.0)])
def test_other_intervals_cut_at_the_first_keyframe_after_two_seconds(
    every: float, length: float
) -> None:
    cuts = pictures(Cutter(), START, 20, every=every)
    assert {round((b.us - a.us) / SECOND, 2) for a, b in pairwise(cuts)} == {length}


def test_without_keyframes_segments_are_forced_before_four_seconds() -> None:
    cuts = pictures(Cutter(), START, 60, every=1000)
    check(cuts)
    assert len(cuts) >= 15


def test_waits_for_the_first_keyframe() -> None:
    cutter = Cutter()
    assert cutter.picture(START, False) == []
    assert not cutter.started
    assert cutter.picture(START + 40_000, True) == [Cut(0, START + 40_000, False)]
    assert cutter.started


def test_sound_cuts_when_pictures_stop_or_are_none() -> None:
    cutter = Cutter()
    cuts = pictures(cutter, START, 2)
    for number in range(500):
        cuts += cutter.sound(START + 2 * SECOND + number * 20_000, alone=False)
    check(cuts)
    assert len(cuts) >= 3
    alone = Cutter()
    found = [c for n in range(500) for c in alone.sound(START + n * 20_000, alone=True)]
    assert [c.us - START for c in found] == [n * 2 * SECOND for n in range(5)]


def test_sound_does_not_begin_a_session_that_has_pictures() -> None:
    cutter = Cutter()
    assert cutter.sound(START, alone=False) == []


def test_gap_fills_and_ends() -> None:
    cutter = Cutter()
    cuts = pictures(cutter, START, 6)
    cuts += cutter.away()
    assert cuts[-1] == Cut(3, START + 5_960_000, True)
    for tick in range(0, 30 * SECOND, 20_000):
        cuts += cutter.tick(START + 6 * SECOND + tick)
    cuts += pictures(cutter, START + 37 * SECOND, 6)
    check(cuts)
    gaps = [c for c in cuts if c.gap]
    assert gaps[0].us == START + 5_960_000
    assert len(gaps) == 16
    assert [c.gap for c in cuts[-3:]] == [False] * 3


def test_away_twice_is_away_once() -> None:
    cutter = Cutter()
    pictures(cutter, START, 3)
    assert len(cutter.away()) == 1
    assert cutter.away() == []
    assert Cutter().away() == []
    assert Cutter().tick(START) == []


@pytest.mark.parametrize("gap", [False, True])
@pytest.mark.parametrize("pause", [100_000, SECOND, 3 * SECOND, 61 * SECOND, 5 * HOUR])
def test_restart_goes_on_from_the_saved_cut(gap: bool, pause: int) -> None:
    last = Cut(41, START, gap)
    cutter = Cutter(last)
    back = START + 2 * SECOND + pause
    cuts = [last, *cutter.tick(back - 50_000), *pictures(cutter, back, 4)]
    check(cuts)
    assert next(c for c in cuts[1:] if not c.gap).us == back


@pytest.mark.parametrize("gap", [False, True])
def test_restart_after_a_night_does_not_make_a_night_of_gaps(gap: bool) -> None:
    cutter = Cutter(Cut(41, START, gap))
    cuts = pictures(cutter, START + 14 * 24 * HOUR, 4)
    assert len(cuts) < 6 * 900 + 10
    assert cuts[0].seg == 42
    check(cuts)


def test_restart_with_a_clock_set_back_still_grows() -> None:
    cutter = Cutter(Cut(41, START, False))
    check([Cut(41, START, False), *pictures(cutter, START - SECOND, 4)], longest=5 * SECOND)


events = st.lists(
    st.tuples(
        st.sampled_from(["key", "picture", "sound", "alone", "away", "tick"]),
        st.integers(0, 3 * SECOND),
        st.integers(-200_000, 200_000),
    ),
    max_size=200,
)


@given(events, st.none() | st.tuples(st.integers(0, 10**6), st.integers(0, HOUR), st.booleans()))
def test_whatever_happens_numbers_and_times_grow(
    happened: list[tuple[str, int, int]], saved: tuple[int, int, bool] | None
) -> None:
    last = Cut(saved[0], START - saved[1], saved[2]) if saved else None
    cutter, now = Cutter(last), START + SECOND
    cuts = [last] if last else []
    for what, step, aside in happened:
        now += step
        match what:
            case "key" | "picture":
                cuts += cutter.picture(now + aside, what == "key")
            case "sound" | "alone":
                cuts += cutter.sound(now + aside, alone=what == "alone")
            case "away":
                cuts += cutter.away()
            case _:
                cuts += cutter.tick(now)
    for before, after in pairwise(cuts):
        assert after.seg == before.seg + 1
        assert after.us > before.us
        assert not before.gap or after.us - before.us <= LONGEST_SEGMENT_US


def test_a_picture_of_another_size_starts_a_segment_of_its_own() -> None:
    cutter = Cutter()
    cutter.picture(START, True)
    assert cutter.picture(START + 700_000, True) == []
    assert cutter.picture(START + 800_000, True, anew=True) == [Cut(1, START + 800_000, False)]
    # All layers change within a moment: that is one cut.
    assert cutter.picture(START + 810_000, True, anew=True) == []
