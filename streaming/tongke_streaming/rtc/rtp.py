"""RTP packets as the relay sees them (RFC 3550 §5, RFC 8285 header extensions, RFC 4588 RTX)."""

import struct
from dataclasses import dataclass

HEADER = struct.Struct("!BBHII")
SEQ_TS_SSRC = struct.Struct("!HII")

EXT_MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
EXT_RID = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
EXT_REPAIRED_RID = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
EXT_TRANSPORT_CC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
EXT_ABS_SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"


@dataclass(slots=True)
class Packet:
    """One media packet, header taken apart and padding taken off. ``arrival_us`` is UTC µs."""

    payload_type: int
    marker: bool
    seq: int
    timestamp: int
    ssrc: int
    payload: bytes
    extensions: dict[int, bytes]
    arrival_us: int = 0
    keyframe: bool = False

    def to_bytes(self) -> bytes:
        """The packet without extensions, as it goes to packagers."""
        return (
            HEADER.pack(
                0x80,
                self.payload_type | (0x80 if self.marker else 0),
                self.seq,
                self.timestamp,
                self.ssrc,
            )
            + self.payload
        )


def _extension_elements(profile: int, block: bytes) -> dict[int, bytes]:
    """RFC 8285 §4.2 (one-byte) and §4.3 (two-byte); a truncated element ends the list."""
    found: dict[int, bytes] = {}
    position, size = 0, len(block)
    one_byte = profile == 0xBEDE
    if not one_byte and profile & 0xFFF0 != 0x1000:
        return found
    while position < size:
        head = block[position]
        if head == 0:
            position += 1
            continue
        if one_byte:
            number, length, start = head >> 4, (head & 15) + 1, position + 1
            if number == 15:
                break
        else:
            if position + 2 > size:
                break
            number, length, start = head, block[position + 1], position + 2
        if start + length > size:
            break
        found[number] = block[start : start + length]
        position = start + length
    return found


def parse(data: bytes) -> Packet:
    """Take a decrypted RTP packet apart. Raises ValueError."""
    size = len(data)
    if size < 12:
        raise ValueError("RTP packet shorter than its header")
    first, second, seq, timestamp, ssrc = HEADER.unpack_from(data)
    if first >> 6 != 2:
        raise ValueError("RTP version is not 2")
    start = 12 + 4 * (first & 15)
    extensions: dict[int, bytes] = {}
    if first & 0x10:
        if start + 4 > size:
            raise ValueError("RTP header extension is truncated")
        profile, words = struct.unpack_from("!HH", data, start)
        end = start + 4 + 4 * words
        if end > size:
            raise ValueError("RTP header extension is truncated")
        extensions = _extension_elements(profile, data[start + 4 : end])
        start = end
    stop = size
    if first & 0x20:
        stop = size - data[-1]
        if data[-1] == 0:
            raise ValueError("RTP padding of length 0")
    if start > stop:
        raise ValueError("RTP packet shorter than its fields say")
    return Packet(second & 0x7F, second > 127, seq, timestamp, ssrc, data[start:stop], extensions)


def is_rtcp(data: bytes) -> bool:
    """RFC 5761 §4: RTCP packet types take the range 192–223 of the second byte."""
    return len(data) >= 2 and 192 <= data[1] <= 223


def seq_delta(a: int, b: int) -> int:
    """Signed distance from ``b`` to ``a`` in 16-bit sequence space."""
    return ((a - b + 0x8000) & 0xFFFF) - 0x8000


def ts_delta(a: int, b: int) -> int:
    """Signed distance from ``b`` to ``a`` in 32-bit timestamp space."""
    return ((a - b + 0x80000000) & 0xFFFFFFFF) - 0x80000000


def unwrap_rtx(packet: Packet, payload_type: int, ssrc: int) -> Packet | None:
    """The original inside an RTX packet (RFC 4588 §4); None for probing padding."""
    if len(packet.payload) <= 2:
        return None
    return Packet(
        payload_type,
        packet.marker,
        int.from_bytes(packet.payload[:2], "big"),
        packet.timestamp,
        ssrc,
        packet.payload[2:],
        {},
        packet.arrival_us,
    )
