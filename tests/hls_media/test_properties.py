"""What the packager promises for any jitter, loss and hostile feed."""

import random
import struct
from itertools import accumulate, pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.hls_media.checks import check_continuous, check_parts, check_segments, chunks
from tests.hls_media.feed import (
    T0,
    FakeClock,
    Feed,
    Host,
    VideoTrack,
    play,
    send_sound,
    video_frames,
)
from tests.hls_media.media import opus, pictures
from tongke_streaming.hls.packager import Packager

S = 1_000_000
real = settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])


def begun() -> Feed:
    feed = Feed()
    feed.live(T0 - 1000)
    feed.track(T0 - 1000, 1, "video")
    feed.map(T0, 1, 0, T0)
    return feed


@real
@given(
    st.sampled_from([30, 25, 20, 15, 12.5, 8, 4]),
    st.lists(st.floats(0.35, 1.65), min_size=100, max_size=100),
)
def test_parts_are_lawful_at_any_jitter(fps: float, steps: list[float]) -> None:
    times = [T0 + round(at) for at in accumulate((s * S / fps for s in steps), initial=0)]
    feed = begun()
    track = VideoTrack(1, pictures(101, idr_every=max(8, int(2 * fps))), times)
    track.send(feed)
    feed.end(times[-1] + 400_000)
    host = play(feed)
    video = host.sinks["lead-v-f"]
    check_parts(video)
    check_continuous(video)
    starts = [c.tfdt + sum(c.durations[:i]) for c in chunks(video) for i in range(len(c.sync))]
    if fps >= 8:
        assert len(starts) == 101
        origin = host.origin_us or 0
        gaps = [b - a for a, b in pairwise(times)]
        for at, us, gap in zip(starts[1:], times[1:], gaps, strict=True):
            largest = max(gap, gaps[min(times.index(us), len(gaps) - 1)])
            assert abs(at * 100 / 9 + origin - us) <= largest / 2 + 25


@real
@given(st.integers(0, 2**32).map(random.Random), st.integers(0, 20))
def test_loss_and_disorder_leave_lawful_parts(chance: random.Random, percent: int) -> None:
    times = [T0 + index * S // 25 for index in range(150)]
    feed = begun()
    feed.track(T0 - 1000, 2, "audio")
    feed.map(T0, 2, 0, T0)
    VideoTrack(1, pictures(150, idr_every=50), times, seq=65_400).send(
        feed,
        lose=lambda _: chance.randrange(100) < percent,
        delay=lambda _: chance.choice((0, 0, 0, 40_000, 250_000, 400_000)),
    )
    send_sound(feed, 2, opus(6.0), T0, lose=lambda _: chance.randrange(100) < percent)
    feed.end(T0 + 7 * S)
    host = play(feed)
    check_segments(host)
    for sink in host.sinks.values():
        check_parts(sink)
    check_continuous(host.sinks["lead-a"])
    assert abs(host.sinks["lead-a"].segments[-1].end_us - T0 - 7 * S) < 45_000
    video = host.sinks.get("lead-v-f")
    if video is not None and any(not s.gap for s in video.segments):
        assert len(video_frames(video.file())) > 0


payloads = st.sampled_from(
    [
        b"",
        b"\x65\x88",
        b"\x41\x9a",
        b"\x7c\x85\x88",
        b"\x7c\x45",
        b"\x78\x00\x02\x65\x88",
        b"\x67\x42",
    ]
) | st.binary(max_size=30)

packets = st.builds(
    lambda head, track, seq, ts, payload: (
        track,
        struct.pack("!BBHII", head, 224, seq, ts, 7) + payload,
    ),
    st.sampled_from([0x80, 0x80, 0x80, 0x90, 0xA0, 0x8F, 0x00]),
    st.integers(1, 4),
    st.integers(0, 0xFFFF) | st.integers(0, 20),
    st.integers(0, 0xFFFFFFFF) | st.integers(0, 100).map(lambda n: n * 3000),
    payloads,
) | st.tuples(st.integers(1, 4), st.binary(max_size=20))


@settings(deadline=None, max_examples=200)
@given(
    st.lists(packets | st.sampled_from(["cut", "gap", "map", "tick", "lost", "real"]), max_size=60),
    st.integers(0, 2_000_000),
)
def test_nothing_raises(steps: "list[tuple[int, bytes] | str]", later: int) -> None:
    host, clock = Host(), FakeClock()
    packager = Packager(host, clock)
    packager.packet(9, T0, b"no such track")

    def begin() -> None:
        for number, kind in ((1, "video"), (2, "audio"), (3, "video"), (4, "audio")):
            for action in (Feed.track, Feed.map):
                feed = Feed()
                if action is Feed.track:
                    feed.track(clock.us, number, kind, layer="h" if number == 3 else None)
                else:
                    feed.map(clock.us, number, 0, clock.us)
                feed.play(packager, clock)

    begin()
    seg = 0
    for index, step in enumerate(steps):
        clock.us += later // (1 + index % 7)
        if isinstance(step, tuple):
            packager.packet(step[0], clock.us, step[1])
        elif step in ("cut", "gap"):
            packager.event(
                {
                    "ev": "cut", "lesson": "lesson", "source": "lead",
                    "seg": seg, "us": clock.us, "gap": step == "gap",
                }
            )  # fmt: skip
            seg += 1
        elif step == "map":
            packager.event({"ev": "map", "track": 1, "rtp": index * 7_000_000, "us": clock.us})
        elif step == "tick":
            packager.tick()
        elif step == "lost":
            packager.interrupted()
            begin()
        else:
            real_pictures(packager, clock, index)
    packager.event({"ev": "end", "lesson": "lesson", "us": clock.us})
    assert host.ended_us == clock.us
    for sink in host.sinks.values():
        last = sink.segments[-1] if sink.segments else None
        open_gap = last is not None and last.gap and last.duration_us is None
        closed = sink.segments[:-1] if open_gap else sink.segments
        assert all(segment.duration_us is not None for segment in closed)
        for c in chunks(sink):
            assert all(duration > 0 for duration in c.durations)


def real_pictures(packager: Packager, clock: FakeClock, index: int) -> None:
    feed = Feed()
    VideoTrack(1, pictures(5), [clock.us + n * 33_333 for n in range(5)], seq=index).send(
        feed, cuts=False
    )
    feed.play(packager, clock)
