"""Pictures without what cameras and programs write into them: where, when and with what they were
taken, by whom they were edited, small copies of what they were before.

The coded picture is copied as it is. Kept are the parts that say how it is to be shown; of its Exif
alone the one number that says which side is up. A file that is not built as its format says is
decoded and written anew.
"""

import mmap
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from PIL import Image, ImageOps

from tongke_platform import pictures

ORIENTATION = 0x0112
QUALITY = 92
JPEG, PNG, WEBP = "JPEG", "PNG", "WEBP"
_STARTS = {JPEG: b"\xff\xd8\xff", PNG: b"\x89PNG\r\n\x1a\n"}

# JPEG (ITU-T T.81, B.1.1.3): markers without a length, and those that begin application data.
_SOI, _EOI, _SOS, _COM = 0xD8, 0xD9, 0xDA, 0xFE
_APP = range(0xE0, 0xF0)
# Within coded data FF is followed by 0 or by a restart marker, else it begins the next segment.
_NEXT = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)
_EXIF, _JFIF, _ICC, _ADOBE = b"Exif\0\0", b"JFIF\0", b"ICC_PROFILE\0", b"Adobe"

# PNG (W3C, 11.2 and 11.3): critical chunks, and those that say how the picture is shown.
_PNG_KEPT = {
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP",
    b"mDCV", b"cLLI", b"sBIT", b"bKGD", b"hIST", b"pHYs", b"acTL", b"fcTL", b"fdAT",
}  # fmt: skip
# WebP (RFC 9649, 2.7): all but Exif, XMP and what is not known.
_WEBP_KEPT = {b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"}
_WEBP_EXIF, _WEBP_XMP = 0x08, 0x04

# More pieces than any camera or program makes.
MOST_PIECES = 200_000


class _Broken(Exception):
    """The file is not built as its format says."""


def strip(path: Path, to: Path) -> bool:
    """Write the picture at ``path`` to ``to`` without what it says about people and places; a file
    that says nothing stays the same bytes. False, and nothing at ``to``, for what is no JPEG, PNG or
    WebP, or is one nobody can read. Raises OSError.
    """
    with path.open("rb") as source:
        kind = _format(source.read(12))
        if kind is None:
            return False
        # Unmapped with the last view of it.
        view = memoryview(mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ))
    try:
        # All of them before one is written: a broken file is found broken first.
        parts = _PARTS[kind](view)
    except (_Broken, struct.error, IndexError):
        return _anew(path, to, kind)
    with to.open("wb") as target:
        target.writelines(parts)
    return True


def _format(head: bytes) -> str | None:
    if head[:4] == b"RIFF" and head[8:] == b"WEBP":
        return WEBP
    return next((name for name, start in _STARTS.items() if head.startswith(start)), None)


def _turn(exif: memoryview) -> int:
    """What the first directory of Exif (TIFF 6.0, section 2) says: 1 to 8; 1 is upright."""
    tiff = exif[len(_EXIF) :] if bytes(exif[: len(_EXIF)]) == _EXIF else exif
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(bytes(tiff[:4]))
    if order is None:
        return 1
    try:
        at = struct.unpack_from(order + "I", tiff, 4)[0]
        for entry in range(struct.unpack_from(order + "H", tiff, at)[0]):
            tag, kind, _, value = struct.unpack_from(order + "HHIH", tiff, at + 2 + 12 * entry)
            if (tag, kind) == (ORIENTATION, 3) and 1 <= value <= 8:
                return int(value)
    except struct.error:
        pass
    return 1


def _exif(turn: int) -> bytes:
    """Exif (TIFF 6.0, section 2) with the orientation and nothing else."""
    entry = struct.pack(">HHIHH", ORIENTATION, 3, 1, turn, 0)
    return b"MM\0*" + struct.pack(">IH", 8, 1) + entry + struct.pack(">I", 0)


def _jpeg(view: memoryview) -> list[memoryview | bytes]:
    """Segments up to the end of the picture; what cameras put behind it is left out."""
    found = [*islice(_segments(view), MOST_PIECES)]
    if found[-1][0] != _EOI:
        raise _Broken
    said = [view[at + 2 : end] for marker, at, end in found if marker == _APP[1]]
    turn = next((_turn(one) for one in said if bytes(one[: len(_EXIF)]) == _EXIF), 1)
    parts: list[memoryview | bytes] = []
    for marker, at, end in found:
        if (kept := _segment(view, marker, at, end)) is not None:
            parts += [bytes((0xFF, marker)), kept]
    if turn != 1:
        # JFIF's own segment, where there is one, comes before all others.
        first = 2 if found[0][0] == _APP[0] and parts[0] == b"\xff\xe0" else 0
        body = _EXIF + _exif(turn)
        parts[first:first] = [b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body]
    return [view[:2], *parts]


def _segments(view: memoryview) -> Iterator[tuple[int, int, int]]:
    """Each marker, and where its length begins and its data ends: of a scan the coded picture."""
    at, marker = 2, _SOI
    while marker != _EOI:
        at, marker = _marker(view, at)
        end = at
        if marker != _EOI:
            length = struct.unpack_from(">H", view, at)[0]
            end = at + length
            if length < 2 or end > len(view):
                raise _Broken
        if marker == _SOS:
            end = _after_scan(view, end)
        yield marker, at, end
        at = end


def _marker(view: memoryview, at: int) -> tuple[int, int]:
    """The next marker and where it ends; any number of FF may come before it."""
    if view[at] != 0xFF:
        raise _Broken
    while view[at] == 0xFF:
        at += 1
    marker = view[at]
    if marker <= 0x01 or 0xD0 <= marker <= _SOI:
        raise _Broken
    return at + 1, marker


def _after_scan(view: memoryview, at: int) -> int:
    found = _NEXT.search(view, at)
    if found is None:
        raise _Broken
    return found.start()


def _segment(view: memoryview, marker: int, at: int, end: int) -> memoryview | bytes | None:
    """With its length; None for what is left out."""
    body = bytes(view[at + 2 : min(end, at + 16)])
    if marker == _APP[0]:
        # Without the small picture JFIF may carry.
        known = body.startswith(_JFIF) and len(body) == 14
        return b"\0\x10" + body[:12] + b"\0\0" if known else None
    if marker == _APP[2]:
        return view[at:end] if body.startswith(_ICC) else None
    if marker == _APP[14]:
        return view[at:end] if body.startswith(_ADOBE) else None
    return None if marker in _APP or marker == _COM else view[at:end]


def _png(view: memoryview) -> list[memoryview | bytes]:
    found = [*islice(_chunks(view, 8, ">I4s", 12), MOST_PIECES)]
    kinds = [kind for kind, _, _ in found]
    if not kinds or kinds[0] != b"IHDR" or b"IEND" not in kinds:
        raise _Broken
    found = found[: kinds.index(b"IEND") + 1]
    turn = next((_turn(view[at + 8 : end - 4]) for kind, at, end in found if kind == b"eXIf"), 1)
    parts: list[memoryview | bytes] = [view[at:end] for kind, at, end in found if kind in _PNG_KEPT]
    if turn != 1:
        body = b"eXIf" + _exif(turn)
        length, check = len(body) - 4, zlib.crc32(body)
        parts.insert(1, struct.pack(">I", length) + body + struct.pack(">I", check))
    return [view[:8], *parts]


def _webp(view: memoryview) -> list[memoryview | bytes]:
    stop = 8 + int(struct.unpack_from("<I", view, 4)[0])
    if stop > len(view):
        raise _Broken
    found = [*islice(_chunks(view[:stop], 12, "<4sI", 8), MOST_PIECES)]
    turn = next((_turn(view[at + 8 : end]) for kind, at, end in found if kind == b"EXIF"), 1)
    parts: list[memoryview | bytes] = []
    for kind, at, end in found:
        if kind == b"VP8X":
            flags = view[at + 8] & ~(_WEBP_EXIF | _WEBP_XMP) | (_WEBP_EXIF if turn != 1 else 0)
            parts += [view[at : at + 8], bytes((flags,)), view[at + 9 : end]]
        elif kind in _WEBP_KEPT:
            parts.append(view[at:end])
    # Only the extended format has Exif.
    if turn != 1 and found[0][0] == b"VP8X":
        body = _exif(turn)
        parts.append(b"EXIF" + struct.pack("<I", len(body)) + body)
    return [b"RIFF" + struct.pack("<I", 4 + sum(map(len, parts))) + b"WEBP", *parts]


def _chunks(view: memoryview, at: int, head: str, around: int) -> Iterator[tuple[bytes, int, int]]:
    """The kind of each chunk, where it begins and where the next does; ``around`` its data are as
    many bytes. The chunks of RIFF have even lengths.
    """
    while at < len(view):
        one, other = struct.unpack_from(head, view, at)
        kind, length = (other, one) if isinstance(one, int) else (one, other + other % 2)
        end = at + around + length
        if end > len(view):
            raise _Broken
        yield kind, at, end
        if kind == b"IEND":
            return
        at = end


_PARTS: dict[str, Callable[[memoryview], list[memoryview | bytes]]] = {
    JPEG: _jpeg, PNG: _png, WEBP: _webp,
}  # fmt: skip


def _anew(path: Path, to: Path, kind: str) -> bool:
    """Decoded and coded once more, upright; False when that cannot be done."""
    if pictures.media_type_of(path) is None:
        return False
    with Image.open(path, formats=(JPEG, PNG, WEBP)) as opened:
        picture = ImageOps.exif_transpose(opened)
        profile = opened.info.get("icc_profile")
        picture.info.clear()
        picture.save(to, kind, quality=QUALITY, icc_profile=profile)
    return True
