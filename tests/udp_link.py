"""A UDP link in user space, for tests: it loses, delays or swallows datagrams, either way.

Peers send to ``port``; each gets a socket of its own towards the server, so the server sees as many
addresses as there are peers.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import cast

Address = tuple[str, int]


class _Far(asyncio.DatagramProtocol):
    """The socket that stands for one peer on the server's side."""

    def __init__(self, link: "UdpLink", peer: Address) -> None:
        self._link = link
        self._peer = peer
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._link.carry(data, self._peer, lambda: self._link.to_peer(data, self._peer))


class UdpLink(asyncio.DatagramProtocol):
    """``down`` swallows everything; ``refuse_new`` only peers not seen before; ``loss`` 0–1."""

    def __init__(self, server: Address, seed: int = 7) -> None:
        self._server = server
        self._random = random.Random(seed)
        self._near: asyncio.DatagramTransport | None = None
        self._far: dict[Address, _Far] = {}
        self._opening: dict[Address, list[bytes]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.down = False
        self.refuse_new = False
        self.loss = 0.0
        self.delay_s = 0.0
        self.lost = 0
        self.carried = 0
        self.port = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._near = cast(asyncio.DatagramTransport, transport)
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: Address) -> None:
        far = self._far.get(addr)
        if far is not None and far.transport is not None:
            self.carry(data, addr, lambda: self.to_server(data, far))
        elif not self.refuse_new and not self.down:
            waiting = self._opening.setdefault(addr, [])
            waiting.append(data)
            if len(waiting) == 1:
                task = asyncio.ensure_future(self._open(addr))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _open(self, peer: Address) -> None:
        _, far = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Far(self, peer), remote_addr=self._server
        )
        self._far[peer] = far
        for data in self._opening.pop(peer):
            self.to_server(data, far)

    def carry(self, data: bytes, peer: Address, onward: Callable[[], None]) -> None:
        """One datagram of or for ``peer`` meets its fate."""
        if self.down or self._random.random() < self.loss:
            self.lost += 1
            return
        self.carried += 1
        if self.delay_s:
            asyncio.get_running_loop().call_later(self.delay_s, onward)
        else:
            onward()

    def to_server(self, data: bytes, far: _Far) -> None:
        if far.transport is not None:
            far.transport.sendto(data)

    def to_peer(self, data: bytes, peer: Address) -> None:
        if self._near is not None:
            self._near.sendto(data, peer)

    def close(self) -> None:
        for far in self._far.values():
            if far.transport is not None:
                far.transport.close()
        if self._near is not None:
            self._near.close()


@asynccontextmanager
async def udp_link(server: Address, *, port: int = 0, seed: int = 7) -> AsyncIterator[UdpLink]:
    """A link to ``server`` that listens on a port of 127.0.0.1."""
    link = UdpLink(server, seed)
    await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: link, local_addr=("127.0.0.1", port)
    )
    try:
        yield link
    finally:
        link.close()
