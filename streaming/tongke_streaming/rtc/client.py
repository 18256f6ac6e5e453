"""The web process's end of the relay."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..frames import Link, Message, StandingLink


class RelayClient:
    """Requests to the relay; events of docs/architecture.md go to ``on_event``.

    Survives the relay's restarts: a request waits for it up to its timeout.
    """

    def __init__(self, socket: Path, on_event: Callable[[Message], None] | None = None) -> None:
        self._on_event = on_event
        self._link = StandingLink(socket, on_event=self._event, on_up=self._follow)
        self.up = self._link.up

    def _event(self, _: Link, message: Message) -> None:
        if self._on_event is not None:
            self._on_event(message)

    @staticmethod
    async def _follow(link: Link) -> None:
        await link.request("follow")

    def start(self) -> None:
        self._link.start()

    async def stop(self) -> None:
        await self._link.stop()

    async def request(self, do: str, *, timeout: float = 5.0, **fields: Any) -> Message:
        """Raises frames.Refused, frames.LinkLost or TimeoutError."""
        return await self._link.request(do, timeout=timeout, **fields)
