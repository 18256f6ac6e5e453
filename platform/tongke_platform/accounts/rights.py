"""Who is asking: dependencies of routes and pages."""

from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from tongke_platform.accounts import service
from tongke_platform.errors import N_, Unauthorized
from tongke_platform.frame import Frame, get_frame
from tongke_platform.rights import Principal

COOKIE = "tongke_session"


def bearer(connection: HTTPConnection) -> str | None:
    """The token of the Authorization header (RFC 6750 section 2.1), if there is one."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


async def principal_of(frame: Frame, connection: HTTPConnection) -> Principal | None:
    """Who the API token or the cookie is. Raises Unauthorized for a wrong token."""
    token = bearer(connection)
    cookie = connection.cookies.get(COOKIE)
    if token is None and not cookie:
        return None
    now, today = frame.now(), frame.today()
    async with frame.database.read() as session:
        if token is not None:
            found = await service.principal_of_api_token(session, token, now, today)
            if found is None:
                raise Unauthorized(N_("This token is not valid."), code="bad_token")
            return found
        return await service.principal_of_cookie(session, cookie or "", now, today)


async def current_principal(connection: HTTPConnection) -> Principal | None:
    return await principal_of(get_frame(connection), connection)


CurrentPrincipal = Annotated[Principal | None, Depends(current_principal)]


async def require_principal(principal: CurrentPrincipal) -> Principal:
    """Raises Unauthorized."""
    if principal is None:
        raise Unauthorized
    return principal


RequiredPrincipal = Annotated[Principal, Depends(require_principal)]
