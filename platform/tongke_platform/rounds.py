"""Work that is done again and again in the background of a process."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import structlog

STOP_S = 5.0

log = structlog.get_logger(__name__)


class Rounds:
    """Calls ``work`` every ``every_s`` seconds; what it raises is logged and ends nothing."""

    def __init__(self, name: str, work: Callable[[], Awaitable[Any]], every_s: float) -> None:
        self._name = name
        self._work = work
        self._every_s = every_s
        self._stopping = asyncio.Event()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run())

    def soon(self) -> None:
        """A round at once; the one under way is followed by another."""
        self._wake.set()

    async def stop(self) -> None:
        """A round that is under way gets a few seconds to finish."""
        self._stopping.set()
        self._wake.set()
        if self._task is None:
            return
        done, _ = await asyncio.wait([self._task], timeout=STOP_S)
        if not done:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                await self._work()
            except Exception:
                log.exception("a round failed", rounds=self._name)
            with suppress(TimeoutError):
                async with asyncio.timeout(self._every_s):
                    await self._wake.wait()
