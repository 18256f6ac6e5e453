"""Sound without names: of the person, the place, the program. The coded sound is copied as it is."""

import struct
from collections.abc import Callable

from tongke_courses.materials.stripping_parts import MOST_PIECES, Broken, Part

MP3, WAV, FLAC = "mp3", "wav", "flac"
# ID3v2 (id3.org, 2.4.0, 3.1) that says nothing: what begins with it is known to be MPEG sound.
_NO_WORDS = b"ID3\x04\0\0\0\0\0\0"
_OLD_TAG = 128  # ID3v1 at the end
_APE_FOOTER = 32
_WAV_KEPT = {b"fmt ", b"fact", b"data"}
# FLAC (RFC 9639, 8.1): what it takes to play, and to find a second.
_STREAMINFO, _SEEKTABLE = 0, 3


def _mp3(view: memoryview) -> list[Part]:
    at, end = 0, len(view)
    while bytes(view[at : at + 3]) == b"ID3":
        size = 0
        for one in view[at + 6 : at + 10]:
            size = size << 7 | (one & 0x7F)
        at += 10 + size + (10 if view[at + 5] & 0x10 else 0)
    if at >= end:
        raise Broken
    if bytes(view[-_OLD_TAG : -_OLD_TAG + 3]) == b"TAG":
        end -= _OLD_TAG
    if bytes(view[end - _APE_FOOTER : end - _APE_FOOTER + 8]) == b"APETAGEX":
        size, _, flags = struct.unpack_from("<III", view, end - _APE_FOOTER + 12)
        end -= size + (_APE_FOOTER if flags & 1 << 31 else 0)
    if end <= at:
        raise Broken
    return [*([_NO_WORDS] if at else []), view[at:end]]


def _wav(view: memoryview) -> list[Part]:
    """Of a recording that was cut off, as much as there is."""
    parts: list[Part] = []
    at = 12
    for _ in range(MOST_PIECES):
        if at + 8 > len(view):
            break
        kind, length = struct.unpack_from("<4sI", view, at)
        end = min(at + 8 + length + length % 2, len(view))
        if kind in _WAV_KEPT:
            parts.append(view[at:end])
        at = end
    if not any(bytes(one[:4]) == b"data" for one in parts):
        raise Broken
    size = min(4 + sum(map(len, parts)), 0xFFFFFFFF)
    return [b"RIFF", struct.pack("<I", size), b"WAVE", *parts]


def _flac(view: memoryview) -> list[Part]:
    kept: list[tuple[int, memoryview]] = []
    at, last = 4, False
    while not last:
        head = int(struct.unpack_from(">I", view, at)[0])
        last, kind, length = bool(head >> 31), head >> 24 & 0x7F, head & 0xFFFFFF
        if at + 4 + length > len(view):
            raise Broken
        if kind in (_STREAMINFO, _SEEKTABLE):
            kept.append((kind, view[at + 4 : at + 4 + length]))
        at += 4 + length
    if not kept or kept[0][0] != _STREAMINFO:
        raise Broken
    parts: list[Part] = [b"fLaC"]
    for number, (kind, body) in enumerate(kept, 1):
        flag = 0x80 if number == len(kept) else 0
        parts += [struct.pack(">I", (flag | kind) << 24 | len(body)), body]
    return [*parts, view[at:]]


PARTS: dict[str, Callable[[memoryview], list[Part]]] = {MP3: _mp3, WAV: _wav, FLAC: _flac}
