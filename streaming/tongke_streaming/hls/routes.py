"""The multivariant playlist as web answers it: it knows who may watch."""

from collections.abc import Callable
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tongke_streaming.authorizer import Authorizer, Grant
from tongke_streaming.frames import LinkLost, Refused
from tongke_streaming.problems import problem

BaseUrl = Callable[[Request, str], str]
"""From a request and its lesson to where the hls server is reached, as ``https://host:port``."""

_CORS = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Retry-After"}
_PREFLIGHT = _CORS | {
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Range",
    "Access-Control-Max-Age": "86400",
}
_RETRY_S = 1


class Playlists(Protocol):
    async def playlist_of(self, grant: Grant, base: str, source: str | None) -> str:
        """Raises Refused, LinkLost, TimeoutError."""
        ...


def hls_routes(playlists: Playlists, authorizer: Authorizer, base_url: BaseUrl) -> list[Route]:
    """GET, HEAD and OPTIONS of ``/live/{lesson}/hls/index.m3u8`` and ``/replay/{lesson}/index.m3u8``.

    ``?source=`` chooses another source of the lesson than the lead teacher's. Errors are problem
    details; 409 with Retry-After while there is nothing to play yet.
    """

    async def playlist(request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=_PREFLIGHT)
        lesson = request.path_params["lesson"]
        try:
            return await _answer(request, lesson)
        except Refused as no:
            return _problem(no)
        except (LinkLost, TimeoutError):
            return _problem(Refused(503, "hls_away", "the HLS server is being restarted", _RETRY_S))

    async def _answer(request: Request, lesson: str) -> Response:
        grant = await authorizer.authorize(request, lesson, "watch")
        base = base_url(request, grant.lesson)
        source = request.query_params.get("source")
        try:
            text = await playlists.playlist_of(grant, base, source)
        except Refused as no:
            if no.code not in ("nothing_yet", "no_lesson"):
                raise
            raise Refused(409, "nothing_yet", "there is nothing to play yet", _RETRY_S) from no
        headers = _CORS | {"Cache-Control": "private, no-store"}
        return Response(text, media_type="application/vnd.apple.mpegurl", headers=headers)

    methods = ["GET", "HEAD", "OPTIONS"]
    return [
        Route("/live/{lesson}/hls/index.m3u8", playlist, methods=methods, name="hls_live"),
        Route("/replay/{lesson}/index.m3u8", playlist, methods=methods, name="hls_replay"),
    ]


def _problem(no: Refused) -> Response:
    response = problem(no)
    response.headers.update(_CORS)
    return response
