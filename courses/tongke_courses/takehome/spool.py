"""What is written for an archive and is too much to hold: on the disk, gone when nobody needs it."""

import hashlib
import os
import tempfile
import weakref
import zlib
from dataclasses import dataclass


class Spool:
    """A file without a name. Written by one at a time, read at any place meanwhile."""

    def __init__(self) -> None:
        self._fd, path = tempfile.mkstemp(prefix="tongke-")
        os.unlink(path)
        weakref.finalize(self, os.close, self._fd)
        self.size = 0

    def write(self, data: bytes) -> None:
        """Raises OSError when the disk is full."""
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._fd, rest) :]
        self.size += len(data)

    def read(self, start: int, end: int) -> bytes:
        return os.pread(self._fd, end - start, start)


@dataclass(frozen=True)
class Spooled:
    """Bytes of a spool from ``start`` on."""

    spool: Spool
    start: int
    crc32: int


class Page:
    """One file that is written piece by piece at the end of a spool."""

    def __init__(self, spool: Spool) -> None:
        self._spool, self._start = spool, spool.size
        self._crc32, self._sha256 = 0, hashlib.sha256()

    def write(self, text: str) -> None:
        data = text.encode()
        self._crc32 = zlib.crc32(data, self._crc32)
        self._sha256.update(data)
        self._spool.write(data)

    @property
    def size(self) -> int:
        return self._spool.size - self._start

    @property
    def sha256(self) -> str:
        return self._sha256.hexdigest()

    @property
    def spooled(self) -> Spooled:
        return Spooled(self._spool, self._start, self._crc32)
