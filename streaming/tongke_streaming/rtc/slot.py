"""One track of a viewer: which stream feeds it, and how its numbers become the viewer's."""

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from . import rtcp
from .burst import Shape
from .layers import LayerChooser
from .rtp import Packet, seq_delta

if TYPE_CHECKING:
    from .stream import Stream
    from .viewer import Viewer

_JOIN_STEP = 90  # 1 ms at 90 kHz between the pictures a joiner catches up with


@dataclass
class _Stretch:
    """From out-number ``first`` on, out = in + ``seq_offset`` of ``stream``."""

    first: int
    stream: "Stream"
    seq_offset: int
    ts_offset: int


@dataclass(eq=False)
class Slot:
    """Fixed at POST; sources and layers are switched into it.

    ``feed`` is the stream it gets now; ``target`` the one it waits a keyframe of.
    """

    viewer: "Viewer"
    kind: str
    source: str
    shape: Shape
    ssrc: int
    rtx_ssrc: int
    rtx_type: int | None
    rate: int
    chooser: LayerChooser
    feed: "Stream | None" = None
    target: "Stream | None" = None
    seq_offset: int = 0
    ts_offset: int = 0
    last_seq: int = 0
    last_timestamp: int | None = None
    packets: int = 0
    octets: int = 0
    rtx_seq: int = 0
    stretches: deque[_Stretch] = field(default_factory=lambda: deque(maxlen=8))
    joined: dict[int, tuple[Packet, int]] = field(default_factory=dict)
    queue: deque[Packet] = field(default_factory=deque)
    loss: float = 0.0
    resent: int = 0

    def _new_stretch(self, stream: "Stream", first_in: int, ts_offset: int) -> None:
        first = (self.last_seq + 1) & 0xFFFF
        self.seq_offset = (first - first_in) & 0xFFFF
        self.ts_offset = ts_offset & 0xFFFFFFFF
        # What a former stretch had queued and never sent: its numbers go to this one.
        for number in [n for n in self.joined if seq_delta(n, first) >= 0]:
            del self.joined[number]
        self.stretches.append(_Stretch(first, stream, self.seq_offset, self.ts_offset))
        self.feed = stream

    def timestamp_offset(self, stream: "Stream", packet: Packet, instant_us: int | None) -> int:
        """So that the viewer's timestamps follow the server's clock across layers and sources.

        ``instant_us`` is the packet's instant on the timeline; before a track is placed on it, its
        arrival stands in. A step back would make the player drop pictures: never less than one tick.
        """
        us = instant_us if instant_us is not None else packet.arrival_us
        wanted = us * self.rate // 1_000_000 & 0xFFFFFFFF
        if self.last_timestamp is not None:
            ahead = ((wanted - self.last_timestamp + 0x80000000) & 0xFFFFFFFF) - 0x80000000
            if ahead <= 0:
                wanted = (self.last_timestamp + self.rate // 1000) & 0xFFFFFFFF
        return (wanted - packet.timestamp) & 0xFFFFFFFF

    def attach(self, stream: "Stream", packet: Packet, instant_us: int | None) -> None:
        """Feed from ``stream``, whose next packet to send is ``packet``."""
        offset = self.timestamp_offset(stream, packet, instant_us)
        self.leave()
        self._new_stretch(stream, packet.seq, offset)
        stream.slots.append(self)

    def catch_up(self, stream: "Stream", line: list[Packet], instant_us: int | None) -> None:
        """Queue the cached group of pictures; the stream's new packets go behind it.

        Its pictures are put one millisecond apart before the newest: with their own timestamps the
        browser would play them at their own pace and stay that far behind live.
        """
        newest = line[-1]
        offset = self.timestamp_offset(stream, newest, instant_us)
        self.leave()
        self._new_stretch(stream, line[0].seq, offset)
        stream.catching_up.append(self)
        pictures = list(dict.fromkeys(p.timestamp for p in line))
        back = {ts: (len(pictures) - 1 - i) * _JOIN_STEP for i, ts in enumerate(pictures)}
        for packet in line:
            # Written so that the slot's ordinary offset gives the compressed timestamp.
            ts = (newest.timestamp - back[packet.timestamp]) & 0xFFFFFFFF
            copy = Packet(
                packet.payload_type, packet.marker, packet.seq, ts, packet.ssrc, packet.payload, {}
            )
            self.joined[(packet.seq + self.seq_offset) & 0xFFFF] = (copy, self.ts_offset)
            self.queue.append(copy)

    def next_of_queue(self, octets: int) -> list[Packet]:
        """Up to ``octets`` of what is queued, at least one packet; caught up when it is empty."""
        out: list[Packet] = []
        while self.queue and (octets > 0 or not out):
            octets -= len(self.queue[0].payload)
            out.append(self.queue.popleft())
        if not self.queue and self.feed is not None:
            self.feed.catching_up.remove(self)
            self.feed.slots.append(self)
        return out

    def takes(self, in_seq: int) -> bool:
        """Whether a late packet lies within what the slot has been fed of its present stream."""
        first = self.stretches[-1].first
        return seq_delta((in_seq + self.seq_offset) & 0xFFFF, first) >= 0

    def leave(self) -> None:
        """No more packets from the present feed."""
        if self.feed is not None:
            for row in (self.feed.slots, self.feed.catching_up):
                if self in row:
                    row.remove(self)
        self.queue.clear()
        self.feed = None

    def stop_waiting(self) -> None:
        if self.target is not None and self in self.target.waiting:
            self.target.waiting.remove(self)
        self.target = None

    def wait_for(self, stream: "Stream") -> None:
        """Switch to ``stream`` at its next keyframe."""
        if self.target is stream:
            return
        self.stop_waiting()
        self.target = stream
        stream.waiting.append(self)

    def find(self, out_seq: int) -> tuple[Packet, int] | None:
        """The packet once sent as ``out_seq``, with its timestamp offset; None when it is gone."""
        if (found := self.joined.get(out_seq)) is not None:
            return found
        for stretch in reversed(self.stretches):
            if seq_delta(out_seq, stretch.first) >= 0:
                packet = stretch.stream.ring.get((out_seq - stretch.seq_offset) & 0xFFFF)
                return (packet, stretch.ts_offset) if packet is not None else None
        return None

    def sender_report(self, instant_us: int | None, now_us: int) -> bytes:
        """SR that ties this track to the server's clock, the same for picture and sound."""
        feed = self.feed
        if feed is None or self.packets == 0 or instant_us is None:
            return b""
        ahead = (now_us - instant_us) * self.rate // 1_000_000
        timestamp = (feed.last_timestamp + self.ts_offset + ahead) & 0xFFFFFFFF
        return rtcp.sender_report(
            self.ssrc, rtcp.ntp_from_us(now_us), timestamp, self.packets, self.octets
        )
