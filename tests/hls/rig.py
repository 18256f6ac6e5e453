"""An HLS server of the test's own on a real socket, fed by hand."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import uvicorn

from tests.hls.cmaf import PARTS_A_SEGMENT, Made
from tongke_streaming.archive.spool import Spool
from tongke_streaming.archive.store import MediaStore, open_store
from tongke_streaming.hls.library import Library
from tongke_streaming.hls.metrics import Metrics
from tongke_streaming.hls.rendition import Rendition
from tongke_streaming.hls.server import HlsApp
from tongke_streaming.hls.waiting import Pulse, Receive

LESSON = "lesson-1"
KEY = "k" * 32
T0 = 1_790_000_000_000_000


@dataclass
class Rig:
    library: Library
    app: HlsApp
    port: int
    news: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def media(self, rendition: str, name: str = "index.m3u8") -> str:
        return f"{self.base}/media/{KEY}/{rendition}/{name}"

    def client(self, **options: object) -> httpx2.AsyncClient:
        limits = httpx2.Limits(max_connections=500)
        return httpx2.AsyncClient(timeout=30, limits=limits, trust_env=False)


class WatchedPulse(Pulse):
    """Tells a test when waits begin and end."""

    def __init__(self) -> None:
        super().__init__()
        self._changed = asyncio.Event()

    async def wait(self, receive: Receive, deadline: float) -> None:
        loop = asyncio.get_running_loop()
        loop.call_soon(self._changed.set)  # after it has been counted
        try:
            await super().wait(receive, deadline)
        finally:
            self._changed.set()

    async def until(self, count: int) -> None:
        """Until so many wait."""
        async with asyncio.timeout(10):
            while len(self) != count:
                self._changed.clear()
                await self._changed.wait()


class Feeder:
    """Puts a made rendition's parts into a sink, segment by segment."""

    def __init__(self, sink: Rendition, made: Made, start_us: int = T0) -> None:
        self.sink = sink
        self.made = made
        self.at_us = start_us
        self.msn = 0
        self.part = 0
        self._open = False
        self._break = False
        self.pulse = WatchedPulse()
        sink.pulse = self.pulse
        sink.init(0, made.init, made.info)

    def one(self) -> None:
        """The next part, with the segment's beginning and end where they belong."""
        part = self.made.parts[self.part % len(self.made.parts)]
        if not self._open:
            self.sink.segment(self.msn, self.at_us, discontinuity=self._break, gap=False)
            self._open, self._break, self._began_us = True, False, self.at_us
        index = self.part % PARTS_A_SEGMENT
        self.sink.part(self.msn, index, part.data, part.duration_us, independent=part.independent)
        self.part += 1
        self.at_us += part.duration_us
        if index == PARTS_A_SEGMENT - 1:
            self.sink.close(self.msn, self.at_us - self._began_us)
            self._open = False
            self.msn += 1

    def segments(self, count: int) -> None:
        for _ in range(count * PARTS_A_SEGMENT):
            self.one()

    def gap(self, duration_us: int = 4_000_000) -> None:
        self.sink.segment(self.msn, self.at_us, discontinuity=False, gap=True)
        self.sink.close(self.msn, duration_us)
        self.msn += 1
        self.at_us += duration_us
        self._break = True


def make_library(
    folder: Path,
    news: list[tuple[str, str, str]] | None = None,
    *,
    min_free: int = 0,
    doubted: list[str] | None = None,
) -> Library:
    spool = Spool(folder / "spool", min_free)
    store = MediaStore(open_store(f"file://{folder / 'store'}"))
    told = news if news is not None else []
    doubts = doubted if doubted is not None else []
    return Library(spool, store, lambda *new: told.append(new), doubts.append)


@asynccontextmanager
async def rig(folder: Path, *, min_free: int = 0) -> AsyncIterator[Rig]:
    news: list[tuple[str, str, str]] = []
    library = make_library(folder, news, min_free=min_free)
    await library.recover()
    app = HlsApp(library, Metrics())
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    config = uvicorn.Config(app, lifespan="off", log_config=None, timeout_graceful_shutdown=2)
    server = uvicorn.Server(config)
    task = asyncio.ensure_future(server._serve([listener]))
    try:
        yield Rig(library, app, listener.getsockname()[1], news)
    finally:
        app.close()
        server.should_exit = True
        await task
        listener.close()
        await library.stop()


async def stored(library: Library) -> None:
    """Until every upload is done."""
    async with asyncio.timeout(10):
        await library.uploader.idle.wait()
