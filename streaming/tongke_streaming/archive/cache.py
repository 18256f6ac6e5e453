"""What was read from the disk or the store lately: a class opening a replay reads it once."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable

Key = tuple[str, str, int]
"""Lesson, rendition, segment number."""


class SegmentCache:
    """Least recently used bytes up to ``limit`` in all; simultaneous readers share one read."""

    def __init__(self, limit: int = 64 << 20) -> None:
        self._limit = limit
        self._held: OrderedDict[Key, bytes] = OrderedDict()
        self._size = 0
        self._reading: dict[Key, asyncio.Task[bytes | None]] = {}

    async def get(self, key: Key, read: Callable[[], Awaitable[bytes | None]]) -> bytes | None:
        """The bytes, or None when ``read`` finds none. Raises what ``read`` raises."""
        held = self._held.get(key)
        if held is not None:
            self._held.move_to_end(key)
            return held
        task = self._reading.get(key)
        if task is None:
            task = asyncio.ensure_future(self._read(key, read))
            self._reading[key] = task
            task.add_done_callback(lambda done: self._settled(key, done))
        return await asyncio.shield(task)  # one reader's hanging up does not end the others' read

    def _settled(self, key: Key, task: asyncio.Task[bytes | None]) -> None:
        del self._reading[key]
        if not task.cancelled():
            task.exception()  # its readers may all be gone

    async def _read(self, key: Key, read: Callable[[], Awaitable[bytes | None]]) -> bytes | None:
        data = await read()
        if data is not None:
            self._held[key] = data
            self._size += len(data)
            while self._size > self._limit:
                _, old = self._held.popitem(last=False)
                self._size -= len(old)
        return data
