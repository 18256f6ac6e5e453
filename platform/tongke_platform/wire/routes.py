"""``WebSocket /api/wire``: the one address of every live page."""

import hashlib

from fastapi import APIRouter, WebSocket

from tongke_platform.accounts.rights import COOKIE, bearer
from tongke_platform.errors import TongkeError
from tongke_platform.frame import get_frame
from tongke_platform.wire import messages
from tongke_platform.wire.hub import CREDENTIAL_CHARS

ADDRESS = "/api/wire"

router = APIRouter()


def credential_of(socket: WebSocket) -> str | None:
    """A name for who is there: a hash of the token or cookie, not looked at yet."""
    given = bearer(socket) or socket.query_params.get("token") or socket.cookies.get(COOKIE)
    return hashlib.sha256(given.encode()).hexdigest()[:CREDENTIAL_CHARS] if given else None


@router.websocket(ADDRESS)
async def wire(socket: WebSocket) -> None:
    """What the credential may see is asked topic by topic; without one there is nothing."""
    frame = get_frame(socket)

    def explain(error: TongkeError) -> str:
        text = frame.translate(socket, error.message)
        return text % error.params if error.params else text

    await socket.accept()
    credential = credential_of(socket)
    if credential is None:
        await socket.close(*messages.NO_CREDENTIAL)
        return
    await frame.wire.serve(socket, credential, explain)
