"""Small lessons of hand-written packets, and how tests name what they wait for."""

import struct
from collections.abc import Callable
from typing import Any

from aiortc.rtp import RtcpSrPacket, RtpPacket

from tests.rtc.peer import DELTA, H264, KEYFRAME, SPS, Peer, Track, offer, rtp
from tests.rtc.rig import Rig
from tongke_streaming.frames import Message

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
