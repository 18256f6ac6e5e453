"""A picture that shows the one before it again, for where the source sends none (H.264 7.3.3).

One P slice of which every macroblock is skipped, not used for reference: what follows decodes as if
it were not there.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tongke_streaming.ingest.h264_syntax import (
    IDR_SLICE,
    SLICE,
    BitReader,
    Sps,
    parse_sps,
    unescape,
)

_HEADER_BYTES = 64


@dataclass(frozen=True)
class _Pps:
    number: int
    cabac: bool
    field_order: bool
    weighted: bool
    deblocking_control: bool
    redundant: bool


class _BitWriter:
    def __init__(self) -> None:
        self._bits: list[str] = []

    def bits(self, value: int, count: int) -> None:
        if count:
            self._bits.append(f"{value:0{count}b}")

    def ue(self, value: int) -> None:
        size = (value + 1).bit_length()
        self.bits(value + 1, 2 * size - 1)

    def trailing(self) -> bytes:
        """Clause 7.3.2.11, and emulation prevention (7.4.1.1)."""
        text = "".join(self._bits) + "1"
        text += "0" * (-len(text) % 8)
        out = bytearray()
        for byte in int(text, 2).to_bytes(len(text) // 8, "big"):
            if byte <= 3 and out[-2:] == b"\0\0":
                out.append(3)
            out.append(byte)
        return bytes(out)


def _parse_pps(nal: bytes) -> _Pps:
    reader = BitReader(unescape(nal[:_HEADER_BYTES]))
    number = reader.ue()
    reader.ue()
    cabac, field_order = reader.flag(), reader.flag()
    if reader.ue():
        raise ValueError("slice groups")
    reader.ue()
    reader.ue()
    weighted = reader.flag()
    reader.bits(2)
    for _ in range(3):
        reader.se()
    deblocking = reader.flag()
    reader.flag()
    return _Pps(number, cabac, field_order, weighted, deblocking, reader.flag())


@dataclass(frozen=True)
class _Slice:
    pps: int
    frame_num: int
    poc_lsb: int


def _first_slice(data: bytes, sps: Sps) -> _Slice:
    """The header of a picture's first slice; it must be a reference picture."""
    at = 0
    while at + 5 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        head = data[at + 4]
        if head & 0x1F in (SLICE, IDR_SLICE):
            if not head & 0x60:
                raise ValueError("what came before it is what would be shown")
            reader = BitReader(unescape(data[at + 4 : at + 4 + min(length, _HEADER_BYTES)]))
            reader.ue()
            reader.ue()
            pps, frame_num = reader.ue(), reader.bits(sps.log2_max_frame_num)
            if head & 0x1F == IDR_SLICE:
                reader.ue()
            return _Slice(pps, frame_num, reader.bits(sps.log2_max_poc_lsb))
        at += 4 + length
    raise ValueError("no slice")


def _repeat_slice(sps: Sps, pps: _Pps, before: _Slice) -> bytes:
    writer = _BitWriter()
    writer.ue(0)  # first_mb_in_slice
    writer.ue(5)  # slice_type: P, like the whole picture
    writer.ue(pps.number)
    modulus = 1 << sps.log2_max_frame_num
    writer.bits((before.frame_num + 1) % modulus, sps.log2_max_frame_num)
    # Encoders without B-frames count pictures by two (POC type 0): one place is free between.
    lsb = (before.poc_lsb + 1) % (1 << sps.log2_max_poc_lsb)
    writer.bits(lsb, sps.log2_max_poc_lsb)
    if sps.poc_type == 0 and pps.field_order:
        writer.ue(0)
    if pps.redundant:
        writer.ue(0)
    writer.bits(1, 1)  # num_ref_idx_active_override_flag: one reference
    writer.ue(0)
    writer.bits(0, 1)  # ref_pic_list_modification_flag_l0
    if pps.weighted:
        writer.ue(0)
        writer.ue(0)
        writer.bits(0, 2)
    writer.ue(0)  # slice_qp_delta
    if pps.deblocking_control:
        writer.ue(1)
    writer.ue(sps.macroblocks)  # mb_skip_run
    return bytes((SLICE,)) + writer.trailing()


def repeat_picture(data: bytes, sps: Sequence[bytes], pps: Sequence[bytes]) -> bytes | None:
    """AVCC of a picture to follow ``data`` that looks the same.

    None where none can be made: entropy coding by CABAC, interlaced, a picture that is not a
    reference, or syntax we cannot read.
    """
    try:
        sequence = parse_sps(sps[0])
        if not sequence.frame_mbs_only or sequence.poc_type == 1:
            return None
        before = _first_slice(data, sequence)
        chosen = next((p for p in map(_parse_pps, pps) if p.number == before.pps), None)
    except (ValueError, IndexError):
        return None
    if chosen is None or chosen.cabac:
        return None
    nal = _repeat_slice(sequence, chosen, before)
    return len(nal).to_bytes(4, "big") + nal
