"""H.264 over RTP (RFC 6184, packetization-mode 1): what a payload holds, and access units of it.

Modes other than single NAL unit, STAP-A and FU-A are not negotiated by us; their payloads are
refused as hostile.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from tongke_streaming.ingest.h264_syntax import (
    ACCESS_UNIT_DELIMITER,
    IDR_SLICE,
    PPS,
    SEI,
    SLICE,
    SPS,
    Sps,
    is_b_slice,
    parse_sps,
    starts_picture,
)
from tongke_streaming.rtc.rtp import Packet

__all__ = [
    "AccessUnit",
    "Depacketizer",
    "Sps",
    "has_b_slice",
    "has_idr_slice",
    "parse_sps",
    "sps_of",
    "starts_idr",
]

STAP_A = 24
FU_A = 28
MAX_ACCESS_UNIT = 4 << 20  # bytes; a keyframe of 4K video is a tenth of it

_Payload = bytes | memoryview


def _heads(payload: _Payload) -> Iterator[_Payload]:
    """The NAL units that begin in this payload, a fragmented one as far as it goes."""
    if not payload:
        return
    kind = payload[0] & 0x1F
    if kind == STAP_A:
        yield from _aggregated(payload)
    elif kind == FU_A:
        if len(payload) > 2 and payload[1] & 0x80:
            yield bytes((payload[0] & 0xE0 | payload[1] & 0x1F,)) + bytes(payload[2:64])
    elif 0 < kind < STAP_A:
        yield payload


def _aggregated(payload: _Payload) -> Iterator[_Payload]:
    """RFC 6184 §5.7.1; ends at the first unit that does not fit."""
    position, size = 1, len(payload)
    while position + 2 < size:
        length = payload[position] << 8 | payload[position + 1]
        position += 2
        if length == 0 or position + length > size:
            return
        yield payload[position : position + length]
        position += length


def starts_idr(payload: _Payload) -> bool:
    """Whether an RTP payload begins a keyframe: it holds an SPS or the first slice of an IDR.

    An encoder that sends its parameter sets in a packet of their own gives True twice for one
    keyframe, with the same RTP timestamp: count timestamps, not packets. Never raises.
    """
    return any(
        nal[0] & 0x1F == SPS or (nal[0] & 0x1F == IDR_SLICE and starts_picture(nal))
        for nal in _heads(payload)
    )


def has_idr_slice(payload: _Payload) -> bool:
    """Whether the first slice of an IDR picture begins in this payload; once a picture."""
    return any(nal[0] & 0x1F == IDR_SLICE and starts_picture(nal) for nal in _heads(payload))


def has_b_slice(payload: _Payload) -> bool:
    """Whether a B slice begins here: WebRTC and HLS players cannot show such a stream in order."""
    return any(is_b_slice(nal) for nal in _heads(payload))


def sps_of(payload: _Payload) -> Sps | None:
    """The sequence parameter set in this payload, if there is a readable one."""
    for nal in _heads(payload):
        if nal[0] & 0x1F == SPS:
            try:
                return parse_sps(bytes(nal))
            except ValueError:
                return None
    return None


@dataclass(frozen=True, slots=True)
class AccessUnit:
    """One whole picture. ``data`` is AVCC (4-byte lengths) without parameter sets; those, if any
    came with it, are in ``sps`` and ``pps`` as NAL units. ``timestamp`` is the RTP one."""

    timestamp: int
    arrival_us: int
    data: bytes
    idr: bool
    sps: tuple[bytes, ...] = ()
    pps: tuple[bytes, ...] = ()


class Depacketizer:
    """RTP packets of one track, in sequence, into access units. Never raises on any payload.

    A picture any packet of which is missing or malformed is left out.
    """

    def __init__(self) -> None:
        self.dropped = 0
        self._timestamp: int | None = None
        self._after_loss = False
        self._reset()

    def _reset(self) -> None:
        self._timestamp = None
        self._nals: list[bytes] = []
        self._fragments: list[bytes] | None = None
        self._size = 0
        self._whole = True
        self._arrival_us = 0

    def lost(self) -> None:
        """Packets are missing between the last one pushed and the next."""
        self._after_loss = True
        if self._timestamp is not None:
            self._whole = False

    def push(self, packet: Packet) -> list[AccessUnit]:
        """The pictures this packet completes: one at its marker, one before a new timestamp."""
        done: list[AccessUnit] = []
        if self._timestamp is not None and packet.timestamp != self._timestamp:
            self._finish(done)
        if self._timestamp is None:
            self._begin(packet)
        try:
            self._take(packet.payload)
        except ValueError:
            self._whole = False
        if packet.marker:
            self._finish(done)
        return done

    def flush(self) -> list[AccessUnit]:
        """The last picture, when no packet will follow."""
        done: list[AccessUnit] = []
        if self._timestamp is not None:
            self._finish(done)
        return done

    def _begin(self, packet: Packet) -> None:
        self._reset()
        self._timestamp = packet.timestamp
        self._arrival_us = packet.arrival_us
        if self._after_loss:
            self._whole = _begins_access_unit(packet.payload)
        self._after_loss = False

    def _take(self, payload: bytes) -> None:
        self._size += len(payload)
        if self._size > MAX_ACCESS_UNIT:
            self._nals.clear()
            self._fragments = None
            raise ValueError("access unit is too large")
        kind = payload[0] & 0x1F if payload else 0
        if kind == FU_A:
            self._take_fragment(payload)
        elif self._fragments is not None:
            raise ValueError("a fragmented NAL unit does not end")
        elif kind == STAP_A:
            units = [bytes(nal) for nal in _aggregated(payload)]
            if sum(map(len, units)) + 2 * len(units) + 1 != len(payload):
                raise ValueError("STAP-A lengths do not fit")
            self._nals += units
        elif 0 < kind < STAP_A:
            self._nals.append(payload)
        else:
            raise ValueError(f"payload type {kind} was not negotiated")

    def _take_fragment(self, payload: bytes) -> None:
        """RFC 6184 §5.8."""
        if len(payload) < 3 or payload[1] & 0xC0 == 0xC0:
            raise ValueError("FU-A is malformed")
        start, end = payload[1] & 0x80, payload[1] & 0x40
        if bool(start) is (self._fragments is not None):
            raise ValueError("FU-A fragments do not follow each other")
        if self._fragments is None:
            self._fragments = [bytes((payload[0] & 0xE0 | payload[1] & 0x1F,))]
        self._fragments.append(payload[2:])
        if end:
            self._nals.append(b"".join(self._fragments))
            self._fragments = None

    def _finish(self, done: list[AccessUnit]) -> None:
        timestamp, whole = self._timestamp, self._whole and self._fragments is None
        unit = None
        if timestamp is not None and whole:
            unit = _assemble(timestamp, self._arrival_us, self._nals)
        if unit is None:
            self.dropped += 1
        else:
            done.append(unit)
        self._reset()


def _begins_access_unit(payload: bytes) -> bool:
    for nal in _heads(payload):
        kind = nal[0] & 0x1F
        return kind in (SEI, SPS, PPS, ACCESS_UNIT_DELIMITER) or starts_picture(nal)
    return False


def _assemble(timestamp: int, arrival_us: int, nals: list[bytes]) -> AccessUnit | None:
    """None when there is no slice in it."""
    kept: list[bytes] = []
    sps: list[bytes] = []
    pps: list[bytes] = []
    idr = picture = False
    for nal in nals:
        kind = nal[0] & 0x1F
        if kind == SPS:
            sps.append(nal)
        elif kind == PPS:
            pps.append(nal)
        elif kind in (SLICE, IDR_SLICE, SEI):
            kept += (len(nal).to_bytes(4, "big"), nal)
            idr = idr or kind == IDR_SLICE
            picture = picture or kind != SEI
    if not picture:
        return None
    return AccessUnit(timestamp, arrival_us, b"".join(kept), idr, tuple(sps), tuple(pps))
