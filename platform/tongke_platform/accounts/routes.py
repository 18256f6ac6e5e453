"""Logging in and out, and what people change about their own account."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Cookie, Request, Response

from tongke_platform.accounts import codes, own, service, sign_in
from tongke_platform.accounts.browsers import visitor_of
from tongke_platform.accounts.cookies import end_login, set_cookies, set_login_cookie
from tongke_platform.accounts.repository import ApiTokenRepository, LoginRepository
from tongke_platform.accounts.rights import COOKIE, RequiredOwner, RequiredPrincipal
from tongke_platform.accounts.schemas import (
    ActingForIn,
    Credentials,
    Me,
    MeIn,
    PasswordIn,
    PostOut,
    ResetCodeOut,
    SessionOut,
    TokenIn,
    TokenMade,
    TokenOut,
)
from tongke_platform.frame import Reading, TheFrame, Writing
from tongke_platform.organisations.models import Organisation
from tongke_platform.organisations.schemas import OrganisationOut
from tongke_platform.rights import Principal

__all__ = ["end_login", "router", "set_login_cookie"]

router = APIRouter(prefix="/api", tags=["accounts"])

LoginCookie = Annotated[str, Cookie(alias=COOKIE)]


@router.post("/sessions", status_code=201)
async def log_in(
    credentials: Credentials, request: Request, response: Response, frame: TheFrame
) -> Me:
    """401 ``second_step``: send it again with the ``code`` of the authenticator app."""
    visitor = visitor_of(request)
    try:
        signed_in = await sign_in.by_password(
            frame,
            visitor,
            credentials.username,
            credentials.password,
            shared=credentials.shared,
        )
    except sign_in.SecondStepNeeded as needed:
        if not credentials.code:
            raise
        signed_in = await sign_in.by_second_step(frame, visitor, needed.ticket, credentials.code)
    set_cookies(frame, request, response, signed_in)
    async with frame.database.read() as session:
        found = await service.login_of_cookie(session, signed_in.token, frame.now(), frame.today())
    assert found is not None, "who has just signed in is there"
    return _me(found[0])


@router.delete("/sessions/current", status_code=204)
async def log_out(request: Request, response: Response, principal: RequiredPrincipal) -> None:
    await end_login(request, response)


@router.get("/me")
async def me(principal: RequiredPrincipal) -> Me:
    return _me(principal)


@router.patch("/me")
async def change_me(body: MeIn, session: Writing, principal: RequiredOwner) -> Me:
    person = await own.change_person(
        session, principal, display_name=body.display_name, language=body.language
    )
    return _me(principal).model_copy(update={"display_name": person.display_name})


@router.put("/me/password", status_code=204)
async def change_password(
    body: PasswordIn,
    request: Request,
    frame: TheFrame,
    principal: RequiredOwner,
    cookie: LoginCookie = "",
) -> None:
    address = visitor_of(request).address
    await own.change_password(frame, principal, address, body.old, body.new, cookie)


@router.put("/me/acting-for", status_code=204)
async def act_for(
    body: ActingForIn, session: Writing, principal: RequiredOwner, cookie: LoginCookie = ""
) -> None:
    await own.act_for(session, principal, cookie, body.organisation_id)


@router.get("/me/sessions")
async def sessions(session: Reading, frame: TheFrame, principal: RequiredOwner) -> list[SessionOut]:
    found = await LoginRepository(session).of(principal.id, frame.now())
    return [SessionOut.model_validate(one) for one in found]


@router.get("/me/sessions/{session_id}")
async def one_session(
    session_id: UUID, session: Reading, frame: TheFrame, principal: RequiredOwner
) -> SessionOut:
    found = await own.session_of(session, frame, principal, session_id)
    return SessionOut.model_validate(found)


@router.delete("/me/sessions/{session_id}", status_code=204)
async def end_session(session_id: UUID, session: Writing, principal: RequiredOwner) -> None:
    await own.end_session(session, principal, session_id)


@router.delete("/me/sessions", status_code=204)
async def end_other_sessions(
    session: Writing, principal: RequiredOwner, cookie: LoginCookie = ""
) -> None:
    """All but the one that asks."""
    await own.end_others(session, principal, cookie)


@router.get("/me/tokens")
async def tokens(session: Reading, frame: TheFrame, principal: RequiredOwner) -> list[TokenOut]:
    found = await ApiTokenRepository(session).of(principal.id, frame.now())
    return [TokenOut.model_validate(one) for one in found]


@router.post("/me/tokens", status_code=201)
async def make_token(
    body: TokenIn, session: Writing, frame: TheFrame, principal: RequiredOwner
) -> TokenMade:
    token, record = await own.make_token(
        session, frame, principal, label=body.label, scopes=body.scopes, days=body.days
    )
    return TokenMade(**TokenOut.model_validate(record).model_dump(), token=token)


@router.get("/me/tokens/{token_id}")
async def one_token(token_id: UUID, session: Reading, principal: RequiredOwner) -> TokenOut:
    """What is known of it; the token itself was shown once."""
    return TokenOut.model_validate(await own.token_of(session, principal, token_id))


@router.delete("/me/tokens/{token_id}", status_code=204)
async def revoke_token(
    token_id: UUID, session: Writing, frame: TheFrame, principal: RequiredOwner
) -> None:
    await own.revoke_token(session, frame, principal, token_id)


@router.post("/people/{person_id}/reset-code", status_code=201)
async def issue_reset_code(
    person_id: UUID, session: Writing, frame: TheFrame, principal: RequiredOwner
) -> ResetCodeOut:
    """For somebody who forgot their password; works once within a day."""
    issued = await codes.issue_reset(session, frame, principal, person_id)
    return ResetCodeOut(code=issued.code, expires_at=issued.expires_at)


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
