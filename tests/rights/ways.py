"""How the walk asks: straight into the application, and with nothing left behind."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx2
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncConnection, async_sessionmaker

from tongke_platform.database import Database, ReadSession, WriteSession

HOST = "school.test"
Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Asked:
    """A request that everything is right with but, maybe, who sends it."""

    method: str
    url: str
    json: Any = None
    data: Mapping[str, Any] | None = None
    files: Mapping[str, Any] | None = None
    content: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def packed(self) -> tuple[dict[str, Any], bytes]:
        """The ASGI scope and the body."""
        request = httpx2.Request(
            self.method,
            f"http://{HOST}{self.url}",
            json=self.json,
            data=dict(self.data) if self.data is not None else None,
            files=dict(self.files) if self.files else None,
            content=self.content,
            headers=dict(self.headers),
        )
        parts = urlsplit(str(request.url))
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": self.method,
            "scheme": "http",
            "path": httpx2.URL(str(request.url)).path,
            "raw_path": parts.path.encode(),
            "query_string": parts.query.encode(),
            "root_path": "",
            "headers": [(k.lower(), v) for k, v in request.headers.raw],
            "client": ("127.0.0.1", 5000),
            "server": (HOST, 80),
            "state": {},
        }, request.read()


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def refused(self) -> bool:
        to_login = self.status == 303 and self.headers.get("location", "").startswith("/login")
        return self.status in {401, 403, 404} or to_login

    @property
    def served(self) -> bool:
        return self.status < 400 and not self.refused


async def send(
    app: FastAPI, scope: Mapping[str, Any], body: bytes, headers: Mapping[str, str]
) -> Answer:
    """One request and its whole answer."""
    started: dict[str, Any] = {}
    parts: list[bytes] = []
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        if waiting:
            return waiting.pop()
        return {"type": "http.disconnect"}

    async def take(message: Any) -> None:
        if message["type"] == "http.response.start":
            started.update(message)
        elif message["type"] == "http.response.body":
            parts.append(message.get("body", b""))

    extra = [(key.encode(), value.encode()) for key, value in headers.items()]
    try:
        await app({**scope, "headers": [*scope["headers"], *extra], "state": {}}, receive, take)
    except Exception as error:  # noqa: BLE001 (it has answered 500 and raises for the log)
        return Answer(500, {}, repr(error).encode())
    found = {key.decode(): value.decode("latin-1") for key, value in started["headers"]}
    return Answer(started["status"], found, b"".join(parts))


async def subscribe(app: FastAPI, path: str, topic: str, headers: Mapping[str, str]) -> Answer:
    """Open the socket and ask for a topic: what comes first decides."""
    inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    outbox: asyncio.Queue[MutableMapping[str, Any]] = asyncio.Queue()
    every = {"host": HOST, "origin": f"http://{HOST}", **headers}
    scope = {
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "scheme": "ws",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(key.encode(), value.encode()) for key, value in every.items()],
        "client": ("127.0.0.1", 5000),
        "server": (HOST, 80),
        "subprotocols": [],
        "state": {},
    }
    await inbox.put({"type": "websocket.connect"})
    await inbox.put(
        {"type": "websocket.receive", "text": json.dumps({"type": "sub", "topic": topic})}
    )
    task = asyncio.ensure_future(app(scope, inbox.get, outbox.put))
    try:
        async with asyncio.timeout(5):
            return await _decided(outbox)
    finally:
        await inbox.put({"type": "websocket.disconnect", "code": 1000})
        await asyncio.wait([task], timeout=5)


async def _decided(outbox: "asyncio.Queue[MutableMapping[str, Any]]") -> Answer:
    while True:
        message = await outbox.get()
        if message["type"] == "websocket.close":
            code = message.get("code", 1000)
            return Answer(code - 4000 if code > 4000 else 403, {}, b"")
        said = json.loads(message.get("text") or "{}")
        if said.get("type") == "error":
            return Answer(said["status"], {}, b"")
        if said.get("type") in {"snapshot", "resumed", "event"}:
            return Answer(200, {}, message["text"].encode())


class Undone:
    """Sessions of one connection, of which nothing stays."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: AsyncConnection | None = None

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[None]:
        kept = self._database._read, self._database._write
        async with self._database.write_engine.connect() as connection:
            self._connection = connection
            # Reading sessions need no savepoint: they have nothing to lose.
            self._database._read = async_sessionmaker(
                connection,
                class_=ReadSession,
                expire_on_commit=False,
                join_transaction_mode="rollback_only",
            )
            self._database._write = async_sessionmaker(
                connection,
                class_=WriteSession,
                expire_on_commit=False,
                join_transaction_mode="create_savepoint",
            )
            try:
                yield
            finally:
                self._database._read, self._database._write = kept

    @asynccontextmanager
    async def request(self) -> AsyncIterator[None]:
        """Whatever is written within is taken back."""
        assert self._connection is not None, "connected first"
        transaction = await self._connection.begin()
        try:
            yield
        finally:
            await transaction.rollback()
