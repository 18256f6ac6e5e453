"""A video sent into a lesson of the demo from a thread of this process."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

from tongke_streaming.ingest.inspect import inspect
from tongke_streaming.ingest.publish import (
    Event,
    Plan,
    Publisher,
    PublishFailed,
    ffmpeg_program,
)


class Sending:
    """``live`` is set at the first picture; ``done`` ends with the file, or raises PublishFailed.

    The publisher runs in a thread of its own and reaches the loop by ``call_soon_threadsafe``.
    """

    def __init__(self, video: Path, whip_url: str, token: str, *, loop: bool) -> None:
        self.live = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._publisher = Publisher(
            Plan(inspect(video), loop), whip_url, token, program=ffmpeg_program(), report=self._hear
        )
        self.done = asyncio.create_task(asyncio.to_thread(self._publisher.run))

    def _hear(self, event: Event, facts: dict[str, Any]) -> None:
        if event == "live":
            self._loop.call_soon_threadsafe(self.live.set)

    async def until_live(self) -> None:
        """Raises PublishFailed."""
        waiting = asyncio.create_task(self.live.wait())
        await asyncio.wait({waiting, self.done}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if self.done.done():
            self.done.result()

    async def stop(self) -> None:
        self._publisher.stop()
        with suppress(PublishFailed):
            await self.done
