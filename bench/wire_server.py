"""The server side of ``python -m bench wire``: ours with a real database, or a bare broadcast.

``python -m bench.wire_server tongke|bare``. It prints one line of JSON once it serves; a line
``[count, per_second]`` on its input has it publish that many events, 0 a second meaning at once.
"""

import asyncio
import json
import socket
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import uvicorn
import uvloop
from starlette.requests import HTTPConnection
from websockets.asyncio.server import ServerConnection, broadcast, serve

from tests.makers import Makers
from tongke_courses.lessons.access import resolve
from tongke_platform.app.factory import create_app, make_frame
from tongke_platform.app.metadata import metadata
from tongke_platform.cli.children import calm_collector
from tongke_platform.database import WriteSession, migrate
from tongke_platform.frame import Frame
from tongke_platform.logs import configure_logs
from tongke_platform.settings import Settings
from tongke_platform.wire.kinds import Flavour, Kind

TOKENS = 60
FILLING = "一次函数的图像与性质" * 12

Publish = Callable[[int], None]


class Board(Kind[str]):
    """Events for whoever may watch a lesson; the snapshot says how many there were."""

    name: ClassVar[str] = "board"
    flavour: ClassVar[Flavour] = "event"

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self.count = 0

    async def authorise(self, connection: HTTPConnection, key: str) -> str:
        return (await resolve(self._frame, connection, key)).label

    async def snapshot(self, key: str, context: str) -> dict[str, Any]:
        return {"count": self.count}


def event(number: int) -> dict[str, Any]:
    return {"number": number, "us": time.time_ns() // 1000, "text": FILLING}


async def _commands(publish: Publish) -> None:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    number = 0
    async for line in reader:
        count, per_second = json.loads(line)
        for _ in range(count):
            number += 1
            publish(number)
            if per_second:
                await asyncio.sleep(1 / per_second)
        print(json.dumps({"published": count}), flush=True)


async def tongke() -> None:
    with tempfile.TemporaryDirectory(prefix="tk-") as folder:
        settings = Settings(data_dir=Path(folder), roles=["web"])
        await migrate.upgrade(settings.sql_url, metadata)
        frame = make_frame(settings)
        make = Makers(frame)
        lesson = await make.lesson()
        tokens = [
            frame.media_tokens.issue(
                lesson=str(lesson.id),
                act="watch",
                holder=str(number),
                now=frame.now(),
                lifetime=timedelta(hours=1),
            )
            for number in range(TOKENS)
        ]
        board = Board(frame)
        frame.wire.register(board)
        topic = f"board:{lesson.id}"

        def publish(number: int) -> None:
            board.count = number
            session = WriteSession()
            frame.wire.publish(session, topic, event(number))
            session.run_after_commit()

        listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
        # As tongke_platform.cli.children starts it.
        config = uvicorn.Config(
            create_app(settings, frame), http="httptools", access_log=False, log_config=None
        )
        calm_collector()
        serving = asyncio.create_task(uvicorn.Server(config).serve([listener]))
        port = listener.getsockname()[1]
        idle = f"lesson:{lesson.id}"
        print(
            json.dumps({"port": port, "tokens": tokens, "topic": topic, "idle": idle}), flush=True
        )
        await _commands(publish)
        serving.cancel()


async def bare() -> None:
    """What the library alone does: everybody is sent everything."""
    pages: set[ServerConnection] = set()

    async def page(connection: ServerConnection) -> None:
        pages.add(connection)
        try:
            await connection.send('{"type":"snapshot","epoch":"","id":0,"data":{}}')
            await connection.wait_closed()
        finally:
            pages.discard(connection)

    def publish(number: int) -> None:
        text = json.dumps({"type": "event", "id": number, "data": event(number)})
        broadcast([one for one in pages if one.request and "busy" in one.request.path], text)

    async with serve(page, "127.0.0.1", 0, backlog=4096) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        print(json.dumps({"port": port, "tokens": ["a"], "topic": "", "idle": ""}), flush=True)
        await _commands(publish)


if __name__ == "__main__":
    configure_logs("error", "text", "bench")
    server: dict[str, Callable[[], Awaitable[None]]] = {"tongke": tongke, "bare": bare}
    uvloop.run(server[sys.argv[1]]())  # type: ignore[arg-type]
