"""The few H.264 syntax elements we must understand (ITU-T H.264 clauses 7.3 and 9.1)."""

from dataclasses import dataclass

SLICE = 1
IDR_SLICE = 5
SEI = 6
SPS = 7
PPS = 8
ACCESS_UNIT_DELIMITER = 9

_HIGH_PROFILES = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
_SLICE_HEAD = 24  # bytes: two exp-golomb codes of 65 bits at most
_MAX_SIDE = 16384


class BitReader:
    """Bits of an RBSP, most significant first. Reading past the end raises ValueError."""

    def __init__(self, rbsp: bytes) -> None:
        self._value = int.from_bytes(rbsp, "big")
        self._left = 8 * len(rbsp)

    def bits(self, count: int) -> int:
        if count > self._left:
            raise ValueError("H.264 syntax ends too early")
        self._left -= count
        return (self._value >> self._left) & ((1 << count) - 1)

    def flag(self) -> bool:
        return self.bits(1) == 1

    def ue(self) -> int:
        """Unsigned exp-golomb (clause 9.1)."""
        zeros = 0
        while not self.bits(1):
            zeros += 1
            if zeros > 32:
                raise ValueError("exp-golomb code is too long")
        return (1 << zeros) - 1 + self.bits(zeros)

    def se(self) -> int:
        """Signed exp-golomb (clause 9.1.1)."""
        code = self.ue()
        return (code + 1) // 2 if code & 1 else -(code // 2)


def unescape(nal: bytes) -> bytes:
    """The RBSP of a NAL unit: without its header and emulation prevention (clause 7.3.1)."""
    return nal[1:].replace(b"\0\0\3", b"\0\0")


@dataclass(frozen=True)
class Sps:
    """A sequence parameter set; ``width`` and ``height`` in pixels after cropping."""

    profile: int
    constraints: int
    level: int
    width: int
    height: int
    log2_max_frame_num: int
    poc_type: int
    log2_max_poc_lsb: int
    macroblocks: int
    frame_mbs_only: bool

    @property
    def codecs(self) -> str:
        """RFC 6381 §3.3: ``avc1.`` and three bytes in hexadecimal."""
        return f"avc1.{self.profile:02X}{self.constraints:02X}{self.level:02X}"


def _skip_scaling_list(reader: BitReader, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + reader.se()) & 255
        last = following or last


def _chroma_format(reader: BitReader) -> int:
    """Clause 7.3.2.1.1, the part only High profiles have; returns ChromaArrayType."""
    chroma = reader.ue()
    if chroma > 3:
        raise ValueError("SPS names no chroma format")
    separate_planes = chroma == 3 and reader.flag()
    reader.ue()
    reader.ue()
    reader.flag()
    if reader.flag():
        for index in range(8 if chroma != 3 else 12):
            if reader.flag():
                _skip_scaling_list(reader, 16 if index < 6 else 64)
    return 0 if separate_planes else chroma


def _picture_order(reader: BitReader) -> tuple[int, int]:
    poc_type, log2_lsb = reader.ue(), 0
    if poc_type == 0:
        log2_lsb = reader.ue() + 4
    elif poc_type == 1:
        reader.flag()
        reader.se()
        reader.se()
        cycle = reader.ue()
        if cycle > 255:
            raise ValueError("SPS has too long a picture order cycle")
        for _ in range(cycle):
            reader.se()
    elif poc_type > 2:
        raise ValueError("SPS names no picture order type")
    return poc_type, log2_lsb


def parse_sps(nal: bytes) -> Sps:
    """Read an SPS NAL unit (clause 7.3.2.1.1). Raises ValueError."""
    if len(nal) < 5 or nal[0] & 0x1F != SPS:
        raise ValueError("not an SPS")
    rbsp = unescape(nal)
    profile, constraints, level = rbsp[0], rbsp[1], rbsp[2]
    reader = BitReader(rbsp[3:256])
    reader.ue()
    chroma = _chroma_format(reader) if profile in _HIGH_PROFILES else 1
    log2_frame_num = reader.ue() + 4
    poc_type, log2_lsb = _picture_order(reader)
    reader.ue()
    reader.flag()
    columns, rows = reader.ue() + 1, reader.ue() + 1
    progressive = reader.flag()
    if not progressive:
        rows *= 2
        reader.flag()
    reader.flag()
    width, height = _cropped(reader, columns * 16, rows * 16, chroma, progressive)
    return Sps(
        profile,
        constraints,
        level,
        width,
        height,
        log2_frame_num,
        poc_type,
        log2_lsb,
        columns * rows,
        progressive,
    )


def _cropped(
    reader: BitReader, width: int, height: int, chroma: int, progressive: bool
) -> tuple[int, int]:
    """Frame cropping in units of equations 7-19 to 7-22."""
    if reader.flag():
        unit_x = 2 if chroma in (1, 2) else 1
        unit_y = (2 if chroma == 1 else 1) * (1 if progressive else 2)
        width -= unit_x * (reader.ue() + reader.ue())
        height -= unit_y * (reader.ue() + reader.ue())
    if not (0 < width <= _MAX_SIDE and 0 < height <= _MAX_SIDE):
        raise ValueError(f"SPS says {width}x{height} pixels")
    return width, height


def starts_picture(nal: bytes | memoryview) -> bool:
    """A slice whose first_mb_in_slice is 0: with arbitrary slice order off, a picture's first."""
    return len(nal) > 1 and nal[0] & 0x1F in (SLICE, IDR_SLICE) and nal[1] & 0x80 != 0


def is_b_slice(nal: bytes | memoryview) -> bool:
    """Whether slice_type (clause 7.4.3) says B; False for what is no slice or is cut short."""
    if len(nal) < 2 or nal[0] & 0x1F not in (SLICE, IDR_SLICE):
        return False
    try:
        reader = BitReader(unescape(bytes(nal[:_SLICE_HEAD])))
        reader.ue()
        return reader.ue() % 5 == 1
    except ValueError:
        return False
