"""WHIP and WHEP over HTTP on loopback, with an authorizer of the test's own."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from tests.rtc.rig import Rig
from tongke_streaming.authorizer import Act, Grant
from tongke_streaming.frames import Refused
from tongke_streaming.rtc.routes import rtc_routes

TURN = (
    'turn:turn.example.org?transport=udp>; username="u"; credential="c"; credential-type="password'
)


class Tokens:
    """``{lesson}-{act}-{holder}[-{source}]`` opens that lesson for that act."""

    async def authorize(self, connection: HTTPConnection, lesson: str, act: Act) -> Grant:
        if lesson == "unknown":
            raise Refused(404, "no_lesson", "there is no such lesson")
        header = connection.headers.get("authorization", "")
        token = header.removeprefix("Bearer ") or connection.query_params.get("token", "")
        if not token:
            raise Refused(401, "no_credential", "a token is wanted")
        of, may, holder, source = [*token.split("-"), "lead"][:4]
        if (of, may) != (lesson, act):
            raise Refused(403, "not_for_this", "this token opens something else")
        if holder == "late":
            raise Refused(409, "over", "the lesson is over")
        return Grant(lesson, act, holder, "key", source, label=holder)


async def _page(_: Request) -> Response:
    return HTMLResponse("<!doctype html><title>test</title><body></body>")


@asynccontextmanager
async def web(rig: Rig) -> AsyncIterator[str]:
    """Yields the base address."""
    app = Starlette(routes=[Route("/", _page), *rtc_routes(rig.client, Tokens(), [TURN])])
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="error", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.get_running_loop().create_task(server.serve(sockets=[sock]))
    try:
        yield f"http://127.0.0.1:{sock.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
        sock.close()
