"""Datagrams to many peers, encrypted side by side and handed to the kernel by one sendmmsg.

Python's ``sendmsg`` takes its addresses and control messages apart anew on each call. Here a peer's
are packed once; of a message only place, length and stride change. For Linux on 64-bit machines.
"""

import ctypes
import socket
import struct
from typing import Any

from .port import IP_PKTINFO, SOL_UDP, UDP_SEGMENT, MediaPort
from .srtp import Pad
from .stun import Address

_MOST = 32
_MOST_KNOWN = 8192
# What lies here is read back by the kernel at once: no more than a core's cache holds.
_ROOM = 256 << 10
_LARGEST = 64 << 10

# struct mmsghdr, struct iovec; sockaddr_in, in_pktinfo and UDP_SEGMENT with their cmsghdrs.
_MMSGHDR = struct.Struct("=QI4xQQQQi4xI4x")
_IOVEC = struct.Struct("=QQ")
_NAME = struct.Struct("=H2s4s8x")
_PKTINFO = struct.Struct("=QiiI4s4s4x")
_SEGMENT = struct.Struct("=QiiH6x")
_STRIDE = struct.Struct("=H")
_WAY = _NAME.size + _PKTINFO.size + _SEGMENT.size
_STRIDE_AT = _WAY - 8

_sendmmsg: Any = ctypes.CDLL(None, use_errno=True).sendmmsg
_sendmmsg.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int)


def _way(address: Address) -> bytes:
    """The peer's socket address, and the control messages: from which address, cut how."""
    host, port, local = address
    name = _NAME.pack(socket.AF_INET, port.to_bytes(2, "big"), socket.inet_aton(host))
    leave = _PKTINFO.pack(28, socket.IPPROTO_IP, IP_PKTINFO, 0, local, bytes(4))
    return name + leave + _SEGMENT.pack(18, SOL_UDP, UDP_SEGMENT, 0)


def _address_of(buffer: bytearray) -> int:
    return ctypes.addressof(ctypes.c_char.from_buffer(buffer))


class Outbox:
    """The next run goes to ``pad`` at ``at``, then ``put`` takes it; ``flush`` sends them all."""

    def __init__(self, port: MediaPort) -> None:
        self.pad = Pad(_ROOM + _LARGEST)
        self.at = 0
        self._port = port
        self._known: dict[Address, bytes] = {}
        self._waiting: list[tuple[int, int, int, int, Address]] = []
        self._base = _address_of(self.pad.bytes)
        self._ways, self._iovecs = bytearray(_WAY * _MOST), bytearray(_IOVEC.size * _MOST)
        self._heads = bytearray(_MMSGHDR.size * _MOST)
        self._heads_base = _address_of(self._heads)
        ways, iovecs = _address_of(self._ways), _address_of(self._iovecs)
        for i in range(_MOST):
            name, iovec = ways + _WAY * i, iovecs + _IOVEC.size * i
            control = name + _NAME.size, _WAY - _NAME.size
            head = name, _NAME.size, iovec, 1, *control, 0, 0
            _MMSGHDR.pack_into(self._heads, _MMSGHDR.size * i, *head)

    def put(self, size: int, stride: int, count: int, address: Address) -> None:
        """``count`` packets of ``stride`` bytes (the last may be shorter) that lie at ``at``."""
        if count > 1 and not self._port.gso:
            self.flush()
            self._alone(self.at, size, stride, count, address)
            return
        index, at = len(self._waiting), self.at
        way = index * _WAY
        self._ways[way : way + _WAY] = self._known.get(address) or self._learn(address)
        _STRIDE.pack_into(self._ways, way + _STRIDE_AT, stride)
        _IOVEC.pack_into(self._iovecs, index * _IOVEC.size, self._base + at, size)
        self._waiting.append((at, size, stride, count, address))
        self.at = at + size
        if index + 1 == _MOST or self.at > _ROOM:
            self.flush()

    def _learn(self, address: Address) -> bytes:
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        way = self._known[address] = _way(address)
        return way

    def flush(self) -> None:
        waiting, done = self._waiting, 0
        descriptor = self._port.descriptor
        while done < len(waiting):
            head = self._heads_base + _MMSGHDR.size * done
            taken = _sendmmsg(descriptor, head, len(waiting) - done, 0)
            if taken > 0:
                self._port.sent += sum(item[3] for item in waiting[done : done + taken])
                if not self._port.gso_proven:
                    self._port.gso_proven = any(i[3] > 1 for i in waiting[done : done + taken])
                done += taken
            else:
                # The port knows what to do with what the kernel refuses.
                self._alone(*waiting[done])
                done += 1
        waiting.clear()
        self.at = 0

    def _alone(self, at: int, size: int, stride: int, count: int, address: Address) -> None:
        self._port.send_segments(self.pad.view[at : at + size], stride, count, address)
