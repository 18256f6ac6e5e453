"""Pictures without what cameras and programs write into them: where, when and with what they were
taken, by whom they were edited, small copies of what they were before.

The coded picture is copied as it is. Kept are the parts that say how it is to be shown; of its Exif
alone the one number that says which side is up. A file that is not built as its format says is
decoded and written anew.
"""

import io
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from PIL import Image, ImageOps

from tongke_courses.materials.stripping_parts import MOST_PIECES, Broken, Part, chunks
from tongke_platform import pictures

ORIENTATION = 0x0112
QUALITY = 92
JPEG, PNG, WEBP, GIF = "JPEG", "PNG", "WEBP", "GIF"

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


def _jpeg(view: memoryview) -> list[Part]:
    """Segments up to the end of the picture; what cameras put behind it is left out."""
    found = [*islice(_segments(view), MOST_PIECES)]
    if found[-1][0] != _EOI:
        raise Broken
    said = [view[at + 2 : end] for marker, at, end in found if marker == _APP[1]]
    turn = next((_turn(one) for one in said if bytes(one[: len(_EXIF)]) == _EXIF), 1)
    parts: list[Part] = []
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
                raise Broken
        if marker == _SOS:
            end = _after_scan(view, end)
        yield marker, at, end
        at = end


def _marker(view: memoryview, at: int) -> tuple[int, int]:
    """The next marker and where it ends; any number of FF may come before it."""
    if view[at] != 0xFF:
        raise Broken
    while view[at] == 0xFF:
        at += 1
    marker = view[at]
    if marker <= 0x01 or 0xD0 <= marker <= _SOI:
        raise Broken
    return at + 1, marker


def _after_scan(view: memoryview, at: int) -> int:
    found = _NEXT.search(view, at)
    if found is None:
        raise Broken
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


def _png(view: memoryview) -> list[Part]:
    found = [*islice(chunks(view, 8, ">I4s", 12), MOST_PIECES)]
    kinds = [kind for kind, _, _ in found]
    if not kinds or kinds[0] != b"IHDR" or b"IEND" not in kinds:
        raise Broken
    found = found[: kinds.index(b"IEND") + 1]
    turn = next((_turn(view[at + 8 : end - 4]) for kind, at, end in found if kind == b"eXIf"), 1)
    parts: list[Part] = [view[at:end] for kind, at, end in found if kind in _PNG_KEPT]
    if turn != 1:
        body = b"eXIf" + _exif(turn)
        length, check = len(body) - 4, zlib.crc32(body)
        parts.insert(1, struct.pack(">I", length) + body + struct.pack(">I", check))
    return [view[:8], *parts]


def _webp(view: memoryview) -> list[Part]:
    stop = 8 + int(struct.unpack_from("<I", view, 4)[0])
    if stop > len(view):
        raise Broken
    found = [*islice(chunks(view[:stop], 12, "<4sI", 8), MOST_PIECES)]
    turn = next((_turn(view[at + 8 : end]) for kind, at, end in found if kind == b"EXIF"), 1)
    parts: list[Part] = []
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


# GIF (GIF89a, 12 to 26): what begins a block, and the applications that say how often it is played.
_IMAGE, _EXTENSION, _TRAILER = 0x2C, 0x21, 0x3B
_CONTROL, _PLAIN, _APPLICATION = 0xF9, 0x01, 0xFF
_PLAYED = {b"NETSCAPE2.0", b"ANIMEXTS1.0", b"ICCRGBG1012"}


def _gif(view: memoryview) -> list[Part]:
    """Its pictures, how long each is shown and how often; no remarks, no XMP."""
    at = 13 + _table(view[10])
    parts: list[Part] = [view[:at]]
    for _ in range(MOST_PIECES):
        begin, kind = at, view[at]
        if kind == _TRAILER:
            return [*parts, view[at : at + 1]]
        if kind == _IMAGE:
            at = _after_blocks(view, at + 11 + _table(view[at + 9]))
        elif kind == _EXTENSION:
            at = _after_blocks(view, at + 2)
        else:
            raise Broken
        if kind == _IMAGE or _shows(view, begin):
            parts.append(view[begin:at])
    raise Broken


def _table(flags: int) -> int:
    """Bytes of a table of colours."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _after_blocks(view: memoryview, at: int) -> int:
    while length := view[at]:
        at += 1 + length
    return at + 1


def _shows(view: memoryview, at: int) -> bool:
    label = view[at + 1]
    return label in (_CONTROL, _PLAIN) or (
        label == _APPLICATION and bytes(view[at + 3 : at + 14]) in _PLAYED
    )


PARTS: dict[str, Callable[[memoryview], list[Part]]] = {
    JPEG: _jpeg, PNG: _png, WEBP: _webp, GIF: _gif,
}  # fmt: skip


def anew(path: Path, to: Path, kind: str) -> bool:
    """Decoded and coded once more, upright; False when that cannot be done."""
    if pictures.media_type_of(path) is None:
        return False
    with Image.open(path, formats=(kind,)) as opened:
        if kind == GIF:
            to.write_bytes(_moving(opened))
            return True
        picture = ImageOps.exif_transpose(opened)
        profile = opened.info.get("icc_profile")
        picture.info.clear()
        picture.save(to, kind, quality=QUALITY, icc_profile=profile)
    return True


def _moving(opened: Image.Image) -> bytes:
    """All its pictures; of one that breaks off the first."""
    opened.info.pop("comment", None)
    made = io.BytesIO()
    try:
        opened.save(made, GIF, save_all=True)
    except (OSError, SyntaxError, ValueError):
        made = io.BytesIO()
        opened.seek(0)
        opened.save(made, GIF)
    return made.getvalue()
