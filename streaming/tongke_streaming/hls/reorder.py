"""Puts the RTP packets of one track back into sequence (RFC 3550 §5.1, appendix A.1)."""

from collections.abc import Iterator

from tongke_streaming.rtc.rtp import Packet, seq_delta

WAIT_US = 300_000
_FAR = 3000  # a step this long is a new numbering, not a loss
_MAX_HELD = 2048


class ReorderBuffer:
    """Yields (packet, lost) in order; ``lost`` says that packets before it will never come.

    A missing packet is waited for until ``wait_us`` after the first packet behind it arrived, time
    being what ``push`` and ``expire`` are told. Late and doubled packets are left out; after a
    jump of more than 3000 numbers, seen twice in a row, it goes on from there.
    """

    def __init__(self, wait_us: int = WAIT_US) -> None:
        self._wait_us = wait_us
        self._next: int | None = None
        self._held: dict[int, Packet] = {}
        self._since_us = 0
        self._stray: int | None = None

    def push(self, packet: Packet, now_us: int) -> Iterator[tuple[Packet, bool]]:
        if self._next is None:
            self._next = packet.seq
        ahead = seq_delta(packet.seq, self._next)
        if abs(ahead) > _FAR:
            yield from self._jump(packet)
            return
        if ahead == 0:
            self._stray = None
            yield from self._release(packet)
        elif ahead > 0 and packet.seq not in self._held:
            if not self._held:
                self._since_us = now_us
            self._held[packet.seq] = packet
        yield from self.expire(now_us)

    def expire(self, now_us: int) -> Iterator[tuple[Packet, bool]]:
        """Give up what has been waited for long enough."""
        while self._held and (
            now_us - self._since_us >= self._wait_us or len(self._held) > _MAX_HELD
        ):
            yield from self._skip(now_us)

    def flush(self) -> Iterator[tuple[Packet, bool]]:
        """Everything held, the rest being lost."""
        while self._held:
            yield from self._skip(self._since_us)

    def _skip(self, now_us: int) -> Iterator[tuple[Packet, bool]]:
        at = self._next or 0
        first = min(self._held, key=lambda seq: seq_delta(seq, at))
        packet = self._held.pop(first)
        self._next = (first + 1) & 0xFFFF
        # What is still missing behind it has been missing since its successor arrived.
        waiting = min((held.arrival_us for held in self._held.values()), default=now_us)
        self._since_us = min(max(waiting, self._since_us), now_us)
        yield packet, True
        yield from self._run()

    def _release(self, packet: Packet) -> Iterator[tuple[Packet, bool]]:
        self._next = (packet.seq + 1) & 0xFFFF
        yield packet, False
        yield from self._run()

    def _run(self) -> Iterator[tuple[Packet, bool]]:
        while self._held:
            packet = self._held.pop(self._next or 0, None)
            if packet is None:
                self._since_us = min(held.arrival_us for held in self._held.values())
                return
            self._next = (packet.seq + 1) & 0xFFFF
            yield packet, False

    def _jump(self, packet: Packet) -> Iterator[tuple[Packet, bool]]:
        stray, self._stray = self._stray, (packet.seq + 1) & 0xFFFF
        if stray != packet.seq:
            return
        yield from self.flush()
        self._stray = None
        self._next = (packet.seq + 1) & 0xFFFF
        yield packet, True
