"""Logging in and out, and who one is."""

from datetime import timedelta

from fastapi import APIRouter, Request, Response

from tongke_platform.accounts import service
from tongke_platform.accounts.models import Account
from tongke_platform.accounts.rights import COOKIE, RequiredAccount
from tongke_platform.accounts.schemas import AccountOut, Credentials
from tongke_platform.frame import Frame, TheFrame, get_frame

router = APIRouter(prefix="/api", tags=["accounts"])


async def start_login(request: Request, username: str, password: str) -> tuple[Account, str]:
    """Check the password and open a login; the account and the cookie's value.

    Raises TooMany, Unauthorized ``wrong_login``, Busy. The login form uses it as well.
    """
    frame = get_frame(request)
    username = username.replace("\0", "")  # which PostgreSQL cannot even compare
    client = request.client.host if request.client else ""
    key = f"{client} {username}"
    frame.login_limiter.take(key)
    async with frame.database.read() as session:
        account = await service.check_password(session, frame.passwords, username, password)
    frame.login_limiter.forgive(key)
    lifetime = timedelta(days=frame.settings.login_days)
    async with frame.database.write() as session:
        token = await service.log_in(session, account, now=frame.now(), lifetime=lifetime)
    return account, token


def set_login_cookie(frame: Frame, request: Request, response: Response, token: str) -> None:
    response.set_cookie(
        COOKIE,
        token,
        max_age=frame.settings.login_days * 86400,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )


async def end_login(request: Request, response: Response) -> None:
    """Revoke the login of this request's cookie and take the cookie back."""
    if token := request.cookies.get(COOKIE):
        async with get_frame(request).database.write() as session:
            await service.log_out(session, token)
    response.delete_cookie(COOKIE, httponly=True, samesite="lax")


@router.post("/sessions", status_code=201)
async def log_in(
    credentials: Credentials, request: Request, response: Response, frame: TheFrame
) -> AccountOut:
    account, token = await start_login(request, credentials.username, credentials.password)
    set_login_cookie(frame, request, response, token)
    return AccountOut.model_validate(account)


@router.delete("/sessions/current", status_code=204)
async def log_out(request: Request, response: Response, account: RequiredAccount) -> None:
    await end_login(request, response)


@router.get("/me")
async def me(account: RequiredAccount) -> AccountOut:
    return AccountOut.model_validate(account)
