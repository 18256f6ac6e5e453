"""Publishers and viewers written packet by packet: who gets what, when, under which numbers."""

import asyncio
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from aiortc.rtp import RtcpPsfbPacket, RtcpRrPacket

from tests.rtc.peer import DELTA, H264, KEYFRAME, OPUS, SPS, Peer, Track, offer, rtp
from tests.rtc.rig import Rig, relaying
from tests.rtc.scenes import ended_event, has, live, picture, sender_report, video_of
from tongke_streaming.frames import Message, Refused

Make = Callable[[], Peer]


async def test_late_joiner_gets_the_group_of_pictures_at_once(rig: Rig, peer: Make) -> None:
    publisher, track = await live(rig, peer)
    viewer = await peer().watch(rig, offer("video", direction="recvonly"))
    await viewer.rtp.until(has(DELTA + b"2"))
    got = video_of(viewer)
    assert [p.payload for p in got] == [SPS, KEYFRAME, DELTA + b"1", DELTA + b"2"]
    first = got[0].sequence_number
    assert [(p.sequence_number - first) & 0xFFFF for p in got] == [0, 1, 2, 3]
    stamps = [(p.timestamp - got[0].timestamp) & 0xFFFFFFFF for p in got]
    assert stamps == [0, 0, 90, 180]  # one millisecond between pictures, not their own 33
    publisher.send_rtp(rtp(track, DELTA + b"3"))
    live_one = await viewer.rtp.until(has(DELTA + b"3"))
    assert (live_one.sequence_number - first) & 0xFFFF == 4
    assert (live_one.timestamp - got[-1].timestamp) & 0xFFFFFFFF == 3000


async def test_viewer_before_the_first_keyframe_waits_for_it(rig: Rig, peer: Make) -> None:
    publisher = await peer().publish(rig, offer("video"))
    track = Track(0x1111, H264)
    publisher.send_rtp(rtp(track, DELTA))
    await rig.packets.count(1)
    viewer = await peer().watch(rig, offer("video", direction="recvonly"))
    await publisher.rtcp.until(lambda r: isinstance(r, RtcpPsfbPacket) and r.fmt == 1)
    publisher.send_rtp(rtp(track, DELTA))
    await picture(publisher, track)
    await viewer.rtp.until(has(KEYFRAME))
    assert [p.payload for p in video_of(viewer)] == [SPS, KEYFRAME]


async def test_not_live_before_anything_is_sent(rig: Rig, peer: Make) -> None:
    await peer().publish(rig, offer("video"))
    with pytest.raises(Refused) as no:
        await rig.request("watch", lesson="L1", label="", room=None, sdp=offer("video"))
    assert (no.value.status, no.value.code, no.value.retry_after) == (409, "not_live", 2)


@pytest.mark.parametrize("kind", ["audio", "video"])
async def test_publisher_of_one_kind_feeds_a_viewer_of_both(
    rig: Rig, peer: Make, kind: str
) -> None:
    publisher = await peer().publish(rig, offer(kind))
    track = Track(0x1111, H264 if kind == "video" else OPUS)
    publisher.send_rtp(rtp(track, SPS))
    await rig.packets.count(1)
    viewer = await peer().watch(rig, offer("video", "audio", direction="recvonly"))
    publisher.send_rtp(rtp(track, SPS + b"x"))
    await viewer.rtp.until(has(SPS + b"x"))
    assert {p.payload_type for p in viewer.rtp.seen} == {track.payload_type}


async def test_picture_slot_goes_to_the_source_that_has_pictures(rig: Rig, peer: Make) -> None:
    lead = await peer().publish(rig, offer("audio"))
    screen = await peer().publish(rig, offer("video"), source="screen")
    sound, slides = Track(1, OPUS), Track(2, H264)
    lead.send_rtp(rtp(sound, b"sound"))
    await picture(screen, slides)
    await rig.packets.count(3)
    viewer = await peer().watch(rig, offer("audio", "video", direction="recvonly"))
    lead.send_rtp(rtp(sound, b"sound2"))
    await viewer.rtp.until(has(KEYFRAME))
    await viewer.rtp.until(has(b"sound2"))


async def test_second_picture_slot_takes_a_source_that_begins_later(rig: Rig, peer: Make) -> None:
    await live(rig, peer)
    viewer = await peer().watch(rig, offer("video", "video", "audio", direction="recvonly"))
    await viewer.rtp.until(has(DELTA + b"2"))
    screen = await peer().publish(rig, offer("video"), source="screen")
    slides = Track(2, H264)
    await picture(screen, slides, DELTA + b"slide")
    found = await viewer.rtp.until(has(DELTA + b"slide"))
    assert found.ssrc != video_of(viewer)[0].ssrc
    # The same source coming back takes its own slot, not another.
    before = found.ssrc
    screen = await peer().publish(rig, offer("video"), source="screen")
    await picture(screen, Track(3, H264), DELTA + b"again")
    assert (await viewer.rtp.until(has(DELTA + b"again"))).ssrc == before


async def test_publisher_returns_and_the_viewer_goes_on(rig: Rig, peer: Make) -> None:
    publisher, _ = await live(rig, peer)
    viewer = await peer().watch(rig, offer("video", direction="recvonly"))
    await viewer.rtp.until(has(DELTA + b"2"))
    await rig.request("drop", session=publisher.session, act="publish")
    await rig.source("away")
    async with asyncio.timeout(5):
        await publisher.closed.wait()
    seen = len(rig.events.seen)
    again = await peer().publish(rig, offer("video"))
    await picture(again, Track(0x2222, H264), DELTA + b"back")
    state = await rig.source("live", after=seen)
    assert state["epoch"] == 2
    await viewer.rtp.until(has(DELTA + b"back"))
    got = video_of(viewer)
    numbers = [(p.sequence_number - got[0].sequence_number) & 0xFFFF for p in got]
    assert numbers == list(range(len(got)))
    assert len({p.ssrc for p in got}) == 1
    stamps = [(p.timestamp - got[0].timestamp) & 0xFFFFFFFF for p in got]
    assert stamps == sorted(stamps)
    assert stamps[-1] < 90000 * 20


async def test_takeover_by_the_same_holder_only(rig: Rig, peer: Make) -> None:
    publisher, _ = await live(rig, peer)
    with pytest.raises(Refused) as no:
        await rig.request(
            "publish", lesson="L1", source="lead", holder="someone", sdp=offer("video")
        )
    assert (no.value.status, no.value.code) == (409, "source_taken")
    again = await peer().publish(rig, offer("video"))
    async with asyncio.timeout(5):
        await publisher.closed.wait()
    ended = await rig.events.until(lambda e: e["ev"] == "session" and e["state"] == "ended")
    assert (ended["session"], ended["reason"]) == (publisher.session, "replaced")
    await picture(again, Track(0x2222, H264), DELTA + b"new")
    viewer = await peer().watch(rig, offer("video", direction="recvonly"))
    await viewer.rtp.until(has(DELTA + b"new"))


async def test_two_holders_at_once_the_second_to_connect_is_refused(rig: Rig, peer: Make) -> None:
    first, second = await peer().open(), await peer().open()
    answers = [
        await rig.request("publish", lesson="L1", source="lead", holder=h, sdp=offer("video"))
        for h in ("one", "two")
    ]
    await first.connect(answers[0]["sdp"])
    await picture(first, Track(1, H264))
    await rig.source("live")
    await second.connect(answers[1]["sdp"])
    ended = await rig.events.until(lambda e: e["ev"] == "session" and e["state"] == "ended")
    assert (ended["session"], ended["reason"]) == (answers[1]["session"], "source taken")
    assert not first.closed.is_set()


async def test_other_holder_may_take_a_silent_source(rig: Rig, peer: Make) -> None:
    await live(rig, peer)
    rig.clock.ahead_us += 3_500_000
    await peer().publish(rig, offer("video"), holder="someone")


async def test_layer_under_a_new_ssrc_after_silence_goes_on(rig: Rig, peer: Make) -> None:
    publisher = await peer().publish(rig, offer("audio", "video"))
    sound, video = Track(1, OPUS), Track(2, H264)
    publisher.send_rtp(rtp(sound, b"one"))
    await picture(publisher, video)
    await rig.packets.count(3)
    viewer = await peer().watch(rig, offer("audio", "video", direction="recvonly"))
    await viewer.rtp.until(has(KEYFRAME))
    publisher.send_rtp(rtp(sound, b"two"))
    await viewer.rtp.until(has(b"two"))
    rig.clock.ahead_us += 600_000
    publisher.send_rtp(rtp(Track(0x91, OPUS), b"three"))
    await viewer.rtp.until(has(b"three"))
    gone = await rig.feed.until(lambda e: e["ev"] == "gone")
    assert gone["track"] == next(
        e["track"] for e in rig.feed.seen if e["ev"] == "track" and e["kind"] == "audio"
    )


async def test_flood_of_ssrcs_makes_no_tracks_and_ends_the_session(rig: Rig, peer: Make) -> None:
    publisher, _ = await live(rig, peer)
    for ssrc in range(0x5000, 0x5000 + 100):
        publisher.send_rtp(rtp(Track(ssrc, H264), KEYFRAME))
    ended = await rig.events.until(lambda e: e["ev"] == "session" and e["state"] == "ended")
    assert ended["reason"] == "too many SSRCs"
    assert len([e for e in rig.feed.seen if e["ev"] == "track"]) == 1


async def test_sender_reports_of_both_tracks_agree(rig: Rig, peer: Make) -> None:
    publisher = await peer().publish(rig, offer("audio", "video"))
    sound, video = Track(1, OPUS), Track(2, H264)
    publisher.send_rtp(rtp(sound, b"one"))
    await picture(publisher, video)
    await rig.packets.count(3)
    viewer = await peer().watch(rig, offer("audio", "video", direction="recvonly"))
    await viewer.rtp.until(has(KEYFRAME))
    rig.clock.ahead_us += 1_100_000  # places tracks that have no report by their arrival
    publisher.send_rtp(rtp(sound, b"two", step=52800))
    publisher.send_rtp(rtp(video, DELTA + b"two", step=99000))
    two = await viewer.rtp.until(has(b"two"))
    other = await viewer.rtp.until(has(DELTA + b"two"))
    start = len(viewer.rtcp.seen)
    reports = [await viewer.rtcp.until(sender_report(p.ssrc), after=start) for p in (two, other)]
    instants = [
        r.sender_info.ntp_timestamp / 2**32
        - ((r.sender_info.rtp_timestamp - p.timestamp + 2**31) % 2**32 - 2**31) / rate
        for r, p, rate in zip(reports, (two, other), (48000, 90000), strict=True)
    ]
    assert abs(instants[0] - instants[1]) < 0.05


async def test_publisher_gets_reports_and_transport_feedback(rig: Rig, peer: Make) -> None:
    publisher = await peer().publish(rig, offer("video"))
    track = Track(0x1111, H264)
    for number in (65534, 65535, 0, 2):
        publisher.send_rtp(rtp(track, SPS, cc=number))
    (found,) = await publisher.feedback.count(1)
    assert int.from_bytes(found[8:12], "big") == track.ssrc
    await publisher.rtcp.until(
        lambda r: isinstance(r, RtcpRrPacket) and any(b.ssrc == track.ssrc for b in r.reports)
    )


async def test_silence_ends_viewer_then_publisher(rig: Rig, peer: Make) -> None:
    publisher, _ = await live(rig, peer)
    viewer = await peer().watch(rig, offer("video", direction="recvonly"))
    rig.clock.ahead_us += 4_000_000
    await rig.source("away")
    rig.clock.ahead_us += 12_000_000
    for session in (publisher.session, viewer.session):
        ended = await rig.events.until(ended_event(session))
        assert ended["reason"] == "silence"


async def test_session_that_never_connects_is_forgotten(rig: Rig, peer: Make) -> None:
    answer = await rig.request(
        "publish", lesson="L1", source="lead", holder="me", sdp=offer("video")
    )
    rig.clock.ahead_us += 16_000_000
    ended = await rig.events.until(lambda e: e["ev"] == "session")
    assert (ended["session"], ended["reason"]) == (answer["session"], "never connected")
    with pytest.raises(Refused) as no:
        await rig.request("drop", session=answer["session"], act="publish")
    assert no.value.status == 404


async def test_silence_with_the_session_alive_is_a_gap_that_closes(rig: Rig, peer: Make) -> None:
    publisher, track = await live(rig, peer)
    rig.clock.ahead_us += 1_200_000
    publisher.send_rtp(rtp(track, DELTA, step=108000))
    await rig.feed.until(lambda e: e["ev"] == "cut")
    rig.clock.ahead_us += 5_000_000
    gap = await rig.feed.until(lambda e: e["ev"] == "cut" and e["gap"])
    publisher.send_rtp(rtp(track, SPS, step=450000, marker=False))
    publisher.send_rtp(rtp(track, KEYFRAME, step=0))
    closed = await rig.feed.until(
        lambda e: e["ev"] == "cut" and not e["gap"] and e["seg"] > gap["seg"]
    )
    assert closed["us"] > gap["us"]
    states = [e["state"] for e in rig.feed.seen if e["ev"] == "source"]
    assert states == ["live", "away", "live"]
    assert {e["epoch"] for e in rig.feed.seen if e["ev"] == "source"} == {1}


async def test_sound_alone_goes_on_when_the_camera_is_off(rig: Rig, peer: Make) -> None:
    publisher = await peer().publish(rig, offer("audio", "video"))
    sound, video = Track(1, OPUS), Track(2, H264)
    publisher.send_rtp(rtp(sound, b"one"))
    await picture(publisher, video)
    await rig.packets.count(3)
    rig.clock.ahead_us += 1_200_000
    publisher.send_rtp(rtp(sound, b"two", step=57600))
    await rig.feed.until(lambda e: e["ev"] == "cut")
    rig.clock.ahead_us += 5_000_000
    gap = await rig.feed.until(lambda e: e["ev"] == "cut" and e["gap"])
    publisher.send_rtp(rtp(sound, b"three", step=240000))
    publisher.send_rtp(rtp(sound, b"four", step=960))
    await rig.feed.until(lambda e: e["ev"] == "cut" and not e["gap"] and e["seg"] > gap["seg"])


async def test_end_then_watch_is_not_live_and_numbers_begin_anew(rig: Rig, peer: Make) -> None:
    publisher, _ = await live(rig, peer)
    viewer = await peer().watch(rig, offer("video", direction="recvonly"))
    await rig.request("end", lesson="L1")
    async with asyncio.timeout(5):
        await publisher.closed.wait()
        await viewer.closed.wait()
    assert (await rig.feed.until(lambda e: e["ev"] == "end"))["lesson"] == "L1"
    assert not [c for c in rig.cuts() if c["gap"]]
    with pytest.raises(Refused) as no:
        await rig.request("watch", lesson="L1", label="", room=None, sdp=offer("video"))
    assert no.value.code == "not_live"
    await rig.request("end", lesson="L1")  # idempotent


async def test_simulcast_layers_are_known_by_rid(rig: Rig, peer: Make) -> None:
    publisher = await peer().publish(rig, offer("video", rids=("q", "h", "f")))
    layers = {rid: Track(i + 1, H264, rid) for i, rid in enumerate(("q", "h", "f"))}
    publisher.send_rtp(rtp(Track(77, H264), KEYFRAME))  # names no layer: not taken
    for track in layers.values():
        await picture(publisher, track, DELTA + track.rid.encode())
    await rig.packets.count(9)
    tracks = [e["layer"] for e in rig.feed.seen if e["ev"] == "track"]
    assert sorted(tracks) == ["f", "h", "q"]
    viewer = await peer().watch(rig, offer("video", direction="recvonly"))
    await viewer.rtp.until(has(DELTA + b"q"))
    assert not [p for p in video_of(viewer) if p.payload == DELTA + b"f"]


async def test_b_frames_are_refused_with_what_to_set(rig: Rig, peer: Make) -> None:
    publisher, track = await live(rig, peer)
    # A non-IDR slice: first_mb_in_slice 0, slice_type 1 (B), as ue(v) codes.
    publisher.send_rtp(rtp(track, bytes((0x41, 0b1010_0000)) + b"rest"))
    await rig.events.until(lambda e: e["ev"] == "session" and e.get("reason") == "b_frames")
    await rig.source("away")
    with pytest.raises(Refused) as refused:
        await peer().publish(rig, offer("video"))
    assert (refused.value.status, refused.value.code) == (422, "b_frames")
    assert "-bf 0" in refused.value.detail
    # Said once; then the encoder may have been set right.
    await peer().publish(rig, offer("video"))


async def test_bug_met_with_one_peer_stops_nobodys_timers(
    rig: Rig, peer: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher, track = await live(rig, peer)
    text = offer("video", direction="recvonly")
    broken = await rig.request("watch", lesson="L1", label="", room=None, sdp=text)

    def poll(_: int) -> None:
        raise ArithmeticError("a bug")

    monkeypatch.setattr(rig.relay._sessions[broken["session"]], "poll", poll)
    publisher.send_rtp(rtp(track, DELTA, cc=1))
    await publisher.feedback.count(1)
    rig.clock.ahead_us += 1_000_000
    await publisher.rtcp.until(lambda r: isinstance(r, RtcpRrPacket) and bool(r.reports))
    assert "L1" in await rig.stats()
    assert {type(f["exception"]) for f in rig.failures} == {ArithmeticError}
    monkeypatch.undo()
    rig.failures.clear()


async def test_restarted_relay_goes_on_numbering(tmp_path: Path, peer: Make) -> None:
    async def cuts_of_a_lesson() -> list[Message]:
        async with relaying(pull=True, folder=tmp_path) as rig:
            publisher, track = await live(rig, peer)
            rig.clock.ahead_us += 1_200_000
            publisher.send_rtp(rtp(track, SPS, step=108_000))
            await rig.feed.until(lambda e: e["ev"] == "cut" and not e["gap"])
            return rig.cuts()

    before = await cuts_of_a_lesson()
    after = await cuts_of_a_lesson()
    assert [c["seg"] for c in before] == [0]
    assert after[0]["seg"] == 2  # the gap that began when the relay stopped is 1
    assert after[-1]["us"] > before[-1]["us"]


async def test_names_are_names(rig: Rig) -> None:
    for lesson in ("", "a/b", "..", "L1\n", "x" * 65, 7):
        with pytest.raises(Refused) as no:
            await rig.request(
                "publish", lesson=lesson, source="lead", holder="me", sdp=offer("video")
            )
        assert (no.value.status, no.value.code) == (400, "bad_name")


async def test_under_load_sound_rides_with_pictures_or_goes_alone(
    rig: Rig, peer: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tongke_streaming.rtc.batch.BUSY", -1.0)
    publisher, track = await live(rig, peer, kinds=("video", "audio"))
    sound = Track(0x2222, OPUS)
    publisher.send_rtp(rtp(sound, b"first"))
    viewer = await peer().watch(rig, offer("video", "audio", direction="recvonly"))
    await viewer.rtp.until(has(DELTA + b"2"))
    publisher.send_rtp(rtp(sound, b"joins"))
    await viewer.rtp.until(has(b"joins"))
    await rig.stats()
    await rig.stats()
    # With pictures in the same breath, and without: every packet comes, whole and in order.
    for number in range(20):
        publisher.send_rtp(rtp(sound, b"s%d" % number))
        if number % 2:
            publisher.send_rtp(rtp(track, DELTA + b"x" * 40))
            publisher.send_rtp(rtp(track, DELTA + b"p%d" % number))
            await viewer.rtp.until(has(DELTA + b"p%d" % number))
        await viewer.rtp.until(has(b"s%d" % number))
    heard = [p for p in viewer.rtp.seen if p.payload_type == OPUS]
    assert [p.payload for p in heard[-20:]] == [b"s%d" % n for n in range(20)]
    numbers = [p.sequence_number for p in heard]
    assert all((b - a) & 0xFFFF == 1 for a, b in pairwise(numbers))


async def test_sessions_are_listed_with_what_let_them_in_and_ended_with_a_reason(
    rig: Rig, peer: Make
) -> None:
    """What the web process does when a right ends: it looks who is there and drops them."""
    publisher, track = await live(rig, peer)
    text = offer("video", direction="recvonly")
    viewers = [
        (await rig.request("watch", lesson="L1", label="", room=None, credential=by, sdp=text))[
            "session"
        ]
        for by in ("one", "two", "one")
    ]
    grants = (await rig.request("sessions"))["grants"]
    found = {(one["act"], one["credential"]): one["sessions"] for one in grants}
    assert found == {
        ("publish", ""): [publisher.session],
        ("watch", "one"): [viewers[0], viewers[2]],
        ("watch", "two"): [viewers[1]],
    }
    assert {one["lesson"] for one in grants} == {"L1"}
    await rig.request("drop", session=publisher.session, act="publish", reason="not allowed")
    ended = await rig.events.until(ended_event(publisher.session))
    assert ended["reason"] == "not allowed"
    await rig.source("away")
    packets = len(rig.packets.seen)
    publisher.send_rtp(rtp(track, KEYFRAME))
    await rig.stats()
    assert len(rig.packets.seen) == packets, "nothing it sends afterwards is fed to the packager"
    assert [one["act"] for one in (await rig.request("sessions"))["grants"]] == ["watch"] * 2
