"""The wire behind a real server, two kinds of topics to try it with, and a page that speaks it."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, ClassVar

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel, Field
from starlette.requests import HTTPConnection
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tongke_platform.database import WriteSession
from tongke_platform.errors import Forbidden, NotFound
from tongke_platform.wire.hub import Wire
from tongke_platform.wire.kinds import Flavour, Kind
from tongke_platform.wire.routes import router

Json = dict[str, Any]
WITHIN_S = 10.0


class Note(BaseModel):
    text: str = Field(max_length=100)


@dataclass(frozen=True)
class Reader:
    """Who reads; ``leads`` see more."""

    name: str
    leads: bool = False


class Board(Kind[Reader]):
    """Notes in order. Tokens that begin with "no" may not read; "lead…" see the number of readers."""

    name: ClassVar[str] = "board"
    flavour: ClassVar[Flavour] = "event"
    says: ClassVar[type[BaseModel] | None] = Note

    def __init__(self) -> None:
        self.notes: dict[str, list[str]] = {}
        self.refused: set[str] = set()
        self.readers: Counter[str] = Counter()
        self.wire: Wire | None = None
        self.moved = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()
        self.asked = 0

    async def authorise(self, connection: HTTPConnection, key: str) -> Reader:
        token = connection.query_params.get("token", "")
        if token.startswith("no") or token in self.refused:
            raise Forbidden(code="not_yours")
        if key == "missing":
            raise NotFound(code="no_board")
        return Reader(token, token.startswith("lead"))

    def variant(self, context: Reader) -> str:
        return "lead" if context.leads else ""

    async def snapshot(self, key: str, context: Reader) -> Json:
        self.asked += 1
        notes = list(self.notes.get(key, ()))
        await self.gate.wait()
        return {"notes": notes, "leads": context.leads}

    async def said(self, key: str, context: Reader, what: Any, ref: str | None) -> Json | None:
        if what.text == "refused":
            raise Forbidden(code="not_this")
        if what.text == "broken":
            raise KeyError("a bug")
        return {"place": self.write(key, what.text)}

    def joined(self, key: str, context: Reader) -> None:
        self.readers[key] += 1
        self.moved.set()

    def left(self, key: str, context: Reader) -> None:
        self.readers[key] -= 1
        self.moved.set()

    async def joins(self, count: int) -> None:
        """Until ``count`` pages are on all boards together."""
        async with asyncio.timeout(WITHIN_S):
            while self.readers.total() != count:
                self.moved.clear()
                await self.moved.wait()

    def write(self, key: str, text: str) -> int:
        """As a route would: changed, committed, published."""
        assert self.wire is not None
        notes = self.notes.setdefault(key, [])
        notes.append(text)
        wire, event = self.wire, {"place": len(notes), "text": text}
        committed(lambda session: wire.publish(session, f"board:{key}", event))
        return len(notes)


class Gauge(Kind[Reader]):
    """A number."""

    name: ClassVar[str] = "gauge"
    flavour: ClassVar[Flavour] = "state"

    def __init__(self) -> None:
        self.value = 0
        self.asked = asyncio.Event()
        self.heard_from: list[tuple[str, Json]] = []
        self.failing: Exception | None = None

    async def authorise(self, connection: HTTPConnection, key: str) -> Reader:
        return Reader(connection.query_params.get("token", ""))

    async def snapshot(self, key: str, context: Reader) -> Json:
        self.asked.set()
        if self.failing:
            raise self.failing
        return {"value": self.value}

    def heard(self, key: str, sender: str, data: Json) -> None:
        self.heard_from.append((sender, data))


def committed(work: Callable[[WriteSession], None]) -> None:
    """A transaction that needs no database."""
    session = WriteSession()
    work(session)
    session.run_after_commit()


@dataclass
class Rig:
    """A process with a wire."""

    wire: Wire
    board: Board = field(default_factory=Board)
    gauge: Gauge = field(default_factory=Gauge)
    url: str = ""

    def __post_init__(self) -> None:
        self.wire.register(self.board)
        self.wire.register(self.gauge)
        self.board.wire = self.wire

    @asynccontextmanager
    async def page(self, token: str = "a") -> AsyncIterator["Page"]:
        async with connect(f"{self.url}?token={token}", proxy=None) as socket:
            page = Page(socket)
            assert (await page.next("hello"))["version"] == 1
            yield page


class Page:
    """What a page does with its socket."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def send(self, **message: Any) -> None:
        await self.socket.send(json.dumps(message))

    async def next(self, kind: str = "") -> Json:
        """The next message (of a kind), pings apart."""
        async with asyncio.timeout(WITHIN_S):
            while True:
                message: Json = json.loads(await self.socket.recv())
                if message["type"] == kind or (not kind and message["type"] != "ping"):
                    return message

    async def sub(self, topic: str, **resume: Any) -> Json:
        await self.send(type="sub", topic=topic, **resume)
        return await self.next()

    async def events(self, count: int) -> list[Json]:
        return [await self.next("event") for _ in range(count)]

    async def nothing_more(self) -> list[Json]:
        """What arrives before the answer to a question asked now."""
        await self.send(type="say", topic="board:nowhere", data={})
        found = []
        while (message := await self.next()).get("topic") != "board:nowhere":
            found.append(message)
        return found

    async def closed(self) -> tuple[int, str]:
        """The code and the reason, once it is closed; what comes before is not looked at."""
        async with asyncio.timeout(WITHIN_S):
            while True:
                try:
                    await self.socket.recv()
                except ConnectionClosed:
                    return self.socket.close_code or 0, self.socket.close_reason or ""


class Server(uvicorn.Server):
    def __init__(self, app: FastAPI) -> None:
        super().__init__(
            uvicorn.Config(app, host="127.0.0.1", port=0, lifespan="off", log_config=None)
        )
        self.ready = asyncio.Event()

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    @property
    def port(self) -> int:
        return int(self.servers[0].sockets[0].getsockname()[1])


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[int]:
    """The app on a free port of loopback."""
    server = Server(app)
    task = asyncio.create_task(server.serve())
    await server.ready.wait()
    try:
        yield server.port
    finally:
        server.should_exit = server.force_exit = True
        await task


@asynccontextmanager
async def running(
    wire: Wire, add: Callable[[FastAPI], None] = lambda app: None
) -> AsyncIterator[Rig]:
    """``add``: what else the server is to answer."""
    rig = Rig(wire)
    app = FastAPI()
    add(app)
    app.include_router(router)
    app.state.frame = SimpleNamespace(wire=wire, translate=lambda _connection, text: text)
    await wire.start()
    async with serving(app) as port:
        rig.url = f"ws://127.0.0.1:{port}/api/wire"
        yield rig
        await wire.stop()
