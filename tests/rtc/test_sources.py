"""Publishers and viewers written packet by packet: who gets what, when, under which numbers."""

import asyncio
import struct
from collections.abc import Callable
from typing import Any

import pytest
from aiortc.rtp import RtcpPsfbPacket, RtcpRrPacket, RtcpRtpfbPacket, RtcpSrPacket, RtpPacket

from tests.rtc.peer import DELTA, H264, KEYFRAME, OPUS, RTX, SPS, Peer, Track, offer, rtp
from tests.rtc.rig import Rig
from tongke_streaming.frames import Message, Refused

Make = Callable[[], Peer]


def video_of(viewer: Peer) -> list[RtpPacket]:
    return [p for p in viewer.rtp.seen if p.payload_type == H264]


def has(payload: bytes) -> Callable[[RtpPacket], bool]:
    return lambda p: p.payload == payload


def same(wanted: bytes) -> Callable[[bytes], bool]:
    return lambda found: found == wanted


def sender_report(ssrc: int) -> Callable[[Any], bool]:
    return lambda r: isinstance(r, RtcpSrPacket) and r.ssrc == ssrc


def ended_event(session: str) -> Callable[[Message], bool]:
    return lambda e: (e["ev"], e.get("session"), e.get("state")) == ("session", session, "ended")


def nack(ssrc: int, *lost: int) -> bytes:
    entries = b"".join(seq.to_bytes(2, "big") + bytes(2) for seq in lost)
    words = 2 + len(lost)
    return struct.pack("!BBHII", 0x81, 205, words, 1, ssrc) + entries


async def picture(publisher: Peer, track: Track, *payloads: bytes) -> None:
    """Keyframe first; returns once the relay has them all, in the feed."""
    publisher.send_rtp(rtp(track, SPS, marker=False))
    publisher.send_rtp(rtp(track, KEYFRAME, step=0))
    for payload in payloads:
        publisher.send_rtp(rtp(track, payload))


async def live(rig: Rig, peer: Make, *, kinds: tuple[str, ...] = ("video",)) -> tuple[Peer, Track]:
    publisher = await peer().publish(rig, offer(*kinds))
    track = Track(0x1111, H264)
    await picture(publisher, track, DELTA + b"1", DELTA + b"2")
    await rig.packets.count(4)
    return publisher, track


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


async def test_hole_is_asked_for_and_filled_for_the_viewer(rig: Rig, peer: Make) -> None:
    publisher, track = await live(rig, peer)
    viewer = await peer().watch(rig, offer("video", direction="recvonly"))
    await viewer.rtp.until(has(DELTA + b"2"))
    lost = rtp(track, DELTA + b"lost")
    publisher.send_rtp(rtp(track, DELTA + b"4"))
    await repaired(publisher, lost)
    filled = await viewer.rtp.until(has(DELTA + b"lost"))
    after = next(p for p in video_of(viewer) if p.payload == DELTA + b"4")
    assert (after.sequence_number - filled.sequence_number) & 0xFFFF == 1


async def repaired(publisher: Peer, lost: bytes) -> None:
    """Answer the NACK for ``lost`` by RTX (RFC 4588 §4): the original number, then the payload."""
    number = int.from_bytes(lost[2:4], "big")
    await publisher.rtcp.until(lambda r: isinstance(r, RtcpRtpfbPacket) and number in r.lost)
    repair = Track(0x9999, RTX, timestamp=int.from_bytes(lost[4:8], "big"))
    publisher.send_rtp(rtp(repair, lost[2:4] + lost[12:], step=0, marker=False))


@pytest.mark.parametrize("early", [True, False])
async def test_keyframe_whose_first_packet_was_repaired_lets_joiners_in(
    rig: Rig, peer: Make, early: bool
) -> None:
    publisher = await peer().publish(rig, offer("video"))
    track = Track(0x1111, H264)
    publisher.send_rtp(rtp(track, DELTA))
    await rig.packets.count(1)
    joining = offer("video", direction="recvonly")
    viewer = await peer().watch(rig, joining) if early else peer()
    lost = rtp(track, KEYFRAME, marker=False)
    publisher.send_rtp(rtp(track, DELTA + b"rest", step=0))
    publisher.send_rtp(rtp(track, DELTA + b"next"))
    await repaired(publisher, lost)
    await rig.packets.count(4)
    if not early:
        await viewer.watch(rig, joining)
    await viewer.rtp.until(has(DELTA + b"next"))
    assert [p.payload for p in video_of(viewer)] == [KEYFRAME, DELTA + b"rest", DELTA + b"next"]


async def test_viewer_with_rtx_is_answered_by_rtx(rig: Rig, peer: Make) -> None:
    await live(rig, peer)
    viewer = await peer().watch(rig, offer("video", direction="recvonly"))
    await viewer.rtp.until(has(DELTA + b"2"))
    wanted = video_of(viewer)[2]
    viewer.send_rtcp(nack(wanted.ssrc, wanted.sequence_number))
    again = await viewer.rtp.until(lambda p: p.payload_type == RTX)
    assert again.payload == wanted.sequence_number.to_bytes(2, "big") + wanted.payload
    assert (again.timestamp, again.marker) == (wanted.timestamp, wanted.marker)
    assert again.ssrc != wanted.ssrc


async def test_viewer_without_rtx_gets_the_same_bytes_again(rig: Rig, peer: Make) -> None:
    await live(rig, peer)
    viewer = await peer().watch(rig, offer("video", direction="recvonly", rtx=False))
    await viewer.rtp.until(has(DELTA + b"2"))
    sent = [*viewer.ciphered]
    numbers = [p.sequence_number for p in video_of(viewer)]
    # Its own replay protection would drop them: look at what comes over the wire.
    viewer._inbound = None
    start = len(viewer.raw.seen)
    viewer.send_rtcp(nack(video_of(viewer)[0].ssrc, *numbers))
    for original in sent:
        await viewer.raw.until(same(original), after=start)


async def test_nack_flood_is_bounded(rig: Rig, peer: Make) -> None:
    await live(rig, peer)
    viewer = await peer().watch(rig, offer("video", direction="recvonly"))
    await viewer.rtp.until(has(DELTA + b"2"))
    wanted = video_of(viewer)[0]
    for _ in range(100):
        viewer.send_rtcp(nack(wanted.ssrc, *([wanted.sequence_number] * 100)))
    sender = await viewer.rtcp.until(
        lambda r: isinstance(r, RtcpSrPacket), after=len(viewer.rtcp.seen)
    )
    assert sender.ssrc == wanted.ssrc
    resent = [p for p in viewer.rtp.seen if p.payload_type == RTX]
    assert 100 <= len(resent) <= 1300  # of 10 000; a burst of 400, then 400 a second


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


async def test_jump_of_numbers_asks_for_a_keyframe_not_for_packets(rig: Rig, peer: Make) -> None:
    publisher, track = await live(rig, peer)
    for _ in range(40):  # far more holes than one RTCP packet can name
        track.seq = (track.seq + 499) & 0xFFFF
        publisher.send_rtp(rtp(track, DELTA))
    await publisher.rtcp.until(
        lambda r: isinstance(r, RtcpPsfbPacket) and r.media_ssrc == track.ssrc
    )
    publisher.send_rtp(rtp(track, DELTA + b"alive", cc=1))
    await publisher.feedback.count(1)


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
