"""The layout: what programs read, and that any cuts give the same bytes."""

import io
import itertools
import zipfile
import zlib
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from tongke_courses.takehome.stored_zip import Entry, Span, StoredZip

contents = st.dictionaries(
    st.text("abc课 /_", min_size=1, max_size=12).filter(lambda one: one.strip("/ ") == one),
    st.binary(max_size=400),
    max_size=8,
)


def layout(files: dict[str, bytes]) -> StoredZip:
    return StoredZip([Entry(name, len(data), zlib.crc32(data)) for name, data in files.items()])


def cut(made: StoredZip, data: Sequence[bytes], start: int, end: int) -> bytes:
    found = []
    for piece in made.pieces(start, end):
        if isinstance(piece, Span):
            piece = data[piece.entry][piece.start : piece.end]
        found.append(piece)
    return b"".join(found)


@given(files=contents, cuts=st.lists(st.integers(0, 6000), max_size=6))
def test_any_cuts_are_the_same_bytes(files: dict[str, bytes], cuts: list[int]) -> None:
    made, data = layout(files), list(files.values())
    whole = cut(made, data, 0, made.size)
    assert len(whole) == made.size
    places = sorted({0, made.size, *(one % (made.size + 1) for one in cuts)})
    pairs = itertools.pairwise(places)
    assert b"".join(cut(made, data, a, b) for a, b in pairs) == whole
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        assert archive.testzip() is None
        assert {one.filename: archive.read(one) for one in archive.infolist()} == files


class _Sparse(io.RawIOBase):
    """The bytes of a layout, contents all zero: gigabytes that are nowhere."""

    def __init__(self, made: StoredZip) -> None:
        self.made, self.at = made, 0

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.at

    def seek(self, offset: int, whence: int = 0) -> int:
        self.at = offset + (0, self.at, self.made.size)[whence]
        return self.at

    def read(self, size: int = -1) -> bytes:
        end = self.made.size if size < 0 else min(self.made.size, self.at + size)
        found = b"".join(
            bytes(one.end - one.start) if isinstance(one, Span) else one
            for one in self.made.pieces(self.at, end)
        )
        self.at += len(found)
        return found


def test_files_beyond_4_gib() -> None:
    small = b"after"
    made = StoredZip([Entry("large", 5 << 30), Entry("small", 5, zlib.crc32(bytes(5)))])
    with zipfile.ZipFile(_Sparse(made)) as archive:
        assert [(one.filename, one.file_size) for one in archive.infolist()] == [
            ("large", 5 << 30),
            ("small", len(small)),
        ]
        assert archive.read("small") == bytes(5)


def test_more_files_than_16_bits_count() -> None:
    made = StoredZip([Entry(f"{n}", 0) for n in range(66_000)])
    with zipfile.ZipFile(_Sparse(made)) as archive:
        assert len(archive.infolist()) == 66_000


def test_the_size_is_known_without_checksums() -> None:
    made = layout({"a": b"x" * 77, "b": b""})
    assert StoredZip([Entry("a", 77), Entry("b", 0)]).size == made.size
