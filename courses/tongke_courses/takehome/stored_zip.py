"""A zip whose every byte is known before one is read: nothing is compressed (APPNOTE 6.3, 4.3).

Files of 4 GiB and more, and archives with as much or with 65,535 files, have the fields of ZIP64.
"""

import struct
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

_32 = 0xFFFFFFFF
_16 = 0xFFFF
_UTF8 = 0x800
# Noon of nothing: the same contents are the same bytes.
_TIME, _DATE = 0, (0 << 9) | (1 << 5) | 1
_MODE = 0o100644 << 16


@dataclass(frozen=True)
class Entry:
    """``path`` with ``/`` between its parts; ``size`` in bytes. ``crc``: CRC-32 of the content; the
    layout is known without it, the bytes are not.
    """

    path: str
    size: int
    crc: int = 0

    @property
    def name(self) -> bytes:
        return self.path.encode()

    @property
    def large(self) -> bool:
        return self.size >= _32


@dataclass(frozen=True)
class Span:
    """Bytes ``start`` up to, not with, ``end`` of entry number ``entry``."""

    entry: int
    start: int
    end: int


class StoredZip:
    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = entries
        lengths = (30 + len(one.name) + (20 if one.large else 0) + one.size for one in entries)
        self._starts = [0, *accumulate(lengths)]

    @property
    def central_start(self) -> int:
        return self._starts[-1]

    @cached_property
    def size(self) -> int:
        """Of the whole archive; no content and no CRC is needed to know it."""
        pairs = zip(self.entries, self._starts, strict=False)
        length = sum(46 + len(one.name) + len(_extra(one, at)) for one, at in pairs)
        return self.central_start + length + len(self._end(length))

    @cached_property
    def _central(self) -> bytes:
        pairs = zip(self.entries, self._starts, strict=False)
        data = b"".join(_central_header(one, at) for one, at in pairs)
        return data + self._end(len(data))

    def _end(self, length: int) -> bytes:
        """End of the central directory, which is ``length`` bytes."""
        count, start = len(self.entries), self.central_start
        end = struct.pack(
            "<4sHHHHIIH", b"PK\x05\x06", 0, 0, min(count, _16), min(count, _16),
            min(length, _32), min(start, _32), 0,
        )  # fmt: skip
        if count < _16 and start < _32 and length < _32:
            return end
        record = struct.pack(
            "<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45 | 3 << 8, 45, 0, 0, count, count, length, start
        )
        return record + struct.pack("<4sIQI", b"PK\x06\x07", 0, start + length, 1) + end

    def pieces(self, start: int, end: int) -> Iterator[bytes | Span]:
        """What bytes ``start`` up to ``end`` are made of: headers as they are, contents as spans."""
        first = max(0, bisect_right(self._starts, start) - 1)
        for number in range(first, len(self.entries)):
            at = self._starts[number]
            if at >= end:
                return
            header = _local_header(self.entries[number])
            yield from _cut(header, start - at, end - at)
            begin = at + len(header)
            span = Span(number, max(0, start - begin), min(self._starts[number + 1], end) - begin)
            if span.start < span.end:
                yield span
        yield from _cut(self._central, start - self.central_start, end - self.central_start)


def _cut(data: bytes, start: int, end: int) -> Iterator[bytes]:
    found = data[max(0, start) : max(0, end)]
    if found:
        yield found


def _local_header(one: Entry) -> bytes:
    size = _32 if one.large else one.size
    extra = struct.pack("<HHQQ", 1, 16, one.size, one.size) if one.large else b""
    return (
        struct.pack(
            "<4sHHHHHIIIHH", b"PK\x03\x04", 45 if one.large else 20, _UTF8, 0, _TIME, _DATE,
            one.crc, size, size, len(one.name), len(extra),
        )
        + one.name
        + extra
    )  # fmt: skip


def _extra(one: Entry, at: int) -> bytes:
    """The fields that do not fit, in the order of 4.5.3."""
    fields = [one.size, one.size] if one.large else []
    fields += [at] if at >= _32 else []
    return struct.pack(f"<HH{len(fields)}Q", 1, 8 * len(fields), *fields) if fields else b""


def _central_header(one: Entry, at: int) -> bytes:
    size, extra = (_32 if one.large else one.size), _extra(one, at)
    return (
        struct.pack(
            "<4sHHHHHHIIIHHHHHII", b"PK\x01\x02", 45 | 3 << 8, 45 if extra else 20, _UTF8, 0,
            _TIME, _DATE, one.crc, size, size, len(one.name), len(extra), 0, 0, 0, _MODE,
            min(at, _32),
        )
        + one.name
        + extra
    )  # fmt: skip
