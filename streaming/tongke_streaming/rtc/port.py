"""The one UDP port of a relay: reads datagrams, finds their session, sends what sessions send.

Demultiplexing by RFC 7983. Answers go only to authenticated checks and to addresses such a check
came from; everything else is dropped without a word, so nothing is amplified.
"""

import asyncio
import errno
import socket
import struct
from collections.abc import Callable

from ..clock import Clock
from . import stun
from .session import Address, Session

# linux/udp.h, linux/in.h; the socket module of Python 3.11 has no names for them.
SOL_UDP = 17
IP_PKTINFO = 8
UDP_SEGMENT = 103
_IN_PKTINFO = struct.Struct("=I4s4s")
_ANCILLARY = socket.CMSG_SPACE(_IN_PKTINFO.size)
_BUFFER = 2048
_READS_PER_WAKE = 128
_SOCKET_BUFFER = 8 << 20
_SO_SNDBUFFORCE, _SO_RCVBUFFORCE = 32, 33
_ANY = bytes(4)
_AGAIN = (errno.EAGAIN, errno.ENOBUFS)
_NO_GSO = (errno.EIO, errno.EINVAL, errno.EMSGSIZE, errno.ENOPROTOOPT, errno.EOPNOTSUPP)


def open_socket(host: str, port: int) -> socket.socket:
    """A non-blocking UDP socket with room for bursts. Raises OSError when the port is taken."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        # A server has several addresses: each datagram tells which one it was sent to.
        sock.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
        for force, plain in (
            (_SO_SNDBUFFORCE, socket.SO_SNDBUF),
            (_SO_RCVBUFFORCE, socket.SO_RCVBUF),
        ):
            try:
                sock.setsockopt(socket.SOL_SOCKET, force, _SOCKET_BUFFER)
            except OSError:
                sock.setsockopt(socket.SOL_SOCKET, plain, _SOCKET_BUFFER)
        sock.bind((host, port))
    except OSError:
        sock.close()
        raise
    return sock


class MediaPort:
    """Sessions by ICE user name and by address. ``after_reads`` runs when the socket is drained."""

    def __init__(self, sock: socket.socket, clock: Clock, after_reads: Callable[[], None]) -> None:
        self._sock = sock
        self._clock = clock
        self._after_reads = after_reads
        self._by_ufrag: dict[str, Session] = {}
        self._by_address: dict[Address, Session] = {}
        self._buffer = bytearray(_BUFFER)
        self._view = memoryview(self._buffer)
        self._leave_from: dict[bytes, tuple[int, int, bytes]] = {}
        self.gso = True
        self.gso_proven = False
        self.dropped_in = 0
        self.dropped_out = 0
        self.sent = 0

    @property
    def descriptor(self) -> int:
        """For outbox.py, which sends past Python's socket calls."""
        return self._sock.fileno()

    @property
    def local(self) -> tuple[str, int]:
        name: tuple[str, int] = self._sock.getsockname()
        return name

    def start(self) -> None:
        asyncio.get_running_loop().add_reader(self._sock.fileno(), self._read)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._sock.fileno())
        self._sock.close()

    def add(self, session: Session) -> None:
        self._by_ufrag[session.ufrag] = session

    def remove(self, session: Session) -> None:
        for ufrag in session.passwords:
            self._by_ufrag.pop(ufrag, None)
        for address in session.checked:
            if self._by_address.get(address) is session:
                del self._by_address[address]

    def forget(self, ufrag: str) -> None:
        """A user name that is good no longer."""
        self._by_ufrag.pop(ufrag, None)

    def _read(self) -> None:
        # A bounded number of datagrams per wake, so that timers and control messages get a turn.
        receive, buffers = self._sock.recvmsg_into, [self._buffer]
        try:
            for _ in range(_READS_PER_WAKE):
                size, ancillary, _, (host, port) = receive(buffers, _ANCILLARY)
                local = ancillary[0][2][8:12] if ancillary else _ANY
                self._dispatch(size, (host, port, local))
        except (BlockingIOError, ConnectionError):
            pass  # drained; or an ICMP error of some peer that is gone, which its timer notices
        except Exception as error:  # noqa: BLE001 - told to the loop
            # A bug met by one datagram must not hold up the others' packets.
            asyncio.get_running_loop().call_exception_handler(
                {"message": "a datagram could not be handled", "exception": error}
            )
        self._after_reads()

    def _dispatch(self, size: int, address: Address) -> None:
        if size < 2:
            self.dropped_in += 1
            return
        first = self._buffer[0]
        session = self._by_address.get(address)
        if 128 <= first <= 191:
            if session is not None and size < _BUFFER:
                session.take_media(self._buffer, size, address, self._clock.now_us())
                return
        elif 20 <= first <= 63:
            if session is not None:
                session.take_dtls(bytes(self._view[:size]), address)
                return
        elif first < 4:
            self._check(bytes(self._view[:size]), address)
            return
        self.dropped_in += 1

    def _check(self, data: bytes, address: Address) -> None:
        found = stun.read_check(data) if stun.is_stun(data) else None
        session = self._by_ufrag.get(found[1]) if found else None
        if found is None or session is None or session.ended is not None:
            self.dropped_in += 1
            return
        former = self._by_address.get(address)
        if former is not None and former is not session and former.holds(address):
            self.dropped_in += 1  # a forged source address must not cut a lesson off
            return
        if not session.take_check(found[0], found[1], address):
            self.dropped_in += 1
            return
        self._by_address[address] = session
        oldest = session.forget_address()
        if oldest is not None and self._by_address.get(oldest) is session:
            del self._by_address[oldest]

    def send(self, data: bytes | memoryview, address: Address) -> None:
        """One datagram; a full socket buffer or an unreachable peer loses it, as a link would."""
        try:
            self._sock.sendmsg([data], [self._from(address)], 0, address[:2])
            self.sent += 1
        except OSError:
            self.dropped_out += 1

    def _from(self, address: Address) -> tuple[int, int, bytes]:
        """The control message that makes a datagram leave from the address the peer spoke to."""
        found = self._leave_from.get(address[2])
        if found is None:
            info = _IN_PKTINFO.pack(0, address[2], bytes(4))
            found = self._leave_from[address[2]] = (socket.IPPROTO_IP, IP_PKTINFO, info)
        return found

    def send_segments(self, data: memoryview, stride: int, count: int, address: Address) -> None:
        """``count`` datagrams of ``stride`` bytes (the last may be shorter) that lie together."""
        if count > 1 and self.gso:
            try:
                segment = (SOL_UDP, UDP_SEGMENT, struct.pack("=H", stride))
                self._sock.sendmsg([data], [self._from(address), segment], 0, address[:2])
                self.gso_proven = True
                self.sent += count
                return
            except OSError as error:
                if error.errno in _AGAIN or error.errno not in _NO_GSO:
                    self.dropped_out += count
                    return
                # A tunnel or an old driver refuses segmentation: one by one from now on. Where
                # others' bursts went through it is this peer's own way that refuses.
                self.gso = self.gso_proven
        for at in range(0, len(data), stride):
            self.send(data[at : at + stride], address)
