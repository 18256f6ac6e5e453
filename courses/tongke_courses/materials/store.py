"""Files in the object store, by their content: ``files/{first two}/{sha256}``, each kept once."""

import asyncio
import errno
import hashlib
import tempfile
from collections.abc import AsyncIterator, Callable
from functools import cache
from pathlib import Path
from typing import IO
from uuid import uuid4

from obstore.exceptions import BaseError
from obstore.store import ObjectStore

from tongke_courses.materials.looking import look
from tongke_courses.materials.models import StoredFile
from tongke_courses.materials.repository import StoredFileRepository
from tongke_courses.materials.spool import FOLDER, UploadSpool
from tongke_courses.materials.stripping import strip
from tongke_platform.database import WriteSession
from tongke_platform.errors import N_, TongkeError
from tongke_platform.frame import Frame
from tongke_streaming.archive.store import MediaStore, open_store

ROOT = "files"
_FAILURES = (BaseError, OSError, ValueError)
# One request each: a slow reader holds neither a connection to the store nor more memory than this.
_STEP = 2 << 20

NO_ROOM = N_("The server has no room for this file now. What arrived is kept: go on later.")
AWAY = N_("The file store cannot be reached. Please try again in a moment.")


class StoreTrouble(TongkeError):
    """507 ``no_room`` or 503 ``store_away``."""


def trouble_of(error: Exception) -> StoreTrouble:
    """What a failing disk or store is told as."""
    full = isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
    if full or "No space left" in str(error):
        return StoreTrouble(NO_ROOM, code="no_room", status=507, retry_after=60)
    return StoreTrouble(AWAY, code="store_away", status=503, retry_after=5)


def key_of(sha256: str) -> str:
    return f"{ROOT}/{sha256[:2]}/{sha256}"


@cache
def _opened(url: str) -> ObjectStore:
    return open_store(url)


def media_store(frame: Frame) -> MediaStore:
    """Where recordings are put away."""
    return MediaStore(_opened(frame.settings.media_url))


class FileStore:
    """The files of one server. Cheap to make; the store behind it is opened once."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._store = _opened(frame.settings.media_url)

    async def put_path(self, path: Path, session: WriteSession | None = None) -> StoredFile:
        """Keep a copy of a local file; the row says what it is. Of pictures, sound and video what is kept
        says nothing of where, when and by whom it was taken: hash and size are those of what is kept.

        With ``session`` the row belongs to that transaction (needed within one: SQLite has one
        writer), without it to its own. A row nobody refers to is swept a day later.
        Raises Invalid ``program``, ``unreadable_media`` for what may not be kept, StoreTrouble.
        """
        # Beside the uploads: as large as they, and swept with them when this process dies.
        clean = UploadSpool(self._frame.settings.data_dir / FOLDER, 0).root / f"clean-{uuid4()}"
        try:
            stripped = await asyncio.to_thread(strip, path, clean)
            return await self._put_kept(clean if stripped else path, session)
        except OSError as error:
            raise trouble_of(error) from error
        finally:
            clean.unlink(missing_ok=True)

    async def _put_kept(self, path: Path, session: WriteSession | None) -> StoredFile:
        media_type = await asyncio.to_thread(look, path)
        sha256, size = await asyncio.to_thread(_digest, path)
        if session is not None:
            stored = await self._claim(session, sha256, size, media_type)
        else:
            async with self._frame.database.write() as own:
                stored = await self._claim(own, sha256, size, media_type)
        # Only now: a sweep that removes the object has let go of the row before it could be claimed.
        if await self.size(stored.key) != size:
            await self._put(stored.key, path)
        return stored

    async def put_bytes(self, data: bytes, session: WriteSession | None = None) -> StoredFile:
        """As ``put_path``."""
        with tempfile.NamedTemporaryFile() as file:
            await asyncio.to_thread(_write, file, data)
            return await self.put_path(Path(file.name), session)

    async def _claim(
        self, session: WriteSession, sha256: str, size: int, media_type: str
    ) -> StoredFile:
        return await StoredFileRepository(session).claim(
            key=key_of(sha256),
            sha256=sha256,
            size=size,
            media_type=media_type,
            now=self._frame.now(),
        )

    async def _put(self, key: str, path: Path) -> None:
        try:
            await self._store.put_async(key, path)
        except _FAILURES as error:
            raise trouble_of(error) from error

    async def size(self, key: str) -> int | None:
        """Bytes; None where there is no such object. Raises StoreTrouble."""
        try:
            return int((await self._store.head_async(key))["size"])
        except FileNotFoundError:
            return None
        except _FAILURES as error:
            raise trouble_of(error) from error

    async def open_range(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        """Bytes ``start`` up to, not with, ``end``. The first are there when this returns: what is
        missing is known before an answer begins. Raises FileNotFoundError, StoreTrouble.
        """
        first = await self._read(key, start, min(end, start + _STEP)) if end > start else b""
        return self._rest(key, first, start + len(first), end)

    async def _rest(self, key: str, first: bytes, at: int, end: int) -> AsyncIterator[bytes]:
        if first:
            yield first
        while at < end:
            data = await self._read(key, at, min(end, at + _STEP))
            at += len(data)
            yield data

    async def _read(self, key: str, start: int, end: int) -> bytes:
        try:
            data = await self._store.get_range_async(key, start=start, end=end)
        except FileNotFoundError:
            raise
        except _FAILURES as error:
            raise trouble_of(error) from error
        if len(data) != end - start:
            raise trouble_of(ValueError("a short object"))
        return bytes(data)

    async def fetch(
        self, stored: StoredFile, into: Path, alive: Callable[[], None] = lambda: None
    ) -> None:
        """A local copy, for programs that want a file; ``alive`` is called as it grows.

        Raises FileNotFoundError, StoreTrouble.
        """
        with into.open("wb") as file:
            async for data in await self.open_range(stored.key, 0, stored.size):
                await asyncio.to_thread(file.write, data)
                alive()

    async def delete(self, key: str) -> None:
        """No error when it is gone already. Raises StoreTrouble. Only sweeps call this."""
        try:
            await self._store.delete_async(key)
        except FileNotFoundError:
            return
        except _FAILURES as error:
            raise trouble_of(error) from error

    async def keys(self, first: str) -> list[tuple[str, float]]:
        """Key and age's start (seconds of the epoch) of the files whose hash begins with ``first``."""
        try:
            found = [one async for page in self._store.list(f"{ROOT}/{first}") for one in page]
        except _FAILURES as error:
            raise trouble_of(error) from error
        return [(one["path"], one["last_modified"].timestamp()) for one in found]


def _digest(path: Path) -> tuple[str, int]:
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
        return found, file.tell()


def _write(file: IO[bytes], data: bytes) -> None:
    file.write(data)
    file.flush()
