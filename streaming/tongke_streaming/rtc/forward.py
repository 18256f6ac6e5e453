"""The packet path: a burst of one stream to all its viewers. Read together with burst.py.

Per viewer and run: one copy of the template, per packet one ``pack_into`` and one libsrtp call in
place. The kernel takes the runs of many viewers in one call (outbox.py).
"""

from .burst import Run, Shape, lay_out
from .outbox import Outbox
from .port import MediaPort
from .rtp import HEADER, SEQ_TS_SSRC, Packet
from .slot import Slot
from .srtp import Error, protect
from .stream import Stream


class Forwarder:
    """All calls on the relay's loop."""

    def __init__(self, port: MediaPort) -> None:
        self._port = port
        self._outbox = Outbox(port)
        self.cipher_errors = 0

    def burst(self, stream: Stream, packets: list[Packet], now_us: int) -> None:
        """Send packets to every slot the stream feeds."""
        shapes: dict[Shape, list[Run]] = {}
        for slot in stream.slots:
            runs = shapes.get(slot.shape)
            if runs is None:
                runs = shapes[slot.shape] = lay_out(packets, slot.shape, now_us)
            for run in runs:
                self._run(slot, run)
        self._outbox.flush()

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

    def _run(self, slot: Slot, run: Run) -> None:
        viewer = slot.viewer
        if viewer.address is None or viewer.srtp_handle is None:
            return
        outbox, handle, template = self._outbox, viewer.srtp_handle, run.template
        pad, base, size = outbox.pad, outbox.at, len(template)
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
                return
        count = len(run.items)
        outbox.put(size, run.stride, count, viewer.address)
        slot.packets += count
        slot.octets += run.payload_bytes
        # Where the row stands now; a late packet does not set it back.
        out_seq = (seq + seq_offset) & 0xFFFF
        if slot.last_timestamp is None or (out_seq - slot.last_seq - 1) & 0xFFFF < 0x7FFF:
            slot.last_seq = out_seq
            slot.last_timestamp = (timestamp + ts_offset) & 0xFFFFFFFF

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
