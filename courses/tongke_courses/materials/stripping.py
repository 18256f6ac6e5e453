"""Files without what cameras, phones and programs write into them: where, when and with what they were
taken, by whom they were edited, small copies of what they were before.

What was coded is copied as it is. A picture that is not built as its format says is decoded and written
anew, sound and video so are put into a new file. Left as they are: documents (their authors' names are
part of what they say), and what is within the pictures themselves.
"""

import mmap
import shutil
import struct
from pathlib import Path

from tongke_courses.materials import (
    stripping_boxes,
    stripping_pictures,
    stripping_remux,
    stripping_sound,
)
from tongke_courses.materials.stripping_parts import Broken
from tongke_courses.materials.stripping_pictures import GIF, JPEG, PNG, WEBP
from tongke_courses.materials.stripping_remux import MOV, MP4, OGG, WEBM
from tongke_courses.materials.stripping_sound import FLAC, MP3, WAV

_BOXES = "boxes"
_STARTS = {
    JPEG: b"\xff\xd8\xff", PNG: b"\x89PNG\r\n\x1a\n", GIF: b"GIF8", FLAC: b"fLaC", MP3: b"ID3",
    OGG: b"OggS", WEBM: b"\x1aE\xdf\xa3",
}  # fmt: skip
_RIFF = {b"WEBP": WEBP, b"WAVE": WAV}
_BROKEN = (Broken, struct.error, IndexError)
_ZEROS = bytes(1 << 20)


def strip(path: Path, to: Path) -> bool:
    """Write the file at ``path`` to ``to`` without what it says about people and places; a picture that
    says nothing stays the same bytes. False, and nothing at ``to``, for what stays as it is: it says
    nothing, is of another kind, or is a picture nobody can read.

    Raises Invalid ``unreadable_media`` for sound and video of which it cannot be said, OSError.
    """
    with path.open("rb") as source:
        kind = _format(source.read(64))
        if kind is None:
            return False
        # Unmapped with the last view of it.
        view = memoryview(mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ))
    if kind in (WEBM, OGG):
        stripping_remux.remux(path, to, kind)
        return True
    try:
        # All of it before one byte is written: a broken file is found broken first.
        if kind == _BOXES:
            return _overwritten(path, to, stripping_boxes.patches(view), view)
        parts = (stripping_pictures.PARTS | stripping_sound.PARTS)[kind](view)
    except _BROKEN:
        if kind in stripping_pictures.PARTS:
            return stripping_pictures.anew(path, to, kind)
        stripping_remux.remux(path, to, _written_as(kind, view))
        return True
    with to.open("wb") as target:
        target.writelines(parts)
    return True


def _format(head: bytes) -> str | None:
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12])
    if head[4:8] == b"ftyp":
        return _BOXES
    found = next((name for name, start in _STARTS.items() if head.startswith(start)), None)
    return None if found == WEBM and b"webm" not in head else found


def _written_as(kind: str, view: memoryview) -> str:
    if kind != _BOXES:
        return kind
    return MOV if bytes(view[8:12]) == b"qt  " else MP4


def _overwritten(
    path: Path, to: Path, patches: list[stripping_boxes.Patch], view: memoryview
) -> bool:
    if all(_says(view, one) for one in patches):
        return False
    shutil.copyfile(path, to)
    with to.open("r+b") as target:
        for at, end, data in patches:
            target.seek(at)
            target.write(data)
            for left in range(end - at - len(data), 0, -len(_ZEROS)):
                target.write(_ZEROS[:left])
    return True


def _says(view: memoryview, patch: stripping_boxes.Patch) -> bool:
    """Whether it is there already."""
    at, end, data = patch
    if view[at : at + len(data)] != data:
        return False
    return all(
        view[one : min(one + len(_ZEROS), end)] == _ZEROS[: min(len(_ZEROS), end - one)]
        for one in range(at + len(data), end, len(_ZEROS))
    )
