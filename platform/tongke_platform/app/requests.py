"""One line per request in the log, without its tokens."""

import re
import time

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tongke_platform.logs import redact

QUIET = {"/healthz", "/readyz", "/metrics"}
_LESSON = re.compile(r"/(?:live|replay|lessons)/([0-9a-f-]{36})")

log = structlog.get_logger(__name__)


class LogRequests:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in QUIET:
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 500

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watch)
        finally:
            path = scope["path"]
            found = _LESSON.search(path)
            log.info(
                "request",
                method=scope["method"],
                path=redact(path),
                status=status,
                ms=round((time.perf_counter() - began) * 1000, 1),
                **({"lesson": found[1]} if found else {}),
            )
