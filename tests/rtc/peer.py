"""A peer written packet by packet: what it sends is known, what it gets is kept.

STUN by aioice, SRTP by pylibsrtp's public calls, RTP and RTCP read by aiortc; the offer is text.
"""

import asyncio
import re
import secrets
from dataclasses import dataclass, field
from typing import Any

from aioice import stun
from aiortc.rtp import RtcpPacket, RtpPacket, is_rtcp
from pylibsrtp import Policy, Session

from tests.rtc.rig import Rig
from tests.rtc.waiting import PATIENCE_S, Arrivals
from tongke_streaming.rtc.dtls import Dtls, Identity
from tongke_streaming.rtc.srtp import Profile

IDENTITY = Identity()

H264, RTX, OPUS, CC_ID, RID_ID, RRID_ID, SEND_TIME_ID = 96, 97, 111, 3, 4, 5, 6
KEYFRAME = b"\x65\x88\x84" + bytes(200)
SPS = bytes.fromhex("6742c01fd900a0047f")
DELTA = b"\x41\x9a\x02" + bytes(100)

_EXTENSIONS = {
    CC_ID: "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
    RID_ID: "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
    RRID_ID: "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
    SEND_TIME_ID: "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
}


def offer(
    *kinds: str,
    direction: str = "sendonly",
    rids: tuple[str, ...] = (),
    rtx: bool = True,
    setup: str = "actpass",
    fingerprint: str = IDENTITY.fingerprint,
    ufrag: str = "abcd",
    extensions: bool = True,
) -> str:
    """An offer as a browser would write it, with as many sections as ``kinds``."""
    lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0"]
    lines.append("a=group:BUNDLE " + " ".join(str(n) for n in range(len(kinds))))
    for number, kind in enumerate(kinds):
        types = (f"{H264} {RTX}" if rtx else f"{H264}") if kind == "video" else f"{OPUS}"
        lines += [
            f"m={kind} 9 UDP/TLS/RTP/SAVPF {types}",
            "c=IN IP4 0.0.0.0",
            f"a=ice-ufrag:{ufrag}",
            "a=ice-pwd:" + "p" * 24,
            f"a=fingerprint:sha-256 {fingerprint}",
            f"a=setup:{setup}",
            f"a=mid:{number}",
            f"a={direction}",
            "a=rtcp-mux",
        ]
        if extensions:
            lines += [f"a=extmap:{i} {uri}" for i, uri in _EXTENSIONS.items()]
        lines += _codec(kind, rtx)
        if kind == "video" and rids:
            lines += [f"a=rid:{rid} send" for rid in rids]
            lines.append("a=simulcast:send " + ";".join(rids))
    return "\r\n".join(lines) + "\r\n"


def _codec(kind: str, rtx: bool) -> list[str]:
    if kind == "audio":
        return [f"a=rtpmap:{OPUS} opus/48000/2", f"a=rtcp-fb:{OPUS} transport-cc"]
    lines = [f"a=rtpmap:{H264} H264/90000"]
    lines.append(f"a=fmtp:{H264} packetization-mode=1;profile-level-id=42e01f")
    lines += [f"a=rtcp-fb:{H264} {k}" for k in ("nack", "nack pli", "transport-cc", "goog-remb")]
    if rtx:
        lines += [f"a=rtpmap:{RTX} rtx/90000", f"a=fmtp:{RTX} apt={H264}"]
    return lines


@dataclass
class Track:
    """What a publisher sends under one SSRC."""

    ssrc: int
    payload_type: int
    rid: str = ""
    seq: int = field(default_factory=lambda: secrets.randbits(16))
    timestamp: int = field(default_factory=lambda: secrets.randbits(32))


def rtp(
    track: Track, payload: bytes, *, step: int = 3000, marker: bool = True, cc: int | None = None
) -> bytes:
    """The next packet of ``track``, ``step`` timestamp units after the former."""
    track.seq = (track.seq + 1) & 0xFFFF
    track.timestamp = (track.timestamp + step) & 0xFFFFFFFF
    elements = b""
    if track.rid:
        elements += bytes([RID_ID << 4 | len(track.rid) - 1]) + track.rid.encode()
    if cc is not None:
        elements += bytes([CC_ID << 4 | 1]) + cc.to_bytes(2, "big")
    head = b""
    if elements:
        elements += bytes(-len(elements) % 4)
        head = b"\xbe\xde" + (len(elements) // 4).to_bytes(2, "big") + elements
    return (
        bytes([0x90 if head else 0x80, track.payload_type | (0x80 if marker else 0)])
        + track.seq.to_bytes(2, "big")
        + track.timestamp.to_bytes(4, "big")
        + track.ssrc.to_bytes(4, "big")
        + head
        + payload
    )


class Peer(asyncio.DatagramProtocol):
    """One socket and one session of it."""

    def __init__(self) -> None:
        self.stun: Arrivals[stun.Message] = Arrivals()
        self.rtp: Arrivals[RtpPacket] = Arrivals()
        self.rtcp: Arrivals[Any] = Arrivals()
        self.feedback: Arrivals[bytes] = Arrivals()  # transport-cc
        self.raw: Arrivals[bytes] = Arrivals()
        self.ciphered: list[bytes] = []
        self.keyed = asyncio.Event()
        self.closed = asyncio.Event()
        self.session = ""
        self.etag = ""
        self.answer = ""
        self.dtls: Dtls | None = None
        self.outbound: Session
        self.transport: asyncio.DatagramTransport
        self._inbound: Session | None = None
        self._local = "abcd"
        self._sockets: list[asyncio.DatagramTransport] = []

    async def open(self) -> "Peer":
        """A socket; again for another address of the same peer."""
        loop = asyncio.get_running_loop()
        self.transport, _ = await loop.create_datagram_endpoint(
            lambda: self, local_addr=("127.0.0.1", 0)
        )
        self._sockets.append(self.transport)
        return self

    def close(self) -> None:
        for transport in self._sockets:
            transport.close()

    # What comes in.

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        self.raw.put(data)
        if data[0] < 4:
            self.stun.put(stun.parse_message(data))
        elif 20 <= data[0] <= 63:
            self._take_dtls(data)
        elif self._inbound is not None:
            self._take_media(data)

    def _take_dtls(self, data: bytes) -> None:
        assert self.dtls is not None
        for out in self.dtls.take(data):
            self.send(out)
        if self.dtls.closed:
            self.closed.set()
        if self.dtls.keys is not None and not self.keyed.is_set():
            profile, theirs, ours = self.dtls.keys
            self._inbound = _session(profile, theirs, Policy.SSRC_ANY_INBOUND)
            self.outbound = _session(profile, ours, Policy.SSRC_ANY_OUTBOUND)
            self.keyed.set()

    def _take_media(self, data: bytes) -> None:
        assert self._inbound is not None
        if is_rtcp(data):
            self._take_rtcp(self._inbound.unprotect_rtcp(data))
        else:
            self.ciphered.append(data)
            self.rtp.put(RtpPacket.parse(self._inbound.unprotect(data)))

    def _take_rtcp(self, data: bytes) -> None:
        if data[1] == 205 and data[0] & 31 == 15:  # unknown to aiortc
            self.feedback.put(data)
            return
        for item in RtcpPacket.parse(data):
            self.rtcp.put(item)

    # What goes out.

    def send(self, data: bytes) -> None:
        self.transport.sendto(data, self.remote)

    def send_rtp(self, data: bytes) -> bytes:
        """Returns what went over the wire."""
        sent: bytes = self.outbound.protect(data)
        self.send(sent)
        return sent

    def send_rtcp(self, data: bytes) -> None:
        self.send(self.outbound.protect_rtcp(data))

    def check(self, *, password: str | None = None, nominate: bool = True) -> stun.Message:
        """A connectivity check as ICE sends it (RFC 8445 §7.2)."""
        message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        message.attributes["USERNAME"] = f"{self.ufrag}:{self._local}"
        message.attributes["PRIORITY"] = 1853824767
        message.attributes["ICE-CONTROLLING"] = 7
        if nominate:
            message.attributes["USE-CANDIDATE"] = None
        message.add_message_integrity((password or self.password).encode())
        message.add_fingerprint()
        self.send(bytes(message))
        return message

    async def checked(self) -> stun.Message:
        message = self.check()
        return await self.stun.until(lambda m: m.transaction_id == message.transaction_id)

    # The whole way.

    def take_answer(self, text: str) -> None:
        self.answer = text
        self.ufrag = re.findall(r"a=ice-ufrag:(\S+)", text)[0]
        self.password = re.findall(r"a=ice-pwd:(\S+)", text)[0]
        host, port = re.findall(r"a=candidate:1 1 udp \d+ (\S+) (\d+) typ host", text)[0]
        self.remote = (host, int(port))
        self.fingerprint = re.findall(r"a=fingerprint:sha-256 (\S+)", text)[0]
        self.setup = re.findall(r"a=setup:(\S+)", text)[0]

    async def connect(self, text: str) -> None:
        """Checks, then DTLS, as the answer says."""
        self.take_answer(text)
        client = self.setup == "passive"
        self.dtls = Dtls(IDENTITY, ("sha-256", self.fingerprint), client=client)
        await self.checked()
        for out in self.dtls.start():
            self.send(out)
        async with asyncio.timeout(PATIENCE_S):
            await self.keyed.wait()

    async def publish(
        self, rig: Rig, text: str, *, lesson: str = "L1", source: str = "lead", holder: str = "me"
    ) -> "Peer":
        answer = await rig.request("publish", lesson=lesson, source=source, holder=holder, sdp=text)
        self.session, self.etag = answer["session"], answer["etag"]
        await self.open()
        await self.connect(answer["sdp"])
        return self

    async def watch(self, rig: Rig, text: str, *, lesson: str = "L1") -> "Peer":
        answer = await rig.request("watch", lesson=lesson, label="room", room=None, sdp=text)
        self.session, self.etag = answer["session"], answer["etag"]
        await self.open()
        await self.connect(answer["sdp"])
        return self


def _session(profile: Profile, key: bytes, direction: int) -> Session:
    policy = Policy(key=key, ssrc_type=direction, srtp_profile=profile.number)
    policy.window_size = 1024
    return Session(policy)
