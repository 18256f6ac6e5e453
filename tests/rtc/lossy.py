"""A UDP proxy before the relay that loses some media, by the packet's place, not by chance."""

import asyncio
import random
from typing import Any

Address = tuple[str | Any, int]


class _Side(asyncio.DatagramProtocol):
    def __init__(self, proxy: "LossyProxy", client: Address | None) -> None:
        self._proxy, self._client = proxy, client

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._proxy.transports.append(transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._proxy.carry(data, addr, self._client)


class LossyProxy:
    """``loss`` of the RTP in both directions is lost; STUN, DTLS and RTCP pass."""

    def __init__(self, relay_port: int, loss: float) -> None:
        self._relay = ("127.0.0.1", relay_port)
        self._loss = loss
        self._random = random.Random(11)
        self._front: Any = None
        self._backs: dict[Address, Any] = {}
        self.transports: list[asyncio.BaseTransport] = []
        self.lost_up = self.lost_down = 0
        self.port = 0

    async def start(self) -> "LossyProxy":
        loop = asyncio.get_running_loop()
        self._front, _ = await loop.create_datagram_endpoint(
            lambda: _Side(self, None), local_addr=("127.0.0.1", 0)
        )
        self.port = self._front.get_extra_info("sockname")[1]
        return self

    def carry(self, data: bytes, source: Address, client: Address | None) -> None:
        media = 128 <= data[0] <= 191 and not 192 <= data[1] <= 223
        lost = media and self._random.random() < self._loss
        if client is not None:
            self.lost_down += lost
            if not lost:
                self._front.sendto(data, client)
            return
        self.lost_up += lost
        if not lost:
            self._up(data, source)

    def _up(self, data: bytes, client: Address) -> None:
        back = self._backs.get(client)
        if back is not None:
            back.sendto(data)
            return
        task = asyncio.get_running_loop().create_task(self._open(client, data))
        task.add_done_callback(lambda t: t.exception())

    async def _open(self, client: Address, data: bytes) -> None:
        back, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Side(self, client), remote_addr=self._relay
        )
        self._backs[client] = back
        back.sendto(data)

    def close(self) -> None:
        for transport in self.transports:
            transport.close()
