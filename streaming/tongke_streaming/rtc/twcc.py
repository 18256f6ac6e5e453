"""Transport-wide congestion feedback to a publisher (draft-holmer-rmcat-transport-wide-cc-01 §3.1).

Without it Chromium never leaves its start bitrate and keeps its top simulcast layer off.
"""

import struct

_RTPFB, _FMT = 205, 15
_TICK_US = 250
_REFERENCE_US = 64_000
_MAX_PACKETS = 400
_MAX_JUMP = 3000
_MAX_WAITING = 4000


def build_feedback(
    ssrc: int, media_ssrc: int, count: int, base: int, arrivals: list[int | None]
) -> tuple[bytes, int]:
    """One feedback packet for sequence numbers ``base``… and how many of ``arrivals`` it covers.

    ``arrivals`` are µs or None for not received; at least one of the first 400 must be a time. A
    delta that does not fit 16 bits ends the packet: the rest goes into the next one, with its own
    reference time.
    """
    reference = next(a for a in arrivals[:_MAX_PACKETS] if a is not None) // _REFERENCE_US
    previous = reference * _REFERENCE_US // _TICK_US
    symbols: list[int] = []
    deltas = bytearray()
    for arrival in arrivals[:_MAX_PACKETS]:
        if arrival is None:
            symbols.append(0)
            continue
        ticks = arrival // _TICK_US
        delta = ticks - previous
        if 0 <= delta <= 255:
            symbols.append(1)
            deltas.append(delta)
        elif -32768 <= delta <= 32767:
            symbols.append(2)
            deltas += struct.pack("!h", delta)
        else:
            break
        previous = ticks
    while symbols and symbols[-1] == 0:
        symbols.pop()
    body = struct.pack("!IIHH", ssrc, media_ssrc, base, len(symbols))
    body += (reference & 0xFFFFFF).to_bytes(3, "big") + bytes([count & 0xFF])
    body += _chunks(symbols) + deltas
    padding = -len(body) % 4
    first = 0x80 | (0x20 if padding else 0) | _FMT
    if padding:
        body += bytes(padding - 1) + bytes([padding])
    return struct.pack("!BBH", first, _RTPFB, len(body) // 4) + body, len(symbols)


def _chunks(symbols: list[int]) -> bytes:
    """Run-length chunks for runs of seven and more, two-bit vectors for the rest (§3.1.3–4)."""
    out = bytearray()
    at = 0
    while at < len(symbols):
        run = 1
        while at + run < len(symbols) and run < 8191 and symbols[at + run] == symbols[at]:
            run += 1
        if run >= 7:
            out += struct.pack("!H", symbols[at] << 13 | run)
            at += run
            continue
        seven = symbols[at : at + 7]
        vector = 0
        for place, symbol in enumerate(seven):
            vector |= symbol << (12 - 2 * place)
        out += struct.pack("!H", 0xC000 | vector)
        at += len(seven)
    return bytes(out)


class TransportFeedback:
    """What arrived from one publisher since the last feedback."""

    def __init__(self, ssrc: int) -> None:
        self._ssrc = ssrc
        self._count = 0
        self._next: int | None = None  # unwrapped number of the first not yet reported
        self._highest = 0
        self._arrivals: dict[int, int] = {}

    def received(self, seq: int, arrival_us: int) -> None:
        """``seq`` is the 16-bit transport-wide number of a packet just decrypted."""
        if self._next is None:
            self._next = self._highest = seq
        number = self._highest + (((seq - self._highest + 0x8000) & 0xFFFF) - 0x8000)
        if number < self._next or number > self._highest + _MAX_JUMP:
            # Older than what was reported, or a jump no loss explains: begin again there.
            if number < self._next:
                return
            self._arrivals.clear()
            self._next = number
        if len(self._arrivals) >= _MAX_WAITING:
            self._arrivals.clear()  # nobody collects them: no stream of this peer was recognised
            self._next = number
        self._highest = max(self._highest, number)
        self._arrivals[number] = arrival_us

    def packets(self, media_ssrc: int) -> list[bytes]:
        """Feedback packets for all that is new; empty when nothing is."""
        out: list[bytes] = []
        while self._arrivals and self._next is not None:
            # A hole is reported as lost, unless it is wider than one packet can tell.
            first = min(self._arrivals)
            start = self._next if first - self._next < _MAX_PACKETS // 2 else first
            stop = min(self._highest + 1, start + _MAX_PACKETS)
            line = [self._arrivals.get(n) for n in range(start, stop)]
            data, covered = build_feedback(
                self._ssrc, media_ssrc, self._count, start & 0xFFFF, line
            )
            out.append(data)
            self._count += 1
            self._next = start + covered
            self._arrivals = {n: t for n, t in self._arrivals.items() if n >= self._next}
        return out
