"""Things that arrive, and waiting for one of them without sleeping."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

PATIENCE_S = 8.0


class Arrivals(Generic[T]):
    def __init__(self) -> None:
        self.seen: list[T] = []
        self._more = asyncio.Event()

    def put(self, item: T) -> None:
        self.seen.append(item)
        self._more.set()
        self._more = asyncio.Event()

    async def until(
        self, wanted: Callable[[T], bool], *, after: int = 0, timeout: float = PATIENCE_S
    ) -> T:
        """The first that is wanted, from index ``after`` on, of those seen or still to come."""
        async with asyncio.timeout(timeout):
            while True:
                more = self._more
                for item in self.seen[after:]:
                    if wanted(item):
                        return item
                after = len(self.seen)
                await more.wait()

    async def count(self, number: int, *, timeout: float = PATIENCE_S) -> list[T]:
        """All seen, once there are ``number``."""
        async with asyncio.timeout(timeout):
            while len(self.seen) < number:
                await self._more.wait()
        return self.seen
