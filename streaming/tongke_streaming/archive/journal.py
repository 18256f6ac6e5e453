"""The journal of a lesson: what its files hold, one JSON object a line, only ever appended to.

``t`` names the kind: ``lesson`` (id), ``key`` (key), ``origin`` (source, us), ``source`` (source,
state, us), ``rendition`` (r, dseq), ``init`` (r, n, data in base64, info), ``seg`` (r, n, us, i,
and d or gap where true), ``part`` (r, n, o, s, d, f, k where independent), ``close`` (r, n, s, d),
``lost`` (r, n), ``stored`` (r, n), ``rec`` (state, reason, us), ``end`` (us). ``r`` is a rendition,
``n`` a number of its, ``o``/``s`` offset and size in bytes, ``d`` a duration in µs, ``f`` frames.

A line is written after the bytes it speaks of, so that whatever it says is there.
"""

import errno
import json
import os
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Record = dict[str, Any]

NAME = "journal.jsonl"


class Journal:
    """The writing end. A full disk loses no line: lines wait in memory until there is room."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._pending: deque[bytes] = deque()
        self._fd: int | None = None
        self._size = 0

    def _open(self) -> int:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._size = os.lseek(fd, 0, os.SEEK_END)
        if self._size and os.pread(fd, 1, self._size - 1) != b"\n":
            self._pending.appendleft(b"\n")  # a torn last line must not swallow the next one
        return fd

    def append(self, record: Record) -> None:
        self._pending.append(json.dumps(record, separators=(",", ":")).encode() + b"\n")
        self.flush()

    def flush(self) -> bool:
        """Write what waits; False when some of it still has to."""
        try:
            if self._fd is None:
                self._fd = self._open()
            while self._pending:
                self._write(self._fd, self._pending[0])
                self._pending.popleft()
        except OSError:
            return False
        return True

    def _write(self, fd: int, line: bytes) -> None:
        """All of a line or nothing of it; raises OSError."""
        written = os.write(fd, line)
        if written < len(line):
            os.ftruncate(fd, self._size)
            os.lseek(fd, self._size, os.SEEK_SET)
            raise OSError(errno.ENOSPC, "only part of a line was taken")
        self._size += written

    def close(self) -> None:
        self.flush()
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


def read_records(data: bytes) -> Iterator[Record]:
    """The records of a journal; a line torn by a crash or a full disk is passed over."""
    for line in data.splitlines():
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict) and "t" in record:
            yield record
