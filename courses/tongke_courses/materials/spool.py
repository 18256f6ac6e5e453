"""Uploads on their way: one file each in ``data_dir/uploads``; its length is what arrived."""

import asyncio
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from tongke_platform.errors import N_, TongkeError

T = TypeVar("T")

FOLDER = "uploads"

LOCKED = N_("This file is being sent from another page or device right now.")


class Locked(TongkeError):
    status = 423
    code = "upload_locked"
    message = LOCKED


class SpoolFile:
    """One upload, held by this request alone. What ``append`` took survives this process."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._fd = descriptor

    @property
    def size(self) -> int:
        return os.fstat(self._fd).st_size

    async def append(self, data: bytes) -> None:
        """Raises OSError when not all of it could be written; what was stays."""
        await _through(self._append, data)

    def _append(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._fd, view) :]

    async def append_file(self, path: Path) -> None:
        await _through(self._append_file, path)

    def _append_file(self, path: Path) -> None:
        with path.open("rb") as source:
            while data := source.read(1 << 20):
                self._append(data)

    async def sync(self) -> None:
        await _through(os.fsync, self._fd)

    def cut(self, size: int) -> None:
        os.ftruncate(self._fd, size)


class UploadSpool:
    """``min_free_bytes`` of the disk stay free, for the records."""

    def __init__(self, root: Path, min_free_bytes: int) -> None:
        self.root = root
        self._min_free_bytes = min_free_bytes
        root.mkdir(mode=0o700, parents=True, exist_ok=True)

    def path(self, key: UUID) -> Path:
        return self.root / str(key)

    def received(self, key: UUID) -> int:
        try:
            return self.path(key).stat().st_size
        except FileNotFoundError:
            return 0

    def has_room(self, size: int = 0) -> bool:
        return shutil.disk_usage(self.root).free - size >= self._min_free_bytes

    @contextmanager
    def held(self, key: UUID) -> Iterator[SpoolFile]:
        """Raises Locked while anybody else holds it, in this process or another."""
        path = self.path(key)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Locked from None
            if not _is_same(path, descriptor):
                # Removed between our opening it and our turn.
                raise Locked
            yield SpoolFile(path, descriptor)
        finally:
            os.close(descriptor)

    def remove(self, key: UUID) -> None:
        with suppress(FileNotFoundError):
            self.path(key).unlink()


async def _through(work: Callable[[T], None], value: T) -> None:
    """In a thread, and to its end even when the request is cancelled: the descriptor is closed after."""
    task = asyncio.ensure_future(asyncio.to_thread(work, value))
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


def _is_same(path: Path, descriptor: int) -> bool:
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    return os.path.samestat(there, os.fstat(descriptor))
