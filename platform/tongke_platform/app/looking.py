"""A look round that is taken when somebody asks for it, and now and then."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

from tongke_streaming.frames import LinkLost

# What nobody tells is found out in time: a post that ended with yesterday, another program's commit.
EVERY_S = 60.0
RETRY_S = 1.0

log = structlog.get_logger(__name__)


class Look:
    """One at a time; what is asked for while one is taken is one more after it.

    While the process at the other end is away it is tried again each second.
    """

    def __init__(self, take: Callable[[], Awaitable[None]], what: str) -> None:
        self._take = take
        self._what = what
        self._wanted = asyncio.Event()

    def ask(self) -> None:
        self._wanted.set()

    async def run(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(EVERY_S):
                    await self._wanted.wait()
            self._wanted.clear()
            try:
                await self._take()
            except (LinkLost, TimeoutError) as error:
                log.info(self._what, error=repr(error))
                await asyncio.sleep(RETRY_S)
                self.ask()
            except Exception:
                log.exception(self._what)
