"""How much anybody may ask of the server: by credential once that has proved good, else by address.

A school is one address for sixty teachers and thirty classrooms, so whoever has signed in is counted
by themselves. A credential nobody has checked yet counts as the address it comes from: making up a
new one for each request gains nothing. Nothing here asks the database.
"""

import hashlib
import ipaddress
from collections import OrderedDict
from urllib.parse import parse_qs

from starlette.requests import HTTPConnection, Request, cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tongke_platform.accounts.limiter import Limit
from tongke_platform.accounts.rights import COOKIE
from tongke_platform.app.problems import render
from tongke_platform.app.requests import QUIET
from tongke_platform.app.security import SAFE_METHODS
from tongke_platform.audit.origin import origin
from tongke_platform.errors import N_, TooMany
from tongke_platform.frame import get_frame
from tongke_platform.settings import Settings

MAX_KNOWN = 20_000
# Files, and what goes on in a lesson: playlists, and the sessions of those who are in it.
_FREE = ("/static/", "/replay/", "/media/")
# Whose good answer shows that the token in the address is a good one.
_TOKEN_PATHS = ("/room/", "/live/")
TOO_FAST = N_("That was a great deal at once. Please wait a moment and try again.")


def limit_of(name: str, rate: str) -> Limit | None:
    """Of a setting, ``BURST/PER_SECOND`` or ``off``."""
    if rate == "off":
        return None
    burst, _, per_s = rate.partition("/")
    return Limit(name, int(burst), 1 / int(per_s))


def is_free(scope: Scope) -> bool:
    path: str = scope["path"]
    if path in QUIET or path.startswith(_FREE):
        return True
    return path.startswith("/live/") and scope.get("method") != "POST"


def credential_of(scope: Scope) -> str | None:
    """A hash of what shows who is asking: a room's token, an Authorization header, ``?token=`` or
    the cookie of a session. Whether it is any good is not looked at.
    """
    path: str = scope["path"]
    if path.startswith("/room/"):
        return _hash(path.split("/", 3)[2])
    cookie = ""
    for name, value in scope["headers"]:
        if name == b"authorization":
            return _hash(value.decode("latin-1").partition(" ")[2].strip())
        if name == b"cookie":
            cookie = value.decode("latin-1")
    if b"token=" in scope["query_string"]:
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token")
        if given:
            return _hash(given[0])
    session = cookie_parser(cookie).get(COOKIE) if COOKIE in cookie else None
    return _hash(session) if session else None


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def address_of(scope: Scope) -> str:
    """The client's; of an IPv6 address the part a provider gives to one customer (RFC 6177)."""
    address: str = (scope.get("client") or ("",))[0]
    if ":" not in address:
        return address
    try:
        return str(ipaddress.ip_network((address.partition("%")[0], 64), strict=False))
    except ValueError:
        return address


class LimitRequests:
    """Must stand within KnowOrigin, which hears whether a credential was good."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._signed_in = limit_of("signed-in", settings.rate_signed_in)
        self._address = limit_of("anonymous", settings.rate_address)
        self._writes = limit_of("anonymous-writes", settings.rate_address_writes)
        self._known: OrderedDict[str, None] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"} or is_free(scope):
            await self._app(scope, receive, send)
            return
        credential = credential_of(scope)
        known = credential is not None and credential in self._known
        try:
            await self._count(scope, credential if known else None)
        except TooMany as error:
            await _refuse(scope, receive, send, error)
            return
        if credential is None or known:
            await self._app(scope, receive, send)
            return
        await self._run(credential, scope, receive, send)

    async def _count(self, scope: Scope, known: str | None) -> None:
        """Raises TooMany."""
        limiter = get_frame(HTTPConnection(scope)).limiter
        if known is not None:
            self._known.move_to_end(known)
            if self._signed_in is not None:
                await limiter.take(self._signed_in, known)
            return
        address = address_of(scope)
        if self._writes is not None and scope.get("method", "GET") not in SAFE_METHODS:
            await limiter.take(self._writes, address)
        if self._address is not None:
            await limiter.take(self._address, address)

    async def _run(self, credential: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and remember the credential if it proves good."""
        token = scope["path"].startswith(_TOKEN_PATHS)

        async def watch(message: Message) -> None:
            if message["type"] == "http.response.start" and token and message["status"] < 400:
                self._remember(credential)
            await send(message)

        try:
            await self._app(scope, receive, watch)
        finally:
            if origin().person_id is not None:
                self._remember(credential)

    def _remember(self, credential: str) -> None:
        self._known[credential] = None
        if len(self._known) > MAX_KNOWN:
            self._known.popitem(last=False)


async def _refuse(scope: Scope, receive: Receive, send: Send, error: TooMany) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1013})
        return
    said = TooMany(TOO_FAST, code="too_fast", retry_after=error.retry_after)
    await render(Request(scope, receive), said)(scope, receive, send)
