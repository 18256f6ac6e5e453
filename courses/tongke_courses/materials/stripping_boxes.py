"""Films and pictures made of boxes (MP4, MOV, 3GP, M4A, HEIF, AVIF; ISO 14496-12, 23008-12) without what
phones and cameras write into them.

Nothing is moved: what says too much is written over, so every address within the file stays right. Gone
are all boxes of remarks, when it was made, names of the program, and whole tracks that are neither
pictures nor sound: places by the second, the hour of the day, subtitles that cameras fill with places.
Of HEIF and AVIF Exif and XMP are gone; which side is up is said elsewhere.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from tongke_courses.materials.stripping_parts import MOST_PIECES, Broken

_SHOWN = {b"vide", b"soun", b"auxv", b"pict"}
_TOP = {
    b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"sidx", b"ssix", b"mfra", b"pdin", b"wide", b"idat",
}  # fmt: skip
_IN_MOVIE = {b"mvhd", b"trak", b"mvex", b"iods", b"pssh"}
_IN_TRACK = {b"tkhd", b"edts", b"mdia", b"tapt", b"load", b"clip", b"matt", b"trgr"}
_IN_MEDIA = {b"mdhd", b"hdlr", b"minf", b"elng"}
_IN_FRAGMENT = {b"mfhd", b"traf", b"pssh"}
# A directory (TIFF 6.0) without an entry, behind the four bytes HEIF wants (23008-12, A.2.1).
_NO_EXIF = b"\0\0\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0"


class Patch(NamedTuple):
    """From ``at`` on ``data``, and zeros up to ``end``."""

    at: int
    end: int
    data: bytes = b""


class _Box(NamedTuple):
    kind: bytes
    at: int
    body: int
    end: int


def patches(view: memoryview) -> list[Patch]:
    """What is to be written over. Raises Broken, struct.error, IndexError."""
    return _File(view).patches


def _boxes(view: memoryview, at: int, end: int) -> Iterator[_Box]:
    """Of a file that was cut off the last one ends where the file does."""
    for _ in range(MOST_PIECES):
        if at + 8 > end:
            return
        size, kind = struct.unpack_from(">I4s", view, at)
        body = at + 8
        if size == 1:
            size, body = int(struct.unpack_from(">Q", view, body)[0]), at + 16
        size = size or end - at
        if size < body - at or (at + size > end and end != len(view)):
            raise Broken
        yield _Box(kind, at, body, min(at + size, end))
        at += size
    raise Broken


class _File:
    def __init__(self, view: memoryview) -> None:
        self.view = view
        self.patches: list[Patch] = []
        top = [*_boxes(view, 0, len(view))]
        self.fragments = any(one.kind == b"moof" for one in top)
        for one in top:
            if one.kind == b"moov":
                self._inside(one, _IN_MOVIE)
                self._movie(one)
            elif one.kind == b"moof":
                self._inside(one, _IN_FRAGMENT)
            elif one.kind == b"meta" and self._handler(one, 4) == b"pict":
                self._pictures(one)
            elif one.kind not in _TOP:
                self._blank(one)

    def _of(self, box: _Box, skip: int = 0) -> list[_Box]:
        return [*_boxes(self.view, box.body + skip, box.end)]

    def _child(self, box: _Box, *kinds: bytes) -> _Box | None:
        """By the names on the way down."""
        for kind in kinds:
            found = next((one for one in self._of(box) if one.kind == kind), None)
            if found is None:
                return None
            box = found
        return box

    def _handler(self, box: _Box, skip: int = 0) -> bytes:
        found = next((one for one in self._of(box, skip) if one.kind == b"hdlr"), None)
        return bytes(self.view[found.body + 8 : found.body + 12]) if found else b""

    def _zero(self, at: int, end: int, data: bytes = b"") -> None:
        if len(self.patches) >= MOST_PIECES or end > len(self.view) or at > end:
            raise Broken
        self.patches.append(Patch(at, end, data[: end - at]))

    def _blank(self, box: _Box) -> None:
        self._zero(box.at + 4, box.at + 8, b"free")
        self._zero(box.body, box.end)

    def _inside(self, box: _Box, kept: set[bytes]) -> None:
        for one in self._of(box):
            if one.kind not in kept:
                self._blank(one)

    def _movie(self, box: _Box) -> None:
        for one in self._of(box):
            if one.kind == b"cmov":
                raise Broken  # compressed
            if one.kind == b"mvhd":
                self._times(one)
            elif one.kind == b"trak":
                self._track(one)

    def _track(self, box: _Box) -> None:
        media = self._child(box, b"mdia")
        if media is None or self._handler(media) not in _SHOWN:
            if self.fragments:
                raise Broken  # its samples lie in every fragment
            self._samples(box)
            self._blank(box)
            return
        self._inside(box, _IN_TRACK)
        self._inside(media, _IN_MEDIA)
        for one in (*self._of(box), *self._of(media)):
            if one.kind in {b"tkhd", b"mdhd"}:
                self._times(one)
            elif one.kind == b"hdlr":
                self._zero(min(one.body + 24, one.end), one.end)

    def _times(self, box: _Box) -> None:
        """Made and changed (14496-12, 8.2.2, 8.3.2, 8.4.2)."""
        length = 16 if self.view[box.body] == 1 else 8
        self._zero(box.body + 4, box.body + 4 + length)

    def _samples(self, track: _Box) -> None:
        """What a track says, wherever it lies (14496-12, 8.7)."""
        table = self._child(track, b"mdia", b"minf", b"stbl")
        if table is None:
            return
        boxes = {one.kind: one.body + 4 for one in self._of(table)}
        sizes = self._sizes(boxes)
        chunks = self._offsets(boxes)
        runs = self._numbers(boxes[b"stsc"], 3) if b"stsc" in boxes else []
        at = 0
        for (first, many, _), (until, _, _) in zip(
            runs, [*runs[1:], (len(chunks) + 1, 0, 0)], strict=True
        ):
            for chunk in chunks[first - 1 : until - 1]:
                self._zero(chunk, chunk + sum(sizes[at : at + many]))
                at += many

    def _sizes(self, boxes: dict[bytes, int]) -> list[int]:
        at = boxes.get(b"stsz")
        if at is None:
            raise Broken
        one, count = struct.unpack_from(">II", self.view, at)
        if count > MOST_PIECES:
            raise Broken
        return [one] * count if one else [*struct.unpack_from(f">{count}I", self.view, at + 8)]

    def _offsets(self, boxes: dict[bytes, int]) -> list[int]:
        letter = "I" if b"stco" in boxes else "Q"
        at = boxes[b"stco"] if b"stco" in boxes else boxes.get(b"co64")
        if at is None:
            return []
        count = int(struct.unpack_from(">I", self.view, at)[0])
        if count > MOST_PIECES:
            raise Broken
        return [*struct.unpack_from(f">{count}{letter}", self.view, at + 4)]

    def _numbers(self, at: int, width: int) -> list[tuple[int, ...]]:
        count = int(struct.unpack_from(">I", self.view, at)[0])
        if count > MOST_PIECES:
            raise Broken
        found = struct.unpack_from(f">{count * width}I", self.view, at + 4)
        return [found[n : n + width] for n in range(0, len(found), width)]

    def _pictures(self, box: _Box) -> None:
        """Of HEIF's items those that are words (23008-12, annex A; 14496-12, 8.11.3 and 8.11.6)."""
        inside = {one.kind: one for one in self._of(box, 4)}
        for kind in (b"uuid", b"udta", b"free", b"skip", b"xml ", b"bxml"):
            if kind in inside:
                self._blank(inside[kind])
        if b"iinf" not in inside or b"iloc" not in inside:
            return
        words = self._words(inside[b"iinf"])
        base = inside[b"idat"].body if b"idat" in inside else 0
        for key, method, at, length in self._places(inside[b"iloc"]):
            if key in words:
                if method > 1 or (method == 1 and not base):
                    raise Broken
                start = at + (base if method else 0)
                exif = words[key] == b"Exif" and length >= len(_NO_EXIF)
                self._zero(start, start + length, _NO_EXIF if exif else b"")

    def _words(self, box: _Box) -> dict[int, bytes]:
        found: dict[int, bytes] = {}
        for one in self._of(box, 6 if self.view[box.body] == 0 else 8):
            version = self.view[one.body]
            if version < 2:
                raise Broken
            form = ">HH4s" if version == 2 else ">IH4s"
            key, _, kind = struct.unpack_from(form, self.view, one.body + 4)
            if kind in {b"Exif", b"mime", b"uri "}:
                found[key] = kind
        return found

    def _places(self, box: _Box) -> Iterator[tuple[int, int, int, int]]:
        """Item, how it is addressed, where and how long."""
        read = _Reader(self.view, box.body)
        version = read.number(4) >> 24
        widths = read.number(2)
        offset, length, base, index = (widths >> shift & 15 for shift in (12, 8, 4, 0))
        for _ in range(min(read.number(2 if version < 2 else 4), MOST_PIECES)):
            key = read.number(2 if version < 2 else 4)
            method = read.number(2) & 15 if version else 0
            read.number(2)
            start = read.number(base)
            for _ in range(read.number(2)):
                read.number(index if version else 0)
                at = read.number(offset)
                yield key, method, start + at, read.number(length)


class _Reader:
    def __init__(self, view: memoryview, at: int) -> None:
        self.view, self.at = view, at

    def number(self, width: int) -> int:
        """Of as many bytes."""
        data = bytes(self.view[self.at : self.at + width])
        if len(data) < width:
            raise Broken
        self.at += width
        return int.from_bytes(data, "big")
