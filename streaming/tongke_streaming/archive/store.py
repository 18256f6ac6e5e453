"""The object store behind the spool, through obstore, and the work of putting segments on it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, from_url

log = logging.getLogger(__name__)

_FAILURES = (BaseError, OSError, ValueError)
_FIRST_RETRY_S = 0.5
_LAST_RETRY_S = 30.0
_WORKERS = 4


def open_store(url: str) -> ObjectStore:
    """``file:///…`` (made when missing) or whatever else obstore knows, as ``s3://bucket/prefix``.

    Raises ValueError or obstore's BaseError for an address it cannot use.
    """
    parts = urlsplit(url)
    if parts.scheme == "file":
        return LocalStore(Path(unquote(parts.path)), mkdir=True)
    return from_url(url)


class StoreError(OSError):
    """The store cannot be reached or refuses."""


class MediaStore:
    """Objects ``lessons/{lesson}/{name}``, each put once."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    async def put(self, lesson: str, name: str, data: bytes) -> None:
        """Raises StoreError."""
        try:
            await self._store.put_async(f"lessons/{lesson}/{name}", data)
        except _FAILURES as error:
            raise StoreError(f"{name} was not put: {type(error).__name__}") from error

    async def get(self, lesson: str, name: str) -> bytes | None:
        """None where there is no such object. Raises StoreError."""
        try:
            result = await self._store.get_async(f"lessons/{lesson}/{name}")
            return bytes(await result.bytes_async())
        except FileNotFoundError:
            return None
        except _FAILURES as error:
            raise StoreError(f"{name} was not got: {type(error).__name__}") from error


class Uploader:
    """A queue of uploads, each tried until it is done. Lives on one event loop.

    What is queued is written down elsewhere (the journal says what is not stored yet), so nothing
    is lost when the process ends in between.
    """

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Callable[[], Awaitable[None]]] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []
        self.unfinished = 0
        self.idle = asyncio.Event()
        self.idle.set()
        self.failures = 0

    def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._work()) for _ in range(_WORKERS)]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task

    def add(self, upload: Callable[[], Awaitable[None]]) -> None:
        """``upload`` may be called several times; OSError means: again."""
        self.unfinished += 1
        self.idle.clear()
        self._queue.put_nowait(upload)

    async def _work(self) -> None:
        while True:
            upload = await self._queue.get()
            await self._until_done(upload)
            self.unfinished -= 1
            if not self.unfinished:
                self.idle.set()

    async def _until_done(self, upload: Callable[[], Awaitable[None]]) -> None:
        wait_s = _FIRST_RETRY_S
        while True:
            try:
                await upload()
                return
            except OSError as error:
                self.failures += 1
                log.warning("upload failed, again in %.1f s: %s", wait_s, error)
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, _LAST_RETRY_S)
