"""What the uplink or a viewer's link lost, asked for and brought again."""

from collections.abc import Callable

import pytest
from aiortc.rtp import RtcpPsfbPacket, RtcpRtpfbPacket, RtcpSrPacket

from tests.rtc.peer import DELTA, H264, KEYFRAME, RTX, Peer, Track, offer, rtp
from tests.rtc.rig import Rig
from tests.rtc.scenes import has, live, nack, same, video_of

Make = Callable[[], Peer]


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
