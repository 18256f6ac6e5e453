"""Light WebRTC clients for load: transport and counting, nothing decoded.

A Peer is one UDP socket with its own ICE checks, DTLS and SRTP. A Viewer counts what it gets by the
RTP header, which SRTP leaves readable; a checking Viewer decrypts everything and holds it against
what bench.replay sent. A Crowd moves them all on one loop.
"""

import asyncio
import re
import secrets
import select
import socket
import struct
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

from aioice.stun import Class, Message, Method

from tongke_streaming.rtc import rtcp, sdp, stun
from tongke_streaming.rtc.dtls import Dtls, Identity
from tongke_streaming.rtc.rtp import EXT_ABS_SEND_TIME, EXT_TRANSPORT_CC, parse
from tongke_streaming.rtc.srtp import Error as SrtpError
from tongke_streaming.rtc.srtp import Inbound, Outbound

TYPES = {"a": 111, "v": 102}
_SOL_UDP, _UDP_GRO = 17, 104
_SO_TIMESTAMPNS, _SO_RCVBUFFORCE = 35, 33
_TIMESPEC, _INT = struct.Struct("=qq"), struct.Struct("=i")
_ANCILLARY = socket.CMSG_SPACE(16) + socket.CMSG_SPACE(4)
_SEQ_SSRC = struct.Struct("!2xH4xI")
_REPORT_S = 1.0
_ROUNDS = 16
_CODECS = {
    "audio": ["a=rtpmap:111 opus/48000/2", "a=fmtp:111 minptime=10;useinbandfec=1"],
    "video": [
        "a=rtpmap:102 H264/90000",
        "a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
        *(f"a=rtcp-fb:102 {kind}" for kind in ("goog-remb", "transport-cc", "nack", "nack pli")),
        "a=rtpmap:103 rtx/90000",
        "a=fmtp:103 apt=102",
    ],
}
# All reads of a process go through one buffer; GRO hands over up to 64 KiB at once.
_BUFFER = bytearray(1 << 16)


@dataclass(frozen=True)
class Remote:
    """What a server's SDP says. ``ssrcs``: kind letter → SSRC, absent where it says none."""

    ufrag: str
    password: str
    fingerprint: tuple[str, str]
    address: tuple[str, int]
    ssrcs: dict[str, int]


def read_remote(text: str) -> Remote:
    """Raises sdp.BadSdp, or ValueError when there is no candidate."""
    parsed = sdp.parse_offer(text)
    candidate = re.search(r"a=candidate:\S+ 1 udp \d+ ([\d.]+) (\d+) typ host", text, re.IGNORECASE)
    if candidate is None:
        raise ValueError("the server's SDP names no address")
    ssrcs = {
        media.kind[0]: int(media.attributes["ssrc"].split()[0])
        for media in parsed.media
        if "ssrc" in media.attributes
    }
    address = candidate[1], int(candidate[2])
    return Remote(parsed.ufrag, parsed.password, parsed.fingerprint, address, ssrcs)


class Peer:
    """Our end of one transport: controlling ICE agent, DTLS client, SRTP."""

    def __init__(self, identity: Identity, *, gro: bool = True, timed: bool = False) -> None:
        self.ufrag, self.password = secrets.token_hex(4), secrets.token_hex(16)
        self.identity = identity
        self.outbound: Outbound | None = None
        self.inbound: Inbound | None = None
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.setblocking(False)
        # A viewer that is read late must not look like one the server lost packets for.
        self.sock.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 4 << 20)
        if gro:
            self.sock.setsockopt(_SOL_UDP, _UDP_GRO, 1)
        if timed:
            self.sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        self._dtls: Dtls | None = None
        self._binding = b""

    def connect(self, remote: Remote) -> None:
        """Start ICE and DTLS."""
        self.sock.connect(remote.address)
        self._dtls = Dtls(self.identity, remote.fingerprint, client=True)
        message = Message(Method.BINDING, Class.REQUEST)
        message.attributes["USERNAME"] = f"{remote.ufrag}:{self.ufrag}"
        message.attributes["PRIORITY"] = 1 << 24
        message.attributes["ICE-CONTROLLING"] = secrets.randbits(64)
        message.attributes["USE-CANDIDATE"] = None
        message.add_message_integrity(remote.password.encode())
        self._binding = bytes(message)
        self.check()

    def check(self) -> None:
        """Always the same request: a server answers a repeated one, and load must stay light."""
        self.send(self._binding)

    def send(self, data: bytes) -> None:
        with suppress(BlockingIOError, ConnectionRefusedError):  # as lost as on a link
            self.sock.send(data)

    def drain(self) -> None:
        """Read all there is."""
        while self.read():
            pass

    def read(self) -> bool:
        """Take one delivery of the socket; False when there was none."""
        try:
            size, ancillary, _, _ = self.sock.recvmsg_into([_BUFFER], _ANCILLARY)
        except (BlockingIOError, ConnectionRefusedError):
            return False
        first = _BUFFER[0]
        if 128 <= first <= 191:
            self.take_media(size, ancillary)
        elif 20 <= first <= 63:
            self._take_dtls(bytes(_BUFFER[:size]))
        elif self._dtls is not None:
            self._take_check(bytes(_BUFFER[:size]), self._dtls)
        return True

    def _take_check(self, data: bytes, dtls: Dtls) -> None:
        """A success begins DTLS; a server that checks us in turn is answered (RFC 8445 §7.3)."""
        if data[:2] == b"\x01\x01":
            for datagram in dtls.start():
                self.send(datagram)
        elif (found := stun.read_check(data)) and found[1] == self.ufrag:
            host, port = self.sock.getpeername()
            self.send(stun.success(found[0], (host, port, bytes(4)), self.password))

    def _take_dtls(self, data: bytes) -> None:
        if self._dtls is None:
            return
        for datagram in self._dtls.take(data):
            self.send(datagram)
        if self._dtls.keys is not None and self.outbound is None:
            profile, theirs, ours = self._dtls.keys
            self.inbound, self.outbound = Inbound(profile, theirs), Outbound(profile, ours)

    def poll(self) -> None:
        """While connecting: repeat what may have been lost."""
        if self.outbound is None and self._dtls is not None:
            for datagram in self._dtls.poll():
                self.send(datagram)

    def take_media(self, size: int, ancillary: list[tuple[int, int, bytes]]) -> None:
        """SRTP or SRTCP in ``_BUFFER[:size]``, perhaps several packets; ignored here."""

    def close(self) -> None:
        if self._dtls is not None:
            for datagram in self._dtls.close():
                self.send(datagram)
        self.sock.close()


def offer(peer: Peer, direction: str) -> str:
    """As Chromium's: one sound, one picture with RTX, everything bundled."""
    # A receiver asks for send times, a sender for the relay's feedback.
    uri = EXT_TRANSPORT_CC if direction == "sendonly" else EXT_ABS_SEND_TIME
    lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0 1"]
    for mid, (kind, codec) in enumerate(_CODECS.items()):
        numbers = "111" if kind == "audio" else "102 103"
        lines += [
            f"m={kind} 9 UDP/TLS/RTP/SAVPF {numbers}",
            "c=IN IP4 0.0.0.0",
            f"a=ice-ufrag:{peer.ufrag}",
            f"a=ice-pwd:{peer.password}",
            f"a=fingerprint:sha-256 {peer.identity.fingerprint}",
            "a=setup:actpass",
            f"a=mid:{mid}",
            f"a=extmap:3 {uri}",
            f"a={direction}",
            "a=rtcp-mux",
            *codec,
        ]
    return "\r\n".join(lines) + "\r\n"


@dataclass
class Track:
    """One SSRC as a viewer sees it; ``lost`` counts numbers that never came."""

    ssrc: int
    next: int = -1
    packets: int = 0
    lost: int = 0
    late: int = 0

    def jumped(self, seq: int) -> None:
        """``seq`` is not the one expected."""
        if self.next >= 0:
            ahead = (seq - self.next) & 0xFFFF
            if ahead >= 0x8000:
                self.late += 1
                self.lost = max(0, self.lost - 1)
                return
            self.lost += ahead
        self.next = (seq + 1) & 0xFFFF


@dataclass
class Checked:
    """What a checking viewer found; ``delays_us`` from before ``send`` to the viewer's kernel."""

    packets: int = 0
    damaged: int = 0
    skipped: int = 0
    delays_us: list[int] = field(default_factory=list)


Check = Callable[[str, bytes], tuple[int, int] | None]


class Viewer(Peer):
    """Counts every packet; with ``check`` decrypts and checks every one."""

    def __init__(self, identity: Identity, *, gro: bool = True, check: Check | None = None) -> None:
        super().__init__(identity, gro=gro, timed=check is not None)
        self.tracks: dict[int, Track] = {}
        self.served = asyncio.Event()
        self.octets = 0
        self.checked = Checked()
        self._check_payload = check
        self._expected: dict[str, int] = {}
        self._ssrc = secrets.randbits(31) | 1

    def take_media(self, size: int, ancillary: list[tuple[int, int, bytes]]) -> None:
        stride, arrived_us = size, 0
        for level, kind, data in ancillary:
            if level == _SOL_UDP:
                stride = _INT.unpack(data)[0]
            elif kind == _SO_TIMESTAMPNS:
                seconds, nanoseconds = _TIMESPEC.unpack(data)
                arrived_us = seconds * 1_000_000 + nanoseconds // 1000
        self.octets += size
        tracks, unpack = self.tracks, _SEQ_SSRC.unpack_from
        for at in range(0, size, stride):
            if 192 <= _BUFFER[at + 1] <= 223:
                continue
            seq, ssrc = unpack(_BUFFER, at)
            track = tracks.get(ssrc)
            if track is None:
                track = tracks[ssrc] = Track(ssrc)
                if len(tracks) == 2:
                    self.served.set()
            if seq == track.next:
                track.next = (seq + 1) & 0xFFFF
            else:
                track.jumped(seq)
            track.packets += 1
            if self._check_payload is not None:
                self._open(bytearray(_BUFFER[at : min(at + stride, size)]), arrived_us)

    def _open(self, data: bytearray, arrived_us: int) -> None:
        assert self.inbound is not None
        assert self._check_payload is not None
        found, kind = None, "v"
        try:
            packet = parse(bytes(data[: self.inbound.rtp_in_place(data, len(data))]))
            kind = "a" if packet.payload_type == TYPES["a"] else "v"
            found = self._check_payload(kind, packet.payload)
        except (SrtpError, ValueError):
            pass
        checked = self.checked
        checked.packets += 1
        if found is None:
            checked.damaged += 1
            return
        us, number = found
        expected = self._expected.get(kind)
        if us:
            checked.delays_us.append(arrived_us - us)
            checked.skipped += expected is not None and number != expected
            self._expected[kind] = number + 1
        elif expected is not None:
            self._expected[kind] = expected + 1

    def report(self) -> None:
        """What Chromium sends once a second: how each track arrives, and its estimate."""
        if self.outbound is None:
            return
        blocks = [
            rtcp.Report(track.ssrc, 0.0, 0, (track.next - 1) & 0xFFFF, 0, 0, 0)
            for track in self.tracks.values()
        ]
        remb = struct.pack(
            "!BBHII4sBBHI", 0x8F, 206, 5, self._ssrc, 0, b"REMB", 1, 6 << 2 | 1, 0, 1
        )
        self.send(self.outbound.rtcp(rtcp.receiver_report(self._ssrc, blocks) + remb))


class Crowd:
    """Many viewers on one loop: sockets read in batches, reports and checks spread evenly."""

    def __init__(self, *, pause_s: float = 0.004) -> None:
        self.viewers: list[Viewer] = []
        self._by_fd: dict[int, Viewer] = {}
        self._epoll = select.epoll()
        self._pause_s = pause_s
        self._due: deque[tuple[float, int, Viewer]] = deque()

    def add(self, viewer: Viewer) -> None:
        self.viewers.append(viewer)
        self._by_fd[viewer.sock.fileno()] = viewer
        self._epoll.register(viewer.sock.fileno(), select.EPOLLIN)
        self._due.append((time.monotonic() + _REPORT_S, 0, viewer))

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            # Read once a turn, a viewer would fall behind datagrams that come unmerged.
            for _ in range(_ROUNDS):
                ready = self._epoll.poll(0, 4096)
                for fd, _ in ready:
                    self._by_fd[fd].read()
                if not ready:
                    break
            self._timers(time.monotonic())
            await asyncio.sleep(self._pause_s)

    def _timers(self, now: float) -> None:
        while self._due and self._due[0][0] <= now:
            due, turn, viewer = self._due.popleft()
            viewer.poll()
            viewer.report()
            if turn % 5 in (0, 2):  # every 2.5 s on average
                viewer.check()
            self._due.append((due + _REPORT_S, turn + 1, viewer))

    async def join(self, viewer: Viewer, ask: Callable[[Viewer], Awaitable[Remote]]) -> None:
        """Sign on and wait for the first packets of both tracks. Raises TimeoutError."""
        remote = await ask(viewer)
        viewer.connect(remote)
        self.add(viewer)
        async with asyncio.timeout(60):
            await viewer.served.wait()

    def close(self) -> None:
        for viewer in self.viewers:
            self._epoll.unregister(viewer.sock.fileno())
            viewer.close()
        self._epoll.close()
