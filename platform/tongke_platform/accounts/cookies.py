"""The cookies of a login."""

from starlette.requests import Request
from starlette.responses import Response

from tongke_platform.accounts import service
from tongke_platform.accounts.browsers import DEVICE_COOKIE
from tongke_platform.accounts.rights import COOKIE
from tongke_platform.accounts.sign_in import SignedIn
from tongke_platform.frame import Frame, get_frame
from tongke_platform.pages.languages import LANGUAGE_COOKIE

_YEAR_S = 365 * 86400


def set_login_cookie(
    frame: Frame, request: Request, response: Response, token: str, *, shared: bool = False
) -> None:
    """On a ``shared`` computer it goes when the browser is closed."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=None if shared else frame.settings.login_days * 86400,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )


def set_cookies(frame: Frame, request: Request, response: Response, signed_in: SignedIn) -> None:
    """Those of a sign-in: the session's, and the one that knows this device again."""
    set_login_cookie(frame, request, response, signed_in.token, shared=signed_in.shared)
    response.set_cookie(
        DEVICE_COOKIE,
        signed_in.device,
        max_age=_YEAR_S,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    if signed_in.language:
        set_language_cookie(response, signed_in.language)


def set_language_cookie(response: Response, language: str) -> None:
    response.set_cookie(LANGUAGE_COOKIE, language, max_age=_YEAR_S, samesite="lax")


async def end_login(request: Request, response: Response) -> None:
    """Revoke the login of this request's cookie and take the cookie back."""
    if token := request.cookies.get(COOKIE):
        async with get_frame(request).database.write() as session:
            await service.log_out(session, token)
    response.delete_cookie(COOKIE, httponly=True, samesite="lax")
