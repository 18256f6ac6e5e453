"""How much a request may carry; one that carries more is told so as every other error is told."""

from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tongke_platform.app.problems import render, too_large


class LimitBodies:
    """``most`` bytes, where an address does not say otherwise (``max_body_size``)."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        self._app = RequestBodyLimitMiddleware(app, most)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refused = False

        async def say(message: Message) -> None:
            nonlocal refused
            if message["type"] == "http.response.start" and _is_plain_refusal(message):
                refused = True
                await render(Request(scope, receive), too_large())(scope, receive, send)
            if not refused:
                await send(message)

        await self._app(scope, receive, say)


def _is_plain_refusal(message: Message) -> bool:
    """The limiter's own words; nothing of ours answers in plain text."""
    if message["status"] != 413:
        return False
    kinds = (value for name, value in message["headers"] if name == b"content-type")
    return any(kind.startswith(b"text/plain") for kind in kinds)
