"""Headers every answer carries, and the refusal of requests another site made with our cookie."""

from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tongke_platform.accounts.rights import COOKIE
from tongke_platform.app.problems import problem
from tongke_platform.audit.origin import begin
from tongke_platform.errors import N_, Forbidden

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
# Where a browser gets a cookie: another site must not sign somebody in as whom it likes.
LOGIN_PATHS = ("/api/sessions", "/login", "/join", "/reset")
CROSS_SITE = N_("This request came from another site and was refused.")


class SecurityHeaders:
    """What every answer says to browsers; pages bring a policy of their own that allows more."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("x-content-type-options", "nosniff")
                # Room pages carry their token in the path.
                headers.setdefault("referrer-policy", "no-referrer")
                headers.setdefault(
                    "content-security-policy", "default-src 'none'; frame-ancestors 'none'"
                )
            await send(message)

        await self._app(scope, receive, with_headers)


class KnowOrigin:
    """Let what is written during a request say where the request came from."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in {"http", "websocket"}:
            client = scope.get("client")
            begin(address=client[0] if client else "")
        await self._app(scope, receive, send)


class SameOrigin:
    """State-changing requests and WebSockets with our cookie must come from our own pages."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in {"http", "websocket"} and refuses(HTTPConnection(scope)):
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
                return
            answer = problem(HTTPConnection(scope), Forbidden(CROSS_SITE, code="cross_site"))
            await answer(scope, receive, send)
            return
        await self._app(scope, receive, send)


def refuses(connection: HTTPConnection) -> bool:
    """Whether a browser sent this with our cookie, or to get one, from a foreign page.

    A request whose credential is a token or a session address is no business of this check: no
    page can make a browser send one it does not know.
    """
    scope = connection.scope
    if scope["type"] == "http" and scope["method"] in SAFE_METHODS:
        return False
    if COOKIE not in connection.cookies and not scope["path"].startswith(LOGIN_PATHS):
        return False
    if "authorization" in connection.headers or _has_media_credential(connection):
        return False
    site = connection.headers.get("sec-fetch-site")
    if site is not None and scope["type"] == "http":
        return site not in {"same-origin", "none"}
    origin = connection.headers.get("origin")
    if origin is not None:
        return urlsplit(origin).netloc.lower() != connection.headers.get("host", "").lower()
    return COOKIE in connection.cookies


def _has_media_credential(connection: HTTPConnection) -> bool:
    """Media addresses and live pages take ``?token=`` and then ignore the cookie; a WHIP or WHEP
    session's address is the credential of its PATCH and DELETE.
    """
    scope = connection.scope
    media = scope["path"].startswith("/live/")
    if media and scope.get("method") in {"PATCH", "DELETE"}:
        return True
    return (media or scope["type"] == "websocket") and bool(connection.query_params.get("token"))
