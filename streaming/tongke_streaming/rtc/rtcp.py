"""RTCP as the relay reads and writes it (RFC 3550 §6, RFC 4585, RFC 5104, REMB draft)."""

import struct
from collections.abc import Iterable
from dataclasses import dataclass

SR, RR, SDES, BYE, RTPFB, PSFB = 200, 201, 202, 203, 205, 206
NTP_UNIX_OFFSET = 2_208_988_800


@dataclass(frozen=True)
class Report:
    """One report block: ``lost`` is the fraction 0–1; ``lsr``/``dlsr`` as on the wire."""

    ssrc: int
    lost: float
    cumulative_lost: int
    highest: int
    jitter: int
    lsr: int
    dlsr: int


@dataclass(frozen=True)
class SenderReport:
    ssrc: int
    ntp: int
    rtp: int
    packets: int
    octets: int
    reports: tuple[Report, ...]


@dataclass(frozen=True)
class ReceiverReport:
    ssrc: int
    reports: tuple[Report, ...]


@dataclass(frozen=True)
class Nack:
    media_ssrc: int
    lost: tuple[int, ...]


@dataclass(frozen=True)
class KeyframeRequest:
    """PLI (RFC 4585 §6.3.1) or FIR (RFC 5104 §4.3.1)."""

    media_ssrc: int


@dataclass(frozen=True)
class Remb:
    """The receiver's estimate of what it can take, bit/s."""

    bitrate: int


@dataclass(frozen=True)
class Bye:
    ssrcs: tuple[int, ...]


Item = SenderReport | ReceiverReport | Nack | KeyframeRequest | Remb | Bye


def ntp_from_us(us: int) -> int:
    """UTC µs as a 64-bit NTP timestamp."""
    return ((us // 1_000_000 + NTP_UNIX_OFFSET) << 32) | ((us % 1_000_000) << 32) // 1_000_000


def us_from_ntp(ntp: int) -> int:
    """A 64-bit NTP timestamp as UTC µs; may be negative for a clock that was never set."""
    return ((ntp >> 32) - NTP_UNIX_OFFSET) * 1_000_000 + ((ntp & 0xFFFFFFFF) * 1_000_000 >> 32)


def _reports(body: bytes, offset: int, count: int) -> tuple[Report, ...]:
    blocks = []
    for at in range(offset, min(offset + 24 * count, len(body) - 23), 24):
        ssrc, lost, highest, jitter, lsr, dlsr = struct.unpack_from("!IIIIII", body, at)
        cumulative = lost & 0xFFFFFF
        if cumulative & 0x800000:
            cumulative -= 0x1000000
        blocks.append(Report(ssrc, (lost >> 24) / 256, cumulative, highest, jitter, lsr, dlsr))
    return tuple(blocks)


def _nack(body: bytes) -> Nack:
    lost = []
    for at in range(8, len(body) - 3, 4):
        pid, mask = struct.unpack_from("!HH", body, at)
        lost.append(pid)
        lost.extend((pid + 1 + bit) & 0xFFFF for bit in range(16) if mask >> bit & 1)
    return Nack(int.from_bytes(body[4:8], "big"), tuple(lost))


def _payload_feedback(count: int, body: bytes) -> list[Item]:
    if count == 1:
        return [KeyframeRequest(int.from_bytes(body[4:8], "big"))]
    if count == 4:
        return [
            KeyframeRequest(int.from_bytes(body[at : at + 4], "big"))
            for at in range(8, len(body) - 7, 8)
        ]
    if count == 15 and body[8:12] == b"REMB" and len(body) >= 16:
        exponent, mantissa = body[13] >> 2, (body[13] & 3) << 16 | body[14] << 8 | body[15]
        return [Remb(mantissa << exponent)]
    return []


def _one(kind: int, count: int, body: bytes) -> list[Item]:
    if kind == SR and len(body) >= 24:
        ssrc, ntp, rtp, packets, octets = struct.unpack_from("!IQIII", body)
        return [SenderReport(ssrc, ntp, rtp, packets, octets, _reports(body, 24, count))]
    if kind == RR and len(body) >= 4:
        return [ReceiverReport(int.from_bytes(body[:4], "big"), _reports(body, 4, count))]
    if kind == BYE:
        ssrcs = [int.from_bytes(body[at : at + 4], "big") for at in range(0, 4 * count, 4)]
        return [Bye(tuple(ssrcs[: len(body) // 4]))]
    if kind == RTPFB and count == 1 and len(body) >= 12:
        return [_nack(body)]
    if kind == PSFB and len(body) >= 8:
        return _payload_feedback(count, body)
    return []


def parse(data: bytes) -> list[Item]:
    """All items of a compound packet that we know. Raises ValueError when it is malformed."""
    items: list[Item] = []
    at = 0
    while at < len(data):
        if at + 4 > len(data):
            raise ValueError("RTCP packet shorter than its header")
        first, kind, words = struct.unpack_from("!BBH", data, at)
        end = at + 4 + 4 * words
        if first >> 6 != 2 or end > len(data):
            raise ValueError("RTCP packet is malformed")
        body = data[at + 4 : end]
        if first & 0x20 and body:
            body = body[: max(0, len(body) - body[-1])]
        items += _one(kind, first & 31, body)
        at = end
    return items


def _packet(kind: int, count: int, body: bytes) -> bytes:
    return struct.pack("!BBH", 0x80 | count, kind, len(body) // 4) + body


def sender_report(ssrc: int, ntp: int, rtp: int, packets: int, octets: int) -> bytes:
    return _packet(
        SR,
        0,
        struct.pack("!IQIII", ssrc, ntp, rtp, packets & 0xFFFFFFFF, octets & 0xFFFFFFFF),
    )


def sdes_cname(ssrc: int, cname: bytes) -> bytes:
    """RFC 3550 §6.5: chunk of CNAME, ended by at least one zero and padded to 32 bits."""
    chunk = struct.pack("!IBB", ssrc, 1, len(cname)) + cname
    return _packet(SDES, 1, chunk + bytes(4 - len(chunk) % 4))


def receiver_report(ssrc: int, reports: Iterable[Report]) -> bytes:
    body = struct.pack("!I", ssrc)
    blocks = list(reports)
    for r in blocks:
        lost = (
            min(255, int(r.lost * 256)) << 24
            | max(-0x800000, min(0x7FFFFF, r.cumulative_lost)) & 0xFFFFFF
        )
        body += struct.pack("!IIIIII", r.ssrc, lost, r.highest, r.jitter, r.lsr, r.dlsr)
    return _packet(RR, len(blocks), body)


def pli(ssrc: int, media_ssrc: int) -> bytes:
    return _packet(PSFB, 1, struct.pack("!II", ssrc, media_ssrc))


def nack(ssrc: int, media_ssrc: int, lost: list[int]) -> bytes:
    """``lost`` in sending order; packed as PID + 16-bit mask (RFC 4585 §6.2.1)."""
    body = struct.pack("!II", ssrc, media_ssrc)
    at = 0
    while at < len(lost):
        pid, mask = lost[at], 0
        at += 1
        while at < len(lost) and 1 <= (lost[at] - pid) & 0xFFFF <= 16:
            mask |= 1 << ((lost[at] - pid - 1) & 0xFFFF)
            at += 1
        body += struct.pack("!HH", pid, mask)
    return _packet(RTPFB, 1, body)


def bye(ssrcs: list[int]) -> bytes:
    return _packet(BYE, len(ssrcs), b"".join(struct.pack("!I", s) for s in ssrcs))
