"""Serves playlists, parts and segments: plain ASGI, no framework on the way of 2000 waiting rooms.

Addresses are in docs/architecture.md. Errors are problem details (RFC 9457) that never repeat the
address, because it holds the lesson's key.
"""

import asyncio
import json
import logging
import re
from collections.abc import Awaitable, Callable
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from tongke_streaming.archive.store import StoreError
from tongke_streaming.hls.lesson import Lesson
from tongke_streaming.hls.library import Library, Renewed
from tongke_streaming.hls.metrics import Metrics
from tongke_streaming.hls.model import TARGET_DURATION_S
from tongke_streaming.hls.query import (
    BadRequest,
    Directives,
    accepts_gzip,
    parse_directives,
    parse_range,
)
from tongke_streaming.hls.rendition import Rendition
from tongke_streaming.hls.waiting import Disconnected, Receive

log = logging.getLogger("tongke_streaming.hls.access")

Scope = dict[str, Any]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

HOLD_S = 3.0 * TARGET_DURATION_S
"""A request held longer than this is answered 503 (RFC 8216bis 6.2.5.2)."""

_MEDIA = re.compile(r"(?:([0-9]{1,15})(?:\.([0-9]{1,6}))?\.m4s|init-([0-9]{1,6})\.mp4)\Z", re.ASCII)
_PLAYLIST_TYPE = (b"content-type", b"application/vnd.apple.mpegurl")
_TYPES = {"video": (b"content-type", b"video/mp4"), "audio": (b"content-type", b"audio/mp4")}
_CORS = (b"access-control-allow-origin", b"*")
_EXPOSE = (b"access-control-expose-headers", b"content-length, content-range, retry-after")
_VARY = (b"vary", b"accept-encoding")
_GZIP = (b"content-encoding", b"gzip")
_IMMUTABLE = (b"cache-control", b"public, immutable, max-age=31536000")
_BRIEF = (b"cache-control", b"public, max-age=1")
_ENDED = (b"cache-control", b"public, max-age=60")
_NEVER = (b"cache-control", b"no-store")
_FRESHNESS = {404: _BRIEF, 410: _ENDED}  # a renewed path never comes back
_RANGES = (b"accept-ranges", b"bytes")
_PREFLIGHT: Headers = [
    _CORS,
    (b"access-control-allow-methods", b"GET, HEAD, OPTIONS"),
    (b"access-control-allow-headers", b"range, if-none-match"),
    (b"access-control-max-age", b"86400"),
    (b"allow", b"GET, HEAD, OPTIONS"),
]


class Problem(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, detail: str, headers: Headers | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers or []


class Request:
    """One request on its way. ``kind`` is for the metrics and the log."""

    __slots__ = ("headers", "key", "kind", "lesson", "query", "receive", "send", "size", "status")

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.headers: list[tuple[bytes, bytes]] = scope["headers"]
        self.query: bytes = scope["query_string"]
        self.receive = receive
        self.send = send
        self.kind = "other"
        self.key = ""
        self.lesson = ""
        self.status = 0
        self.size = 0

    def header(self, name: bytes) -> str:
        for key, value in self.headers:
            if key == name:
                return value.decode("latin-1")
        return ""

    async def answer(self, status: int, headers: Headers, body: bytes) -> None:
        self.status, self.size = status, len(body)
        headers.append((b"content-length", b"%d" % len(body)))
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})


_gzip_wanted = lru_cache(maxsize=256)(accepts_gzip)


class HlsApp:
    """The ASGI application. ``close`` ends every wait with 503."""

    def __init__(self, library: Library, metrics: Metrics) -> None:
        self._library = library
        self._metrics = metrics
        self._closing = False

    def close(self) -> None:
        self._closing = True
        for lesson in self._library.lessons.values():
            for rendition in lesson.renditions.values():
                rendition.pulse.beat()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive, send)
        try:
            await self._serve(scope["method"], scope["path"], request)
        except Disconnected:
            request.status = 499
        except BadRequest as error:
            await _refuse(request, Problem(400, str(error)))
        except Problem as problem:
            await _refuse(request, problem)
        except StoreError:
            await _refuse(request, Problem(503, "the archive is away", [(b"retry-after", b"5")]))
        self._metrics.answered(request.kind, request.status, request.size)
        if log.isEnabledFor(logging.INFO):
            log.info(
                "lesson=%s %s %d %d bytes",
                request.lesson,
                request.kind,
                request.status,
                request.size,
            )

    async def _serve(self, method: str, path: str, request: Request) -> None:
        if method == "OPTIONS":
            await request.answer(204, list(_PREFLIGHT), b"")
            return
        if method not in ("GET", "HEAD"):
            raise Problem(405, "only GET and HEAD", [(b"allow", b"GET, HEAD, OPTIONS")])
        steps = path.split("/")
        if len(steps) < 4 or steps[1] != "media":
            await self._about_us(path, request)
            return
        lesson = await self._lesson(steps[2])
        request.key = steps[2]
        if lesson is None:
            raise Problem(404, "no such lesson")
        request.lesson = lesson.id
        if len(steps) == 4 and steps[3] == "index.m3u8":
            await self._multivariant(lesson, request)
            return
        rendition = lesson.renditions.get(steps[3])
        if rendition is None or len(steps) != 5:
            raise Problem(404, "no such rendition")
        if steps[4] == "index.m3u8":
            await self._playlist(rendition, request)
        else:
            await self._media(lesson, rendition, steps[4], request)

    async def _lesson(self, key: str) -> Lesson | None:
        try:
            return await self._library.by_key(key)
        except Renewed as error:
            raise _gone() from error

    async def _about_us(self, path: str, request: Request) -> None:
        if path == "/healthz":
            await request.answer(200, [(b"content-type", b"text/plain")], b"ok\n")
        elif path == "/metrics":
            body = self._metrics.render(self._library)
            await request.answer(200, [(b"content-type", b"text/plain; version=0.0.4")], body)
        else:
            raise Problem(404, "no such address")

    async def _multivariant(self, lesson: Lesson, request: Request) -> None:
        request.kind = "multivariant"
        text = lesson.multivariant("")
        if text is None:
            raise Problem(404, "the lesson has no media yet", [(b"retry-after", b"1")])
        await request.answer(200, [_PLAYLIST_TYPE, _BRIEF, _CORS], text.encode())

    # Playlists.

    async def _playlist(self, rendition: Rendition, request: Request) -> None:
        request.kind = "playlist"
        asked = parse_directives(request.query)
        if asked.msn is not None and not rendition.ended:
            await self._until_there(rendition, asked.msn, asked.part, request)
        if not rendition.playable:
            raise Problem(404, "the rendition has no media yet", [(b"retry-after", b"1")])
        await self._answer_playlist(rendition, asked, request)

    async def _answer_playlist(
        self, rendition: Rendition, asked: Directives, request: Request
    ) -> None:
        gzip = _gzip_wanted(request.header(b"accept-encoding"))
        body = rendition.playlist(delta=asked.skip, gzip=gzip)
        fresh = _ENDED if rendition.ended else _BRIEF
        headers = [_PLAYLIST_TYPE, fresh, _CORS, _VARY]
        if gzip:
            headers.append(_GZIP)
        await request.answer(200, headers, body)

    async def _until_there(
        self, rendition: Rendition, msn: int, part: int | None, request: Request
    ) -> None:
        if rendition.has(msn, part):
            return
        if rendition.too_far(msn, part):
            raise BadRequest("further ahead than a client can know")
        deadline = asyncio.get_running_loop().time() + HOLD_S
        while not rendition.has(msn, part):
            await self._hold(rendition, deadline, request)

    async def _hold(self, rendition: Rendition, deadline: float, request: Request) -> None:
        """Until something changes; Problem 503 after ``deadline`` or when the server stops."""
        late = asyncio.get_running_loop().time() >= deadline
        if late or self._closing:
            raise Problem(503, "not there yet", [(b"retry-after", b"1")])
        await rendition.pulse.wait(request.receive, deadline)
        if not self._library.is_current(request.key):
            raise _gone()

    # Media.

    async def _media(
        self, lesson: Lesson, rendition: Rendition, name: str, request: Request
    ) -> None:
        match = _MEDIA.match(name)
        if match is None:
            raise Problem(404, "no such address")
        msn, part, init = match.groups()
        if init is not None:
            request.kind = "init"
            held = rendition.inits.get(int(init))
            data = held.data if held is not None else None
        elif part is not None:
            request.kind = "part"
            data = await self._part(rendition, int(msn), int(part), request)
        else:
            request.kind = "segment"
            segment = rendition.find(int(msn))
            data = None
            if segment is not None:
                data = await self._library.segment_bytes(lesson, rendition, segment)
        if data is None:
            raise Problem(404, "there is no media here")
        await _answer_media(rendition, data, request)

    async def _part(
        self, rendition: Rendition, msn: int, index: int, request: Request
    ) -> bytes | None:
        """A part that is there, or the hinted one as soon as it is whole."""
        deadline = asyncio.get_running_loop().time() + HOLD_S
        while True:
            segment = rendition.find(msn)
            if segment is not None and index < len(segment.parts):
                return segment.part_bytes(index)
            if rendition.hint != (msn, index):
                return None
            await self._hold(rendition, deadline, request)


def _gone() -> Problem:
    return Problem(410, "this path was renewed; the lesson's first playlist names the new one")


async def _answer_media(rendition: Rendition, data: bytes, request: Request) -> None:
    kind = "audio" if rendition.name.endswith("-a") else "video"
    headers = [_TYPES[kind], _IMMUTABLE, _CORS, _EXPOSE, _RANGES]
    wanted = request.header(b"range")
    if not wanted or request.header(b"if-range"):  # nothing here has a validator to compare
        await request.answer(200, headers, data)
        return
    try:
        found = parse_range(wanted, len(data))
    except BadRequest as error:
        beyond = (b"content-range", b"bytes */%d" % len(data))
        raise Problem(416, str(error), [beyond]) from error
    if found is None:
        await request.answer(200, headers, data)
        return
    start, end = found
    headers.append((b"content-range", b"bytes %d-%d/%d" % (start, end - 1, len(data))))
    await request.answer(206, headers, data[start:end])


async def _refuse(request: Request, problem: Problem) -> None:
    body = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
    }
    headers = [
        (b"content-type", b"application/problem+json"),
        _FRESHNESS.get(problem.status, _NEVER),
        _CORS,
        *problem.headers,
    ]
    await request.answer(problem.status, headers, json.dumps(body).encode())
