"""One RTP stream of a publisher: a simulcast layer or the sound. Loss repair and statistics."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

from ..ingest.h264 import Sps
from . import rtcp
from .ring import Gop, Ring
from .rtp import Packet, seq_delta
from .sdp import Codec

if TYPE_CHECKING:
    from .slot import Slot

# A reordered packet is not a lost one: ask only after this long.
_NACK_AFTER_US = 10_000
_NACK_AGAIN_US = 60_000
_NACK_TRIES = 8
_MOST_MISSING = 500
_track_ids = count(1)


@dataclass
class Meter:
    """Bits and packets since the last ``take``."""

    octets: int = 0
    packets: int = 0
    pictures: int = 0
    since_us: int = 0
    kbps: float = 0.0
    fps: float = 0.0

    def take(self, now_us: int) -> None:
        elapsed = max(1, now_us - self.since_us)
        self.kbps = self.octets * 8000 / elapsed
        self.fps = self.pictures * 1_000_000 / elapsed
        self.octets = self.packets = self.pictures = 0
        self.since_us = now_us


@dataclass
class _Missing:
    noticed_us: int
    asked_us: int = 0
    tries: int = 0


@dataclass(eq=False)
class Stream:
    """What the relay keeps of one SSRC. ``layer`` is its rid; ``f`` without simulcast."""

    ssrc: int
    kind: str
    layer: str
    codec: Codec
    track: int = field(default_factory=lambda: next(_track_ids))
    rtx_ssrc: int | None = None
    ring: Ring = field(default_factory=Ring)
    gop: Gop = field(default_factory=Gop)
    meter: Meter = field(default_factory=Meter)
    pending: list[Packet] = field(default_factory=list)
    companion: "Stream | None" = None  # of pictures the sound they go with, of sound some pictures
    slots: list["Slot"] = field(default_factory=list)
    waiting: list["Slot"] = field(default_factory=list)
    catching_up: list["Slot"] = field(default_factory=list)
    missing: dict[int, _Missing] = field(default_factory=dict)
    gave_up: bool = False
    lost_total: int = 0
    received: int = 0
    last_us: int = 0
    last_timestamp: int = 0
    keyframe_timestamp: int | None = None
    keyframe_us: int = 0
    sps: Sps | None = None
    reshaped: bool = False  # the newest keyframe has other parameter sets than the one before
    base_seq: int = 0
    cycles: int = 0
    jitter: float = 0.0
    transit: int | None = None
    report: tuple[int, int, int] | None = None  # (NTP, RTP, arrival µs)
    expected_before: int = 0
    received_before: int = 0
    loss: float = 0.0

    def take(self, packet: Packet) -> bool:
        """Store a packet and note holes; False for one that is already here."""
        highest = self.ring.highest
        if not self.ring.put(packet):
            return False
        if highest is None:
            self.base_seq = packet.seq
        else:
            self._note_holes(packet, highest)
        self.received += 1
        self.last_us = packet.arrival_us
        self.meter.octets += len(packet.payload)
        if packet.timestamp != self.last_timestamp:
            self.meter.pictures += 1
        self.last_timestamp = packet.timestamp
        self._measure_jitter(packet)
        return True

    def is_beyond(self, seq: int) -> bool:
        """Whether a repair claims a number ahead of all that came: only holes are asked for."""
        highest = self.ring.highest
        return highest is not None and seq_delta(seq, highest) > 0

    def _note_holes(self, packet: Packet, highest: int) -> None:
        delta = seq_delta(packet.seq, highest)
        if delta <= 0:
            self.missing.pop(packet.seq, None)
            return
        if packet.seq < highest:
            self.cycles += 1
        if delta > _MOST_MISSING:
            # No loss but a jump: the publisher began again.
            self.missing.clear()
            self.gave_up = self.kind == "video"
            return
        if self.kind != "video":
            return  # sound is never asked for again: it would come too late to be heard
        for seq in range(highest + 1, highest + delta):
            self.missing[seq & 0xFFFF] = _Missing(packet.arrival_us)
        if len(self.missing) > _MOST_MISSING:
            self.missing.clear()  # past repair: a keyframe is cheaper
            self.gave_up = True

    def _measure_jitter(self, packet: Packet) -> None:
        """RFC 3550 §A.8, in timestamp units."""
        arrival = packet.arrival_us * self.codec.rate // 1_000_000
        transit = (arrival - packet.timestamp) & 0xFFFFFFFF
        if self.transit is not None:
            distance = abs(((transit - self.transit + 0x80000000) & 0xFFFFFFFF) - 0x80000000)
            self.jitter += (min(distance, self.codec.rate) - self.jitter) / 16
        self.transit = transit

    def to_ask(self, now_us: int) -> list[int]:
        """Sequence numbers to put into a NACK now; sets ``gave_up`` when one is lost for good."""
        ask = []
        for seq, hole in list(self.missing.items()):
            wait = _NACK_AGAIN_US if hole.tries else _NACK_AFTER_US
            if now_us - (hole.asked_us or hole.noticed_us) < wait:
                continue
            if hole.tries >= _NACK_TRIES:
                del self.missing[seq]
                self.lost_total += 1
                self.gave_up = True
                continue
            hole.asked_us, hole.tries = now_us, hole.tries + 1
            ask.append(seq)
        return ask

    def reception(self, now_us: int) -> rtcp.Report:
        """Our report block on this stream (RFC 3550 §6.4.1, §A.3)."""
        extended = (self.cycles << 16) + (self.ring.highest or 0)
        expected = extended - self.base_seq + 1
        interval = expected - self.expected_before
        lost = interval - (self.received - self.received_before)
        self.expected_before, self.received_before = expected, self.received
        self.loss = max(0.0, lost / interval) if interval > 0 else 0.0
        lsr = dlsr = 0
        if self.report is not None:
            lsr = self.report[0] >> 16 & 0xFFFFFFFF
            dlsr = min(0xFFFFFFFF, (now_us - self.report[2]) * 65536 // 1_000_000)
        cumulative = max(0, expected - self.received)
        return rtcp.Report(
            self.ssrc, self.loss, cumulative, extended & 0xFFFFFFFF, int(self.jitter), lsr, dlsr
        )


def by_layer(streams: Iterable[Stream]) -> list[Stream]:
    """Pictures from the thinnest layer up: by names we know, else by what they carry."""
    order = {"q": 0, "h": 1, "f": 2}
    return sorted(
        (s for s in streams if s.kind == "video"),
        key=lambda s: (order.get(s.layer, 3), s.meter.kbps),
    )
