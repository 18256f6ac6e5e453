"""Who is asking: dependencies of routes and pages."""

from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from tongke_platform.accounts import service
from tongke_platform.accounts.models import Account
from tongke_platform.errors import N_, Unauthorized
from tongke_platform.frame import Frame, get_frame

COOKIE = "tongke_session"


def bearer(connection: HTTPConnection) -> str | None:
    """The token of the Authorization header (RFC 6750 section 2.1), if there is one."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


async def account_of(frame: Frame, connection: HTTPConnection) -> Account | None:
    """The account of the API token or of the cookie. Raises Unauthorized for a wrong token."""
    token = bearer(connection)
    cookie = connection.cookies.get(COOKIE)
    if token is None and not cookie:
        return None
    async with frame.database.read() as session:
        if token is not None:
            account = await service.account_of_api_token(session, token, frame.now())
            if account is None:
                raise Unauthorized(N_("This token is not valid."), code="bad_token")
            return account
        return await service.account_of_cookie(session, cookie or "", frame.now())


async def current_account(connection: HTTPConnection) -> Account | None:
    return await account_of(get_frame(connection), connection)


CurrentAccount = Annotated[Account | None, Depends(current_account)]


async def require_account(account: CurrentAccount) -> Account:
    """Raises Unauthorized."""
    if account is None:
        raise Unauthorized
    return account


RequiredAccount = Annotated[Account, Depends(require_account)]
