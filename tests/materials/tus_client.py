"""A client of the protocol, as a browser's library is one, straight into the application."""

import asyncio
import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI

PATCH_TYPE = "application/offset+octet-stream"
Headers = dict[str, str]


@dataclass
class Answer:
    status: int
    headers: Headers
    body: bytes


def metadata(**values: str) -> str:
    return ",".join(f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in values.items())


def checksum(data: bytes, algorithm: str = "sha256") -> str:
    digest = hashlib.new(algorithm, data).digest()
    return f"{algorithm} {base64.b64encode(digest).decode()}"


@dataclass
class Tus:
    """``headers`` say who sends. A request may be cut after some bytes of its body."""

    app: FastAPI
    headers: Headers = field(default_factory=dict)
    path: str = "/api/uploads"

    async def ask(
        self,
        method: str,
        path: str,
        headers: Headers | None = None,
        chunks: list[bytes] | None = None,
        *,
        cut: bool = False,
        before_each: Callable[[int], Any] | None = None,
    ) -> Answer | None:
        """None when the connection was cut: a client hears nothing then."""
        waiting = list(chunks or [])
        answer: dict[str, Any] = {}
        body: list[bytes] = []
        sent = 0

        async def receive() -> dict[str, Any]:
            nonlocal sent
            if waiting:
                data = waiting.pop(0)
                if before_each is not None:
                    await before_each(sent)
                sent += 1
                more = bool(waiting) or cut
                return {"type": "http.request", "body": data, "more_body": more}
            if cut:
                return {"type": "http.disconnect"}
            if sent:
                await asyncio.Event().wait()  # the client listens
            sent += 1
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                answer.update(message)
            else:
                body.append(message.get("body", b""))

        every = {"host": "school.test", "tus-resumable": "1.0.0", **self.headers, **(headers or {})}
        path, _, query = path.partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(k.lower().encode(), v.encode()) for k, v in every.items() if v],
            "client": ("127.0.0.1", 5000),
            "server": ("school.test", 80),
            "state": {},
        }
        await self.app(scope, receive, send)
        if cut:
            return None
        found = {key.decode(): value.decode() for key, value in answer["headers"]}
        return Answer(answer["status"], found, b"".join(body))

    async def said(self, *arguments: Any, **more: Any) -> Answer:
        found = await self.ask(*arguments, **more)
        assert found is not None
        return found

    async def create(self, size: int, name: str = "a.txt", **headers: str) -> Answer:
        every = {"upload-length": str(size), "upload-metadata": metadata(filename=name), **headers}
        return await self.said("POST", self.path, every)

    async def begin(self, size: int, name: str = "a.txt") -> str:
        """The address of a new upload."""
        answer = await self.create(size, name)
        assert answer.status == 201, answer.body
        return answer.headers["location"]

    async def offset(self, where: str) -> int:
        answer = await self.said("HEAD", where)
        assert answer.status == 200
        return int(answer.headers["upload-offset"])

    async def patch(
        self, where: str, offset: int, *chunks: bytes, cut: bool = False, **headers: str
    ) -> Answer | None:
        every = {
            "upload-offset": str(offset),
            "content-type": PATCH_TYPE,
            "content-length": "" if cut else str(sum(map(len, chunks))),
            **headers,
        }
        return await self.ask("PATCH", where, every, list(chunks), cut=cut)

    async def patched(self, where: str, offset: int, *chunks: bytes, **headers: str) -> Answer:
        found = await self.patch(where, offset, *chunks, cut=False, **headers)
        assert found is not None
        return found

    async def send(self, data: bytes, name: str = "a.txt") -> str:
        """A whole file at once; the id of its upload."""
        where = await self.begin(len(data), name)
        answer = await self.patched(where, 0, data)
        assert answer.status == 204, answer.body
        return where.rpartition("/")[2]

    async def json(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and what was answered, for the API beside the protocol."""
        data = [] if body is None else [json.dumps(body).encode()]
        answer = await self.said(method, path, {"content-type": "application/json"}, data)
        return answer.status, json.loads(answer.body) if answer.body else None
