"""Processes that stand where the relay and the packagers stand, for tests of the web process."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from tongke_streaming.frames import Link, Message, Refused, listen

Answer = Callable[[Message], Awaitable[Message]]


class StandIn:
    """Listens on a control socket, keeps what it was asked, and says what the test tells it to."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._server: asyncio.Server | None = None
        self._links: set[Link] = set()
        self.asked: list[tuple[str, Message]] = []
        self.answers: dict[str, Answer] = {}
        self.followed = asyncio.Event()

    async def start(self) -> None:
        self._server = await listen(
            self._socket, lambda: Link(on_request=self._request, on_lost=self._links.discard)
        )

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for link in tuple(self._links):
            link.close()
        self._socket.unlink(missing_ok=True)
        self.followed.clear()

    def tell(self, ev: str, **fields: Any) -> None:
        for link in self._links:
            link.event(ev, **fields)

    def asked_for(self, do: str) -> list[Message]:
        return [message for asked, message in self.asked if asked == do]

    async def _request(self, link: Link, do: str, message: Message) -> Message:
        if do == "follow":
            self._links.add(link)
            self.followed.set()
            return {}
        self.asked.append((do, message))
        if do not in self.answers:
            raise Refused(400, "unknown_request", do)
        return await self.answers[do](message)


async def nothing(message: Message) -> Message:
    return {}


async def no_keys(message: Message) -> Message:
    """Of the packagers: no lesson is in use."""
    return {"lessons": []}


async def nobody(message: Message) -> Message:
    """The relay's ``sessions`` when there are none."""
    return {"grants": []}
