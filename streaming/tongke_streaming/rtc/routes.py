"""WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep) over HTTP, served by the web process.

GET and HEAD answer 405. A session's address is unguessable and is the credential of its PATCH and
DELETE: a page that closes can still end its session when its sign-in is gone.
"""

from collections.abc import Awaitable, Callable, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..authorizer import Act, Authorizer
from ..frames import LinkLost, Message, Refused
from ..problems import problem
from .client import RelayClient
from .sdp import MAX_SDP

_SDP = "application/sdp"
_FRAGMENT = "application/trickle-ice-sdpfrag"
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "POST, PATCH, DELETE, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, If-Match",
    "Access-Control-Expose-Headers": "Location, ETag, Link, Retry-After",
    "Access-Control-Max-Age": "86400",
}

Handler = Callable[[Request], Awaitable[Response]]


async def _body(request: Request, wanted: str) -> str:
    """The body as text. Raises Refused 415, 413 or 400."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != wanted:
        raise Refused(415, "wrong_type", f"the body must be {wanted}")
    data = b""
    async for chunk in request.stream():
        data += chunk
        if len(data) > MAX_SDP:
            raise Refused(413, "too_large", "the body is larger than 64 KiB")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise Refused(400, "bad_sdp", "the body is not UTF-8") from error


def _guard(handler: Handler) -> Handler:
    """Refusals become problem details; a relay that is restarting asks for patience."""

    async def guarded(request: Request) -> Response:
        try:
            response = await handler(request)
        except Refused as no:
            response = problem(no)
        except (LinkLost, TimeoutError):
            response = problem(
                Refused(503, "relay_restarting", "the media server is starting", retry_after=1)
            )
        response.headers.update(_CORS)
        return response

    return guarded


class _Endpoint:
    """One of the two protocols: they differ in who may and in what the relay is asked."""

    def __init__(
        self,
        act: Act,
        relay: RelayClient,
        authorizer: Authorizer,
        ice_servers: Sequence[str],
    ) -> None:
        self._act: Act = act
        self._relay = relay
        self._authorizer = authorizer
        self._links = [f'<{url}>; rel="ice-server"' for url in ice_servers]

    async def post(self, request: Request) -> Response:
        lesson = request.path_params["lesson"]
        grant = await self._authorizer.authorize(request, lesson, self._act)
        offer = await _body(request, _SDP)
        if self._act == "publish":
            answer = await self._relay.request(
                "publish",
                lesson=grant.lesson,
                source=grant.source,
                holder=grant.holder,
                credential=grant.credential,
                sdp=offer,
            )
        else:
            answer = await self._relay.request(
                "watch",
                lesson=grant.lesson,
                label=grant.label,
                room=grant.room,
                credential=grant.credential,
                cap=request.query_params.get("layer"),
                sdp=offer,
            )
        return self._created(request, answer)

    def _created(self, request: Request, answer: Message) -> Response:
        response = Response(answer["sdp"], 201, media_type=_SDP)
        response.headers["Location"] = f"{request.url.path}/{answer['session']}"
        response.headers["ETag"] = f'"{answer["etag"]}"'
        if self._act == "publish":
            response.headers["Accept-Patch"] = _FRAGMENT
        for link in self._links:
            response.headers.append("Link", link)
        return response

    async def patch(self, request: Request) -> Response:
        fragment = await _body(request, _FRAGMENT)
        match = request.headers.get("if-match")
        answer = await self._relay.request(
            "patch",
            lesson=request.path_params["lesson"],
            session=request.path_params["session"],
            act=self._act,
            sdp=fragment,
            if_match=match.strip().removeprefix("W/").strip('"') if match else None,
        )
        if answer["status"] == 204:
            return Response(status_code=204)
        response = Response(answer["sdp"], 200, media_type=_FRAGMENT)
        response.headers["ETag"] = f'"{answer["etag"]}"'
        return response

    async def delete(self, request: Request) -> Response:
        await self._relay.request(
            "drop",
            lesson=request.path_params["lesson"],
            session=request.path_params["session"],
            act=self._act,
        )
        return Response(status_code=200)

    async def options(self, request: Request) -> Response:
        return Response(status_code=204, headers={"Accept-Post": _SDP})

    def routes(self, path: str) -> list[Route]:
        session = path + "/{session}"
        return [
            _route(path, {"POST": self.post, "OPTIONS": self.options}),
            _route(session, {"PATCH": self.patch, "DELETE": self.delete, "OPTIONS": self.options}),
        ]


def _route(path: str, handlers: dict[str, Handler]) -> Route:
    """One route for all methods of an address, so that a 405 names them all in Allow."""

    async def handle(request: Request) -> Response:
        return await handlers[request.method](request)

    return Route(path, _guard(handle), methods=[*handlers])


def rtc_routes(
    relay: RelayClient, authorizer: Authorizer, ice_servers: Sequence[str] = ()
) -> list[Route]:
    """Routes for ``/live/{lesson}/whip`` and ``/live/{lesson}/whep``.

    ``ice_servers`` are TURN or STUN URLs with their parameters, for the Link header.
    """
    return [
        *_Endpoint("publish", relay, authorizer, ice_servers).routes("/live/{lesson}/whip"),
        *_Endpoint("watch", relay, authorizer, ice_servers).routes("/live/{lesson}/whep"),
    ]
