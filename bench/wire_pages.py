"""A process full of pages on a wire: ``python -m bench.wire_pages ADDRESS_JSON``.

Lines of JSON on its input: ``["idle", n]`` and ``["busy", n]`` open pages, ``["hear", n]`` waits until
every busy page has heard n more events, ``["break", n]`` cuts n of the busy pages, ``["resume", n]``
brings those back and waits until they have all they missed; ``["until", n]`` waits until the others
have event n. Each is answered by one line.
"""

import asyncio
import json
import sys
import time
from typing import Any

import uvloop
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

Json = dict[str, Any]
AT_ONCE = 50


class BusyPage:
    """Hears events, and remembers how late each of them was and where it is."""

    def __init__(self, socket: ClientConnection, topic: str) -> None:
        self.socket, self.topic = socket, topic
        self.epoch, self.id = "", 0
        self.delays_us: list[int] = []
        self.heard = asyncio.Event()

    async def subscribe(self) -> None:
        resume = {"epoch": self.epoch, "after": self.id} if self.epoch else {}
        if self.topic:
            await self.socket.send(json.dumps({"type": "sub", "topic": self.topic, **resume}))

    async def read(self) -> None:
        try:
            async for text in self.socket:
                self._take(json.loads(text))
        except ConnectionClosed:
            return

    def _take(self, message: Json) -> None:
        if message["type"] == "snapshot":
            self.epoch, self.id = message["epoch"], message["id"]
        elif message["type"] == "event":
            if message["id"] != self.id + 1:
                raise RuntimeError(f"event {message['id']} after {self.id}")
            self.id = message["id"]
            self.delays_us.append(time.time_ns() // 1000 - message["data"]["us"])
        self.heard.set()

    async def until(self, number: int) -> None:
        while self.id < number or not (self.epoch or not self.topic):
            self.heard.clear()
            await self.heard.wait()


class Pages:
    def __init__(self, where: Json) -> None:
        self._where = where
        self._count = 0
        self._idle: list[ClientConnection] = []
        self._busy: list[BusyPage] = []
        self._broken: list[BusyPage] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def _connect(self, what: str) -> ClientConnection:
        tokens = self._where["tokens"]
        self._count += 1
        token = tokens[self._count % len(tokens)]
        address = f"ws://127.0.0.1:{self._where['port']}/api/wire?token={token}&{what}"
        return await connect(address, proxy=None, open_timeout=60, ping_interval=None)

    async def idle(self, count: int) -> None:
        gate = asyncio.Semaphore(AT_ONCE)

        async def one() -> None:
            async with gate:
                socket = await self._connect("idle")
                if topic := self._where["idle"]:
                    await socket.send(json.dumps({"type": "sub", "topic": topic}))
                while json.loads(await socket.recv())["type"] != "snapshot":
                    pass
                self._idle.append(socket)
                self._spawn(self._drain(socket))

        await asyncio.gather(*(one() for _ in range(count)))

    async def _drain(self, socket: ClientConnection) -> None:
        try:
            async for text in socket:
                if '"ping"' in str(text):
                    await socket.send('{"type":"pong"}')
        except ConnectionClosed:
            return

    async def busy(self, count: int) -> None:
        async def one() -> None:
            page = BusyPage(await self._connect("busy"), self._where["topic"])
            self._busy.append(page)
            self._spawn(page.read())
            await page.subscribe()
            await page.until(0)

        await asyncio.gather(*(one() for _ in range(count)))

    async def hear(self, count: int) -> list[int]:
        await asyncio.gather(*(page.until(page.id + count) for page in self._busy))
        delays = [delay for page in self._busy for delay in page.delays_us]
        for page in self._busy:
            page.delays_us.clear()
        return delays

    async def cut(self, count: int) -> None:
        self._broken = self._busy[:count]
        for page in self._broken:
            page.socket.transport.abort()
            await page.socket.wait_closed()

    async def until(self, number: int) -> None:
        """The pages that were not cut."""
        rest = [page for page in self._busy if page not in self._broken]
        await asyncio.gather(*(page.until(number) for page in rest))

    async def resume(self, number: int) -> None:
        async def one(page: BusyPage) -> None:
            page.socket = await self._connect("busy")
            self._spawn(page.read())
            await page.subscribe()
            await page.until(number)

        await asyncio.gather(*(one(page) for page in self._broken))

    def _spawn(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def run(where: Json) -> None:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    pages = Pages(where)
    async for line in reader:
        word, *numbers = json.loads(line)
        begun = time.monotonic()
        delays = await getattr(pages, word)(*numbers)
        answer = {"seconds": time.monotonic() - begun, "delays_us": delays}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    uvloop.run(run(json.loads(sys.argv[1])))
