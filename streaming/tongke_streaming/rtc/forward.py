"""The packet path: a burst of one stream to all its viewers. Read together with burst.py.

Per viewer and run: one copy of the template, per packet one ``pack_into`` and one libsrtp call in
place. The kernel takes the runs of many viewers in one call (outbox.py).
"""

from typing import Any

from .burst import MAX_SEGMENTS, Run, Shape, lay_out
from .outbox import Outbox
from .port import MediaPort
from .rtp import HEADER, SEQ_TS_SSRC, Packet
from .slot import Slot
from .srtp import Error, protect
from .stream import Stream

Sound = tuple[Stream, list[Packet]]


class Forwarder:
    """All calls on the relay's loop."""

    def __init__(self, port: MediaPort) -> None:
        self._port = port
        self._outbox = Outbox(port)
        self.cipher_errors = 0

    def burst(
        self, stream: Stream, packets: list[Packet], now_us: int, sound: Sound | None = None
    ) -> None:
        """Send packets to every slot the stream feeds.

        ``sound`` is what waited of the same publisher's sound: for a viewer who gets both it is the
        shorter last segment of the pictures' last run, for all others a run of its own.
        """
        shapes: dict[Shape, list[Run]] = {}
        tails: dict[Shape, list[Run]] = {}
        hearing = {slot.viewer: slot for slot in sound[0].slots} if sound is not None else {}
        for slot in stream.slots:
            runs = shapes.get(slot.shape)
            if runs is None:
                runs = shapes[slot.shape] = lay_out(packets, slot.shape, now_us)
            heard = hearing.pop(slot.viewer, None) if hearing else None
            if heard is None or sound is None:
                for run in runs:
                    self._run(slot, run)
            else:
                ends = tails.get(heard.shape)
                if ends is None:
                    ends = tails[heard.shape] = lay_out(sound[1], heard.shape, now_us)
                self._run_with(slot, runs, heard, ends)
        for heard in hearing.values():
            if sound is not None:
                for run in lay_out(sound[1], heard.shape, now_us):
                    self._run(heard, run)
        self._outbox.flush()

    def _run_with(self, slot: Slot, runs: list[Run], heard: Slot, ends: list[Run]) -> None:
        """Pictures, then sound in their last run if it fits as its last segment."""
        last = runs[-1]
        full = len(last.template) == last.stride * len(last.items)
        fits = len(ends) == 1 and len(ends[0].items) == 1 and ends[0].stride <= last.stride
        for run in runs[:-1]:
            self._run(slot, run)
        if full and fits and len(last.items) < MAX_SEGMENTS:
            self._run(slot, last, heard, ends[0])
            return
        self._run(slot, last)
        for run in ends:
            self._run(heard, run)

    def late(self, stream: Stream, packet: Packet, now_us: int) -> None:
        """A packet the uplink lost and brought again, to whom its place in the row exists."""
        for slot in stream.slots:
            if slot.takes(packet.seq):
                self.one_slot(slot, [packet], now_us)

    def one_slot(self, slot: Slot, packets: list[Packet], now_us: int) -> None:
        """Send packets to one slot alone: what a joiner catches up with."""
        for run in lay_out(packets, slot.shape, now_us):
            self._run(slot, run)
        self._outbox.flush()

    def _run(
        self, slot: Slot, run: Run, heard: Slot | None = None, tail: Run | None = None
    ) -> None:
        """One run to one viewer; ``tail``, of one packet, goes behind it for the slot ``heard``."""
        viewer = slot.viewer
        if viewer.address is None or viewer.srtp_handle is None:
            return
        outbox, size, count = self._outbox, len(run.template), len(run.items)
        base = outbox.at
        if not self._lay(slot, run, base, viewer.srtp_handle):
            return
        if heard is not None and tail is not None:
            if not self._lay(heard, tail, base + size, viewer.srtp_handle):
                return
            size, count = size + len(tail.template), count + 1
        outbox.put(size, run.stride, count, viewer.address)

    def _lay(self, slot: Slot, run: Run, base: int, handle: Any) -> bool:
        """Write a run's packets for a slot at ``base`` of the outbox's pad, encrypted."""
        pad, template = self._outbox.pad, run.template
        size = len(template)
        buffer, pointer, length = pad.bytes, pad.pointer, pad.length
        pad.view[base : base + size] = template
        seq_offset, ts_offset, ssrc = slot.seq_offset, slot.ts_offset, slot.ssrc
        pack = SEQ_TS_SSRC.pack_into
        seq = timestamp = 0
        for place, plain, seq, timestamp in run.items:
            at = base + place
            pack(
                buffer,
                at + 2,
                (seq + seq_offset) & 0xFFFF,
                (timestamp + ts_offset) & 0xFFFFFFFF,
                ssrc,
            )
            length[0] = plain
            if protect(handle, pointer + at, length):
                self.cipher_errors += 1
                return False
        slot.packets += len(run.items)
        slot.octets += run.payload_bytes
        # Where the row stands now; a late packet does not set it back.
        out_seq = (seq + seq_offset) & 0xFFFF
        if slot.last_timestamp is None or (out_seq - slot.last_seq - 1) & 0xFFFF < 0x7FFF:
            slot.last_seq = out_seq
            slot.last_timestamp = (timestamp + ts_offset) & 0xFFFFFFFF
        return True

    def resend(self, slot: Slot, out_seq: int) -> bool:
        """Answer a NACK: by RTX (RFC 4588) where negotiated, else the same packet again."""
        viewer = slot.viewer
        found = slot.find(out_seq)
        if found is None or viewer.outbound is None or viewer.address is None:
            return False
        if slot.rtx_type is None and slot.shape.padded:
            return False  # it never said it would ask, so its packets cannot be made again
        packet, ts_offset = found
        marker = 0x80 if packet.marker else 0
        timestamp = (packet.timestamp + ts_offset) & 0xFFFFFFFF
        if slot.rtx_type is not None:
            slot.rtx_seq = (slot.rtx_seq + 1) & 0xFFFF
            head = HEADER.pack(0x80, slot.rtx_type | marker, slot.rtx_seq, timestamp, slot.rtx_ssrc)
            data = head + out_seq.to_bytes(2, "big") + packet.payload
        else:
            number = slot.shape.payload_type | marker
            data = HEADER.pack(0x80, number, out_seq, timestamp, slot.ssrc) + packet.payload
        try:
            again = viewer.outbound.rtp(data)
        except Error:
            return False  # without RTX, and too far back for the cipher's window
        self._port.send(again, viewer.address)
        slot.resent += 1
        return True
