"""Byte ranges of a file (RFC 9110 sections 13 and 14), pure."""

import re
from dataclasses import dataclass

_ONE = re.compile(r"bytes=\s*(\d{0,18})-(\d{0,18})\s*", re.ASCII)


@dataclass(frozen=True)
class Piece:
    """Bytes ``start`` up to, not with, ``end`` of ``size``; ``partial``: a range was asked for."""

    start: int
    end: int
    size: int
    partial: bool

    @property
    def content_range(self) -> str:
        return f"bytes {self.start}-{self.end - 1}/{self.size}"


class NotSatisfiable(ValueError):
    """The range lies outside the file (416)."""


def choose(size: int, etag: str, header: str | None, if_range: str | None) -> Piece:
    """What to answer a Range with. What is no single range of bytes, or is of another version of
    the file (If-Range), is answered with all of it. Raises NotSatisfiable.
    """
    whole = Piece(0, size, size, partial=False)
    found = _ONE.fullmatch(header) if header else None
    if found is None or (if_range is not None and if_range.strip() != etag):
        return whole
    first, last = found.groups()
    if not first and not last:
        return whole
    if not first:
        length = int(last)
        if length == 0 or size == 0:
            raise NotSatisfiable
        return Piece(max(0, size - length), size, size, partial=True)
    start = int(first)
    end = min(size, int(last) + 1) if last else size
    if last and int(last) < start:
        return whole
    if start >= size:
        raise NotSatisfiable
    return Piece(start, end, size, partial=True)


def matches(etag: str, if_none_match: str | None) -> bool:
    """Whether the client has this version already (weak comparison)."""
    if if_none_match is None:
        return False
    tags = [one.strip().removeprefix("W/") for one in if_none_match.split(",")]
    return "*" in tags or etag in tags
