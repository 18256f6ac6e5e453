"""Logging in and out, and who one is."""

from datetime import timedelta

from fastapi import APIRouter, Request, Response

from tongke_platform.accounts import service
from tongke_platform.accounts.rights import COOKIE, RequiredPrincipal
from tongke_platform.accounts.schemas import Credentials, Me, PostOut
from tongke_platform.frame import Frame, TheFrame, get_frame
from tongke_platform.organisations.models import Organisation
from tongke_platform.organisations.schemas import OrganisationOut
from tongke_platform.people.models import Person
from tongke_platform.rights import Principal

router = APIRouter(prefix="/api", tags=["accounts"])


async def start_login(request: Request, username: str, password: str) -> tuple[Person, str]:
    """Check the password and open a login; the person and the cookie's value.

    Raises TooMany, Unauthorized ``wrong_login``, Busy. The login form uses it as well.
    """
    frame = get_frame(request)
    username = username.replace("\0", "")  # which PostgreSQL cannot even compare
    client = request.client.host if request.client else ""
    key = f"{client} {username}"
    frame.login_limiter.take(key)
    async with frame.database.read() as session:
        person = await service.check_password(session, frame.passwords, username, password)
    frame.login_limiter.forgive(key)
    lifetime = timedelta(days=frame.settings.login_days)
    async with frame.database.write() as session:
        token = await service.log_in(session, person.id, now=frame.now(), lifetime=lifetime)
    return person, token


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
) -> Me:
    person, token = await start_login(request, credentials.username, credentials.password)
    set_login_cookie(frame, request, response, token)
    async with frame.database.read() as session:
        principal = await service.principal_of(session, person.id, frame.today())
    assert principal is not None, "who has just signed in is there"
    return _me(principal)


@router.delete("/sessions/current", status_code=204)
async def log_out(request: Request, response: Response, principal: RequiredPrincipal) -> None:
    await end_login(request, response)


@router.get("/me")
async def me(principal: RequiredPrincipal) -> Me:
    return _me(principal)


def _me(principal: Principal) -> Me:
    places = principal.places
    return Me(
        id=principal.id,
        display_name=principal.name,
        posts=[
            PostOut(
                role=post.role,
                scope=post.scope,
                organisation=_organisation(places.get(post.organisation_id)),
                scope_id=post.scope_id,
            )
            for post in principal.posts
        ],
        school=_organisation(principal.school),
    )


def _organisation(found: Organisation | None) -> OrganisationOut | None:
    return OrganisationOut.model_validate(found) if found else None
