"""What files are made of, for those who leave parts of them out."""

import struct
from collections.abc import Iterator

Part = memoryview | bytes

# More pieces than any camera or program makes.
MOST_PIECES = 200_000


class Broken(Exception):
    """The file is not built as its format says."""


def chunks(view: memoryview, at: int, head: str, around: int) -> Iterator[tuple[bytes, int, int]]:
    """The kind of each chunk, where it begins and where the next does; ``around`` its data are as
    many bytes. The chunks of RIFF have even lengths.
    """
    while at < len(view):
        one, other = struct.unpack_from(head, view, at)
        kind, length = (other, one) if isinstance(one, int) else (one, other + other % 2)
        end = at + around + length
        if end > len(view):
            raise Broken
        yield kind, at, end
        if kind == b"IEND":
            return
        at = end
