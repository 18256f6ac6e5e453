"""The last packets of one stream, for retransmission, and its last group of pictures."""

from .rtp import Packet, seq_delta

SIZE = 2048
_GOP_US = 2_500_000
_GOP_BYTES = 400_000


class Ring:
    """Packets by sequence number; the newest ``SIZE`` of them."""

    def __init__(self) -> None:
        self._slots: list[Packet | None] = [None] * SIZE
        self.highest: int | None = None

    def put(self, packet: Packet) -> bool:
        """False for a packet already here or too old to matter."""
        if self.highest is not None:
            delta = seq_delta(packet.seq, self.highest)
            if delta <= -SIZE:
                return False
            if delta <= 0 and self.get(packet.seq) is not None:
                return False
            if delta > 0:
                self.highest = packet.seq
        else:
            self.highest = packet.seq
        self._slots[packet.seq % SIZE] = packet
        return True

    def get(self, seq: int) -> Packet | None:
        packet = self._slots[seq % SIZE]
        return packet if packet is not None and packet.seq == seq else None


class Gop:
    """The packets since the last keyframe, for who joins now; empty when they are too many."""

    def __init__(self) -> None:
        self._packets: list[Packet] = []
        self._bytes = 0

    def put(self, packet: Packet, ring: Ring) -> None:
        """A packet just stored in ``ring``; a keyframe may have been repaired after others came."""
        if packet.keyframe:
            self._begin(packet, ring)
            return
        if not self._packets:
            return
        self._packets.append(packet)
        self._bytes += len(packet.payload)
        too_long = packet.arrival_us - self._packets[0].arrival_us > _GOP_US
        if too_long or self._bytes > _GOP_BYTES:
            self._packets = []

    def _begin(self, keyframe: Packet, ring: Ring) -> None:
        if self._packets and seq_delta(keyframe.seq, self._packets[0].seq) < 0:
            return
        behind = seq_delta(ring.highest or 0, keyframe.seq)
        line = (ring.get((keyframe.seq + n) & 0xFFFF) for n in range(1, behind + 1))
        self._packets = [keyframe, *(p for p in line if p is not None)]
        self._bytes = sum(len(p.payload) for p in self._packets)

    def clear(self) -> None:
        self._packets = []

    def packets(self) -> list[Packet]:
        """In sequence order, from the keyframe on; empty when a packet of it is missing."""
        if not self._packets:
            return []
        first = self._packets[0].seq
        line = sorted(self._packets, key=lambda p: (p.seq - first) & 0xFFFF)
        line = [p for p in line if (p.seq - first) & 0xFFFF < 0x8000]
        whole = (line[-1].seq - first) & 0xFFFF == len(line) - 1
        return line if whole else []
