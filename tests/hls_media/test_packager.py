"""Real H.264 and Opus through the packager, read again by libav."""

import array
import base64
import math
from itertools import pairwise

import pytest

from tests.hls_media.checks import (
    check_continuous,
    check_parts,
    check_segments,
    chunks,
    levels,
    onsets,
)
from tests.hls_media.feed import (
    T0,
    Feed,
    Host,
    VideoTrack,
    audio_frames,
    play,
    send_sound,
    steady,
    video_frames,
)
from tests.hls_media.media import Encoded, opus, opus_of, pictures
from tongke_streaming.hls.model import Held
from tongke_streaming.hls.packager import Packager
from tongke_streaming.ingest.h264 import parse_sps

S = 1_000_000


def begin(
    feed: Feed,
    track: VideoTrack,
    *,
    epoch: int = 0,
    layer: str | None = None,
) -> VideoTrack:
    us = track.times_us[0]
    feed.live(us - 1000, epoch)
    feed.track(us - 1000, track.number, "video", epoch=epoch, layer=layer)
    feed.map(us, track.number, track.first, us)
    return track


def sound(feed: Feed, number: int, seconds: float, us: int = T0, *, epoch: int = 0) -> None:
    feed.track(us - 1000, number, "audio", epoch=epoch)
    feed.map(us, number, 0, us)
    send_sound(feed, number, opus(seconds), us)


def lesson(fps: float = 30, seconds: float = 7.0) -> Feed:
    feed = Feed()
    count = int(seconds * fps)
    track = VideoTrack(1, pictures(count, idr_every=int(2 * fps)), steady(count, fps))
    begin(feed, track).send(feed)
    sound(feed, 2, seconds)
    feed.end(T0 + int(seconds * S) + 100_000)
    return feed


def picture_times(host: Host, data: bytes) -> list[int]:
    """UTC µs of every decoded picture."""
    assert host.origin_us is not None
    return [
        host.origin_us + frame.pts * 100 // 9
        for frame in video_frames(data)
        if frame.pts is not None
    ]


def test_lesson_decodes_whole() -> None:
    host = play(lesson())
    video = host.sinks["lead-v-f"]
    assert [s.msn for s in video.segments] == [0, 1, 2, 3]
    assert [s.msn for s in host.sinks["lead-a"].segments] == [0, 1, 2, 3]
    times = picture_times(host, video.file())
    assert len(times) == 210
    assert max(abs(at - us) for at, us in zip(times, steady(210, 30), strict=True)) < 1000
    for sink in host.sinks.values():
        check_parts(sink)
        check_continuous(sink)
        assert not any(s.gap or s.discontinuity for s in sink.segments)
        assert all(s.parts[0].independent for s in sink.segments)
    check_segments(host)
    assert host.states == [("lead", "live", T0 - 1000)]
    assert host.ended_us == T0 + 7_100_000


def test_init_says_what_is_in_it() -> None:
    host = play(lesson(seconds=3.0))
    video = host.sinks["lead-v-f"].inits[0][1]
    assert (video.kind, video.width, video.height, video.timescale) == ("video", 160, 96, 90000)
    assert video.codecs == "avc1.42C00D"
    audio = host.sinks["lead-a"].inits[0][1]
    assert (audio.kind, audio.codecs, audio.channels) == ("audio", "mp4a.40.2", 1)


def test_sound_is_in_time_with_the_picture() -> None:
    host = play(lesson(seconds=5.0))
    assert host.origin_us is not None
    heard = onsets(host.sinks["lead-a"], host.origin_us)
    # The first beep is on the very edge of the first frame.
    assert [round((us - T0) / S) for us in heard] == [0, 1, 2, 3, 4]
    assert all(abs((us - T0) - round((us - T0) / S) * S) <= 10_000 for us in heard[1:])


def test_stereo_becomes_mono_at_the_same_level() -> None:
    feed = Feed()
    begin(feed, VideoTrack(1, pictures(90), steady(90, 30))).send(feed)
    feed.track(T0 - 1000, 2, "audio")
    feed.map(T0, 2, 0, T0)
    send_sound(feed, 2, opus(3.0, channels=2), T0)
    feed.end(T0 + 3 * S)
    host = play(feed)
    pcm = levels(audio_frames(host.sinks["lead-a"].file()))
    assert 0.4 < max(pcm[48000:]) < 0.6


@pytest.mark.parametrize("fps", [60, 30, 29.97, 25, 24, 20, 15, 12.5, 10, 7, 5])
def test_parts_are_steady(fps: float) -> None:
    host = play(lesson(fps, 6.0))
    video = host.sinks["lead-v-f"]
    check_parts(video)
    check_continuous(video)
    times = [at for c in chunks(video) for at in starts(c.tfdt, c.durations)]
    wanted = [(us - (host.origin_us or 0)) * 9 / 100 for us in steady(len(times), fps)]
    assert len(times) == int(6.0 * fps)
    half = 0.5 * 90_000 / fps if fps < 90 / 6.75 else 1.5
    assert all(abs(at - us) <= half + 1 for at, us in zip(times, wanted, strict=True))


def starts(first: int, durations: list[int]) -> list[int]:
    return [first + sum(durations[:index]) for index in range(len(durations))]


def test_sequence_and_timestamp_wrap() -> None:
    feed = Feed()
    track = VideoTrack(1, pictures(120), steady(120, 30), seq=65500, first=2**32 - 100_000)
    begin(feed, track).send(feed)
    feed.track(T0 - 1000, 2, "audio")
    feed.map(T0, 2, 2**32 - 50_000, T0)
    send_sound(feed, 2, opus(4.0), T0, seq=65500, first=2**32 - 50_000)
    feed.end(T0 + 4 * S)
    host = play(feed)
    assert len(picture_times(host, host.sinks["lead-v-f"].file())) == 120
    assert len(onsets(host.sinks["lead-a"], host.origin_us or 0)) == 4
    check_continuous(host.sinks["lead-v-f"])


def test_reordered_and_doubled_packets() -> None:
    feed = Feed()
    track = begin(feed, VideoTrack(1, pictures(120), steady(120, 30)))
    track.send(feed, delay=lambda index: 150_000 if index % 11 == 5 else 0)
    track.send(feed, cuts=False, delay=lambda index: 200_000)
    feed.end(T0 + 4_500_000)
    host = play(feed)
    assert len(video_frames(host.sinks["lead-v-f"].file())) == 120
    check_parts(host.sinks["lead-v-f"])


def test_lost_picture_lengthens_the_one_before() -> None:
    feed = Feed()
    track = begin(feed, VideoTrack(1, pictures(90, idr_every=90), steady(90, 30)))
    packets = len([p for picture in pictures(90, idr_every=90)[:40] for p in picture.nals])
    assert packets  # picture 40 is one packet
    before = Feed()
    lost = VideoTrack(1, pictures(90, idr_every=90)[:40], steady(40, 30)).send(before)
    track.send(feed, lose=lambda index: index == lost)
    feed.end(T0 + 3_100_000)
    host = play(feed)
    video = host.sinks["lead-v-f"]
    durations = [d for c in chunks(video) for d in c.durations]
    assert len(durations) == 89
    assert durations.index(max(durations)) == 39
    assert abs(max(durations) - 6000) <= 2
    check_continuous(video)
    check_parts(video)


def test_lost_sound_becomes_silence_in_place() -> None:
    feed = Feed()
    begin(feed, VideoTrack(1, pictures(150), steady(150, 30))).send(feed)
    feed.track(T0 - 1000, 2, "audio")
    feed.map(T0, 2, 0, T0)
    send_sound(feed, 2, opus(5.0), T0, lose=lambda index: 95 <= index < 140)
    feed.end(T0 + 5 * S)
    host = play(feed)
    check_continuous(host.sinks["lead-a"])
    heard = onsets(host.sinks["lead-a"], host.origin_us or 0)
    assert [round((us - T0) / S) for us in heard] == [0, 1, 3, 4]
    assert all(abs((us - T0) - round((us - T0) / S) * S) <= 10_000 for us in heard[1:])


def test_source_without_sound_has_silence() -> None:
    feed = Feed()
    begin(feed, VideoTrack(1, pictures(150), steady(150, 30))).send(feed)
    feed.end(T0 + 5 * S)
    host = play(feed)
    video, silent = host.sinks["lead-v-f"], host.sinks["lead-a"]
    assert [s.msn for s in silent.segments] == [s.msn for s in video.segments]
    assert abs(silent.segments[-1].end_us - video.segments[-1].end_us) < 300_000
    assert max(map(abs, levels(audio_frames(silent.file())))) < 0.001
    check_parts(silent)
    check_continuous(silent)


@pytest.mark.parametrize("with_track", [False, True])
def test_missing_sound_keeps_up_with_the_picture(with_track: bool) -> None:
    """At no time is the silence more than a second behind: nobody's picture waits for it."""
    feed, host = Feed(), Host()
    begin(feed, VideoTrack(1, pictures(150), steady(150, 30))).send(feed)
    if with_track:
        feed.track(T0 - 1000, 2, "audio")
        feed.map(T0, 2, 0, T0)
    ends: list[int] = []

    def look(_: Packager) -> None:
        ends.append(sum(p.duration_us for s in host.sinks["lead-a"].segments for p in s.parts))

    for at in (2, 3, 4):
        feed.at(T0 + at * S, look)
    feed.end(T0 + 5 * S)
    play(feed, host)
    behind = 1_200_000 if with_track else 750_000
    assert all(at * S - behind < end for at, end in zip((2, 3, 4), ends, strict=True))


def test_same_session_silent_for_a_while() -> None:
    feed = Feed()
    times = steady(60, 30) + steady(60, 30, T0 + 6 * S)
    begin(feed, VideoTrack(1, pictures(120), times)).send(feed, cuts=False)
    feed.cut(T0, T0)
    feed.cut(T0 + 4 * S, T0 + 2 * S, gap=True)
    feed.cut(T0 + 6 * S, T0 + 6 * S)
    feed.end(T0 + 8 * S)
    host = play(feed)
    check_segments(host)
    for sink in host.sinks.values():
        assert [s.gap for s in sink.segments] == [False, True, False]
        assert [s.discontinuity for s in sink.segments] == [False, False, True]


def test_away_when_the_lesson_ends() -> None:
    """The teacher's page closes its session a moment before the end: nothing to mark."""
    feed = Feed()
    begin(feed, VideoTrack(1, pictures(60), steady(60, 30))).send(feed, cuts=False)
    feed.cut(T0, T0)
    feed.cut(T0 + 2 * S, T0 + 2 * S, gap=True)
    feed.end(T0 + 2_100_000)
    host = play(feed)
    for sink in host.sinks.values():
        assert [(s.gap, s.duration_us is None) for s in sink.segments] == [
            (False, False),
            (True, True),
        ]


def test_pictures_out_of_order_of_time_are_left_out() -> None:
    """B-frames are refused by the relay; here they must only do no harm."""
    feed = Feed()
    times = steady(60, 30)
    order = [t for at in range(0, 60, 3) for t in (times[at], times[at + 2], times[at + 1])]
    begin(feed, VideoTrack(1, pictures(60), order)).send(feed)
    feed.end(T0 + 2 * S)
    host = play(feed)
    durations = [d for c in chunks(host.sinks["lead-v-f"]) for d in c.durations]
    assert len(durations) == 40
    assert min(durations) > 2900
    check_continuous(host.sinks["lead-v-f"])


def test_sound_alone() -> None:
    feed = Feed()
    feed.live(T0)
    sound(feed, 2, 6.0)
    feed.cut(T0 + 20_000, T0)
    feed.cut(T0 + 2_020_000, T0 + 2 * S)
    feed.cut(T0 + 4_020_000, T0 + 4 * S)
    feed.end(T0 + 6 * S)
    host = play(feed)
    assert list(host.sinks) == ["lead-a"]
    assert len(onsets(host.sinks["lead-a"], host.origin_us or 0)) == 6
    check_segments(host)


def test_packets_wait_for_their_map() -> None:
    feed = Feed()
    feed.live(T0 - 1000)
    feed.track(T0 - 1000, 1, "video")
    track = VideoTrack(1, pictures(90), steady(90, 30))
    track.send(feed, cuts=False)
    feed.map(T0 + S, 1, 0, T0)
    feed.cut(T0 + S, T0)
    feed.cut(T0 + 2 * S, T0 + 2 * S)
    feed.end(T0 + 3_100_000)
    host = play(feed)
    assert len(video_frames(host.sinks["lead-v-f"].file())) == 90
    assert host.sinks["lead-v-f"].segments[0].start_us == T0


def test_source_away_and_back() -> None:
    feed = Feed()
    first = begin(feed, VideoTrack(1, pictures(90), steady(90, 30)))
    first.send(feed)
    sound(feed, 2, 3.0)
    gone = T0 + 2_966_667
    for number in (1, 2):
        feed.event(T0 + 4 * S, "gone", track=number)
    feed.event(T0 + 4 * S, "source", source="lead", state="away", epoch=0, us=gone)
    feed.cut(T0 + 4 * S, gone, gap=True)
    feed.cut(T0 + 7 * S, gone + 4 * S, gap=True)
    back = T0 + 9 * S
    second = VideoTrack(3, pictures(90), steady(90, 30, back), seq=900, first=77_000)
    feed.last_cut = gone
    begin(feed, second, epoch=1).send(feed)
    sound(feed, 4, 3.0, back, epoch=1)
    feed.end(back + 3 * S + 100_000)
    host = play(feed)
    video = host.sinks["lead-v-f"]
    check_segments(host)
    for sink in host.sinks.values():
        assert [s.gap for s in sink.segments] == [False, False, True, True, False, False]
        assert [s.discontinuity for s in sink.segments] == [False] * 4 + [True, False]
        assert abs(sink.segments[4].start_us - back) < 22_000
    assert len(video.inits) == 1
    times = picture_times(host, video.file())
    assert len(times) == 180
    assert abs(times[90] - back) < 1000
    heard = onsets(host.sinks["lead-a"], host.origin_us or 0)
    assert len(heard) == 6


def test_takeover_without_a_gap() -> None:
    feed = Feed()
    begin(feed, VideoTrack(1, pictures(75), steady(75, 30))).send(feed)
    back = T0 + 2_700_000
    feed.event(back - 2000, "gone", track=1)
    larger = pictures(75, width=320, height=192)
    feed.last_cut = None
    begin(feed, VideoTrack(2, larger, steady(75, 30, back)), epoch=1).send(feed)
    feed.end(back + 2_600_000)
    host = play(feed)
    video = host.sinks["lead-v-f"]
    assert [s.discontinuity for s in video.segments] == [False, False, True, False]
    assert [s.init for s in video.segments] == [0, 0, 1, 1]
    assert (video.inits[1][1].width, video.inits[1][1].height) == (320, 192)
    assert len(video_frames(video.file(video.segments[:2]))) == 75
    assert len(video_frames(video.file(video.segments[2:]))) == 75
    check_segments(host)


def test_parameter_sets_of_the_offer_are_enough() -> None:
    feed = Feed()
    some = pictures(60)
    sets = ",".join(base64.b64encode(nal).decode() for nal in some[0].nals[:2])
    bare = [Encoded(tuple(n for n in p.nals if n[0] & 31 not in (7, 8)), p.idr) for p in some]
    feed.track(T0 - 1000, 1, "video", fmtp={"sprop-parameter-sets": "!," + sets})
    feed.map(T0, 1, 0, T0)
    VideoTrack(1, bare, steady(60, 30)).send(feed)
    feed.end(T0 + 2 * S)
    assert len(video_frames(play(feed).sinks["lead-v-f"].file())) == 60


def test_resolution_changes_at_a_cut() -> None:
    feed = Feed()
    both = pictures(60) + pictures(60, width=320, height=192)
    begin(feed, VideoTrack(1, both, steady(120, 30))).send(feed)
    feed.end(T0 + 4_100_000)
    host = play(feed)
    video = host.sinks["lead-v-f"]
    assert [s.init for s in video.segments] == [0, 1]
    assert {f.width for f in video_frames(video.file(video.segments[1:]))} == {320}
    check_segments(host)


def test_resolution_changes_between_cuts() -> None:
    """Until the next segment those pictures cannot be shown: nothing undecodable is passed on."""
    feed = Feed()
    both = pictures(30) + pictures(90, width=320, height=192, idr_every=45)
    begin(feed, VideoTrack(1, both, steady(120, 30))).send(feed)
    feed.end(T0 + 4_100_000)
    host = play(feed)
    video = host.sinks["lead-v-f"]
    assert [s.init for s in video.segments] == [0, 1]
    assert len(video_frames(video.file(video.segments[:1]))) == 30
    assert len(video_frames(video.file(video.segments[1:]))) == 45
    check_segments(host)


def test_layers_and_one_that_goes_off() -> None:
    feed = Feed()
    begin(feed, VideoTrack(1, pictures(300), steady(300, 30)), layer="h").send(feed)
    times = steady(300, 30)
    some = pictures(300)[:60] + pictures(300)[240:]
    feed.track(T0 - 1000, 2, "video", layer="f")
    feed.map(T0, 2, 0, T0)
    VideoTrack(2, some, times[:60] + times[240:]).send(feed, cuts=False)
    late = VideoTrack(4, pictures(300)[120:], times[120:])
    feed.track(T0 + 4 * S - 1000, 4, "video", layer="q")
    feed.map(T0 + 4 * S, 4, 0, late.times_us[0])
    late.send(feed, cuts=False)
    feed.end(T0 + 10 * S + 100_000)
    host = play(feed)
    whole, off, later = (host.sinks[f"lead-v-{layer}"] for layer in "hfq")
    assert not any(s.gap for s in whole.segments)
    assert [s.gap for s in off.segments] == [False, True, True, True, False]
    assert all(abs((s.duration_us or 0) - 2 * S) < 100 for s in off.segments[1:3])
    assert [s.msn for s in later.segments] == [2, 3, 4]
    check_segments(host)
    assert len(video_frames(off.file())) == 120
    assert len(video_frames(later.file())) == 180


def test_keyframes_only_at_the_start() -> None:
    """Forced cuts: segments of 4 s that begin with no keyframe, and not a picture less."""
    feed = Feed()
    track = VideoTrack(1, pictures(360, idr_every=10_000), steady(360, 30))
    begin(feed, track).send(feed)
    for at in (4, 8):
        feed.cut(T0 + at * S - 90_000, T0 + at * S - 100_000)
    feed.end(T0 + 12_100_000)
    host = play(feed)
    video = host.sinks["lead-v-f"]
    assert len(video.segments) == 3
    assert [s.parts[0].independent for s in video.segments] == [True, False, False]
    assert all((s.duration_us or 0) <= 4_100_000 for s in video.segments)
    assert len(video_frames(video.file())) == 360
    check_parts(video)
    check_segments(host)


def test_keyframe_a_little_before_the_cut_starts_the_segment() -> None:
    feed = Feed()
    track = VideoTrack(1, pictures(120), steady(120, 30))
    begin(feed, track).send(feed, cuts=False)
    feed.cut(T0, T0)
    feed.cut(T0 + 2_060_000, T0 + 2_050_000)
    feed.end(T0 + 4_100_000)
    host = play(feed)
    video = host.sinks["lead-v-f"]
    assert [s.start_us for s in video.segments] == [T0, T0 + 2 * S]
    assert all(s.parts[0].independent for s in video.segments)


@pytest.mark.parametrize("poc_type", [0, 2])
def test_picture_that_lasts_is_repeated(poc_type: int) -> None:
    """Nothing comes for 1.3 s: the parts go on, and the picture after it is whole."""
    feed = Feed()
    some = pictures(90, idr_every=90, b_frames=0 if poc_type else 1, only_p=True)
    assert parse_sps(some[0].nals[0]).poc_type == poc_type
    times = steady(30, 30) + steady(60, 30, T0 + 2_266_667)
    begin(feed, VideoTrack(1, some, times)).send(feed)
    feed.end(times[-1] + 100_000)
    host = play(feed)
    video = host.sinks["lead-v-f"]
    check_parts(video)
    check_continuous(video)
    shown = [bytes(f.planes[0]) for f in video_frames(video.file())]
    assert len(shown) == 92 or len(shown) == 93
    repeats = len(shown) - 90
    assert set(shown[29 : 30 + repeats]) == {shown[29]}
    straight = Feed()
    begin(straight, VideoTrack(1, some, steady(90, 30))).send(straight)
    straight.end(T0 + 4 * S)
    plain = [bytes(f.planes[0]) for f in video_frames(play(straight).sinks["lead-v-f"].file())]
    assert plain == shown[:29] + shown[29 + repeats :]


def test_picture_that_cannot_be_repeated_leaves_a_hole() -> None:
    feed = Feed()
    some = pictures(90, idr_every=90, cabac=True)
    times = steady(30, 30) + steady(60, 30, T0 + 2_266_667)
    begin(feed, VideoTrack(1, some, times)).send(feed)
    feed.end(times[-1] + 100_000)
    host = play(feed)
    video = host.sinks["lead-v-f"]
    check_parts(video)
    assert len(video_frames(video.file())) == 90
    assert abs(picture_times(host, video.file())[-1] - times[-1]) < 1000


def test_later_maps_are_slewed_in() -> None:
    feed = Feed()
    track = VideoTrack(1, pictures(600), steady(600, 30))
    begin(feed, track).send(feed)
    feed.map(T0 + 3 * S, 1, track.timestamp(T0 + 2 * S), T0 + 2 * S + 4_000)
    feed.map(T0 + 5 * S, 1, track.timestamp(T0 + 5 * S), T0 + 5 * S + 60_000)
    feed.end(T0 + 20_100_000)
    host = play(feed)
    times = picture_times(host, host.sinks["lead-v-f"].file())
    shift = [at - us for at, us in zip(times, steady(600, 30), strict=True)]
    assert all(abs(at) < 1000 for at in shift[:140])
    assert max(b - a for a, b in pairwise(shift)) < 1000
    assert 58_000 < shift[-1] < 62_000


def test_slewed_sound_stays_whole() -> None:
    """A clock corrected by 60 ms: the tone goes on without a hole or a step."""
    feed = Feed()
    feed.live(T0)
    tone = array.array("f", (0.4 * math.sin(2 * math.pi * 440 * k / 48000) for k in range(480_000)))
    feed.track(T0, 2, "audio")
    feed.map(T0, 2, 0, T0)
    send_sound(feed, 2, opus_of(tone), T0)
    for seg in range(3):
        feed.cut(T0 + 20_000 + seg * 3 * S, T0 + seg * 3 * S)
    feed.map(T0 + 2 * S, 2, 96_000, T0 + 2 * S - 60_000)
    feed.end(T0 + 10 * S - 60_000)
    host = play(feed)
    pcm = levels(audio_frames(host.sinks["lead-a"].file()))[24_000:450_000]
    assert max(abs(b - a) for a, b in pairwise(pcm)) < 0.05
    assert all(max(pcm[at : at + 480]) > 0.3 for at in range(0, len(pcm) - 480, 480))


def test_goes_on_after_a_restart() -> None:
    origin = T0 - 20 * S
    held = {
        "lead-v-f": Held(5, T0 - 6 * S, 2),
        "lead-a": Held(5, T0 - 6 * S, 1),
        "lead-v-q": Held(4, T0 - 8 * S, 1),
    }
    feed = Feed()
    feed.seg = 3
    feed.cut(T0 - 2000, T0 - 7 * S)  # the relay's snapshot: a segment that is half stored
    feed.seg, feed.last_cut = 6, None
    begin(feed, VideoTrack(1, pictures(90), steady(90, 30))).send(feed)
    feed.end(T0 + 3_100_000)
    host = play(feed, Host(origin, held))
    video, audio, absent = (host.sinks[name] for name in ("lead-v-f", "lead-a", "lead-v-q"))
    assert [s.msn for s in video.segments] == [5, 6, 7, 8]
    assert [s.gap for s in audio.segments] == [True, True, False, False]
    assert [s.gap for s in absent.segments] == [True] * 5
    assert [s.start_us for s in video.segments[:3]] == [T0 - 6 * S, T0 - 3 * S, T0]
    assert [s.discontinuity for s in video.segments] == [False, False, True, False]
    assert list(video.inits) == [2]
    assert chunks(video)[0].tfdt == 20 * 90_000
    check_segments(host)


def test_relay_lost_and_found() -> None:
    feed = Feed()
    begin(feed, VideoTrack(1, pictures(90), steady(90, 30))).send(feed)
    feed.at(T0 + 3_200_000, lambda packager: packager.interrupted())
    back = T0 + 5 * S
    feed.last_cut = None
    begin(feed, VideoTrack(1, pictures(60), steady(60, 30, back)), epoch=0).send(feed)
    feed.end(back + 2_100_000)
    host = play(feed)
    check_segments(host)
    video = host.sinks["lead-v-f"]
    assert [s.discontinuity for s in video.segments] == [False, False, True]
    assert len(video_frames(video.file())) == 150
