"""A relay on loopback: real UDP, the real control socket, a clock that tests can push forward."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.rtc.waiting import PATIENCE_S, Arrivals
from tongke_streaming.clock import SystemClock
from tongke_streaming.frames import Link, Message, connect, listen
from tongke_streaming.rtc.client import RelayClient
from tongke_streaming.rtc.port import open_socket
from tongke_streaming.rtc.relay import Relay


class PushedClock:
    """The system's clock plus what tests have added."""

    def __init__(self) -> None:
        self._clock = SystemClock()
        self.ahead_us = 0

    def now_us(self) -> int:
        return self._clock.now_us() + self.ahead_us


class Rig:
    """``events`` is what a follower sees, ``feed`` what a packager pulls."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / "relay.sock"
        self.clock = PushedClock()
        self.events: Arrivals[Message] = Arrivals()
        self.feed: Arrivals[Message] = Arrivals()
        self.packets: Arrivals[tuple[int, int, bytes]] = Arrivals()
        self.failures: list[dict[str, Any]] = []
        self.relay: Relay
        self.client: RelayClient
        self.port = 0

    async def request(self, do: str, **fields: Any) -> Message:
        return await self.client.request(do, **fields)

    async def source(self, state: str, *, after: int = 0, name: str = "lead") -> Message:
        return await self.events.until(
            lambda e: e["ev"] == "source" and e["state"] == state and e["source"] == name,
            after=after,
        )

    async def stats(self, *, after: int | None = None) -> Message:
        """The next second's statistics."""
        start = len(self.events.seen) if after is None else after
        found = await self.events.until(lambda e: e["ev"] == "stats", after=start)
        lessons: Message = found["lessons"]
        return lessons

    async def pull(self) -> Link:
        link = await connect(
            self.socket,
            lambda: Link(
                on_event=lambda _, m: self.feed.put(m),
                on_packet=lambda *p: self.packets.put(p),
            ),
        )
        await link.request("pull")
        return link

    def cuts(self) -> list[Message]:
        return [e for e in self.feed.seen if e["ev"] == "cut"]


@asynccontextmanager
async def relaying(*, pull: bool = False, folder: Path | None = None) -> AsyncIterator[Rig]:
    """Any exception that reaches the event loop's handler fails the test."""
    with tempfile.TemporaryDirectory(prefix="rtc") as scratch:
        rig = Rig(folder or Path(scratch))
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: rig.failures.append(context))
        sock = open_socket("127.0.0.1", 0)
        rig.port = sock.getsockname()[1]
        rig.relay = Relay(sock, ["127.0.0.1"], rig.folder / "state", rig.clock)
        links: list[Link] = []

        def made() -> Link:
            links.append(Link(on_request=rig.relay.request, on_lost=rig.relay.lost))
            return links[-1]

        server = await listen(rig.socket, made)
        rig.relay.start()
        rig.client = RelayClient(rig.socket, on_event=rig.events.put)
        rig.client.start()
        async with asyncio.timeout(PATIENCE_S):
            await rig.client.up.wait()
        puller = await rig.pull() if pull else None
        try:
            yield rig
        finally:
            if puller is not None:
                puller.close()
            await rig.client.stop()
            await rig.relay.stop()
            server.close()
            for link in links:
                link.close()
                await link.closed.wait()
        assert not rig.failures, rig.failures
