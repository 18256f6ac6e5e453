"""Many clients waiting for the same thing."""

import asyncio
from typing import Any, Protocol


class Receive(Protocol):
    async def __call__(self) -> Any: ...


class Disconnected(Exception):
    """The client hung up while it waited."""


class Pulse:
    """Wakes everyone who waits. Lives on one event loop.

    The wait itself is on the connection's ``receive``, so one that is hung up ends at once and
    needs no task beside the request's own.
    """

    def __init__(self) -> None:
        self._waiting: set[asyncio.Timeout] = set()

    def __len__(self) -> int:
        return len(self._waiting)

    def beat(self) -> None:
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, set()
        now = asyncio.get_running_loop().time()
        for timeout in waiting:
            if not timeout.expired():
                timeout.reschedule(now)

    async def wait(self, receive: Receive, deadline: float) -> None:
        """Until the next beat or ``deadline`` (loop time). Raises Disconnected."""
        timeout = asyncio.timeout_at(deadline)
        try:
            async with timeout:
                self._waiting.add(timeout)
                while (await receive())["type"] != "http.disconnect":
                    pass
        except TimeoutError:
            return
        finally:
            self._waiting.discard(timeout)
        raise Disconnected
