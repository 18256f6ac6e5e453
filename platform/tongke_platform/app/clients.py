"""A process of ours that is asked and followed; made again whenever it was away."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tongke_streaming.frames import Link, Message, StandingLink


class FollowingClient:
    """``on_event`` gets every event of the process, from the first connection on."""

    def __init__(self, socket: Path, on_event: Callable[[Message], None]) -> None:
        self._link = StandingLink(
            socket, on_event=lambda _link, message: on_event(message), on_up=self._follow
        )

    async def _follow(self, link: Link) -> None:
        await link.request("follow")

    def start(self) -> None:
        self._link.start()

    async def stop(self) -> None:
        await self._link.stop()

    async def request(self, do: str, *, timeout: float = 5.0, **fields: Any) -> Message:
        """Raises Refused, LinkLost, TimeoutError."""
        return await self._link.request(do, timeout=timeout, **fields)
