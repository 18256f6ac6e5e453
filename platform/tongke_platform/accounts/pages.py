"""The page of one's own account: ``/me``."""

from typing import Annotated
from uuid import UUID

import segno
from fastapi import APIRouter, Cookie, Form, Request
from starlette.responses import RedirectResponse, Response

from tongke_platform.accounts import identities, own, second
from tongke_platform.accounts.browsers import visitor_of
from tongke_platform.accounts.cookies import set_language_cookie
from tongke_platform.accounts.rights import COOKIE, RequiredOwner
from tongke_platform.accounts.scopes import ACTS, AREAS
from tongke_platform.errors import N_, TongkeError
from tongke_platform.frame import Frame, Reading, TheFrame, Writing
from tongke_platform.pages.desk import desk, done, trouble_of
from tongke_platform.pages.rendering import Pages, ThePages
from tongke_platform.people.roles import NAMES
from tongke_platform.privacy import exports
from tongke_platform.privacy import service as privacy
from tongke_platform.rights import Principal

router = APIRouter(include_in_schema=False)

LoginCookie = Annotated[str, Cookie(alias=COOKIE)]
Text = Annotated[str, Form(max_length=400)]
Secret = Annotated[str, Form(max_length=256)]


def qr_svg(text: str) -> str:
    """A picture to be put into a page as it is: an svg element without style or script."""
    return segno.make(text, error="m").svg_inline(scale=5, border=2, omitsize=True)


async def _page(
    request: Request,
    pages: Pages,
    frame: Frame,
    by: Principal,
    cookie: str,
    *,
    trouble: TongkeError | None = None,
    at: str = "",
    recovery: list[str] | None = None,
) -> Response:
    """``at`` is the part of the page the trouble belongs to."""
    async with frame.database.read() as session:
        account = await own.account_of(session, frame, by, cookie)
        erasure = await privacy.pending(session, by.id)
        data = await exports.of(session, by, frame.now())
        setup = await second.waiting(session, frame, by.id, by.name)
    return desk(
        request,
        pages,
        by,
        "me/account.html",
        section="",
        status=trouble.status if trouble else 200,
        account=account,
        erasure=erasure,
        data=data,
        asker=by,
        roles=NAMES,
        places=by.places,
        setup=setup,
        qr=qr_svg(setup.address) if setup else "",
        recovery=recovery or [],
        providers=_linkable(frame, account),
        provider_label=frame.providers.label,
        link_token=identities.link_token(frame, by.id, cookie) if cookie else "",
        waiting_rights=account.current is not None and not account.current.strong,
        at=at,
        trouble=trouble_of(request, pages, trouble) if trouble else "",
    )


def _linkable(frame: Frame, account: own.Account) -> list[tuple[str, str]]:
    linked = {one.issuer for one in account.identities}
    return [(one.key, one.label) for one in frame.providers if one.issuer not in linked]


@router.get("/me")
async def account(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    principal: RequiredOwner,
    cookie: LoginCookie = "",
) -> Response:
    return await _page(request, pages, frame, principal, cookie)


@router.post("/me")
async def change(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    principal: RequiredOwner,
    display_name: Text = "",
    language: Annotated[str, Form(max_length=8)] = "",
    cookie: LoginCookie = "",
) -> Response:
    try:
        async with frame.database.write() as session:
            await own.change_person(
                session, principal, display_name=display_name, language=language
            )
    except TongkeError as error:
        return await _page(request, pages, frame, principal, cookie, trouble=error, at="you")
    answer = done("/me", N_("Saved."))
    if language:
        set_language_cookie(answer, language)
    return answer


@router.post("/me/password")
async def password(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    principal: RequiredOwner,
    old: Secret = "",
    new: Secret = "",
    cookie: LoginCookie = "",
) -> Response:
    address = visitor_of(request).address
    try:
        await own.change_password(frame, principal, address, old, new, cookie)
    except TongkeError as error:
        return await _page(request, pages, frame, principal, cookie, trouble=error, at="password")
    return done("/me", N_("The new password holds. All other devices are logged out."))


@router.post("/me/acting-for")
async def act_for(
    session: Writing,
    principal: RequiredOwner,
    organisation_id: Annotated[UUID | None, Form()] = None,
    cookie: LoginCookie = "",
) -> Response:
    await own.act_for(session, principal, cookie, organisation_id)
    return done("/me", N_("Saved."))


@router.post("/me/sessions/end-others")
async def end_others(
    session: Writing, principal: RequiredOwner, cookie: LoginCookie = ""
) -> Response:
    await own.end_others(session, principal, cookie)
    return done("/me", N_("All other devices are logged out."))


@router.post("/me/sessions/{session_id}/end")
async def end_session(session_id: UUID, session: Writing, principal: RequiredOwner) -> Response:
    await own.end_session(session, principal, session_id)
    return done("/me", N_("That device is logged out."))


@router.post("/me/second/begin")
async def begin_second(session: Writing, frame: TheFrame, principal: RequiredOwner) -> Response:
    await second.begin(session, frame, principal.id, principal.name)
    return RedirectResponse("/me#second", 303)


@router.post("/me/second/confirm")
async def confirm_second(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    principal: RequiredOwner,
    code: Annotated[str, Form(max_length=32)] = "",
    cookie: LoginCookie = "",
) -> Response:
    """The recovery codes are shown in the answer, this once."""
    try:
        await frame.limiter.take(second.SECOND, f"confirm {principal.id}")
        async with frame.database.write() as session:
            recovery = await second.confirm(session, frame, principal.id, code)
            await own.mark_strong(session, principal, cookie)
    except TongkeError as error:
        return await _page(request, pages, frame, principal, cookie, trouble=error, at="second")
    return await _page(request, pages, frame, principal, cookie, at="second", recovery=recovery)


@router.post("/me/second/off")
async def switch_off_second(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    principal: RequiredOwner,
    code: Annotated[str, Form(max_length=32)] = "",
    cookie: LoginCookie = "",
) -> Response:
    try:
        await own.switch_off_second(frame, principal, visitor_of(request).address, code)
    except TongkeError as error:
        return await _page(request, pages, frame, principal, cookie, trouble=error, at="second")
    return done("/me", N_("The second step is off."))


@router.post("/me/identities/{identity_id}/unlink")
async def unlink(identity_id: UUID, session: Writing, principal: RequiredOwner) -> Response:
    await own.unlink(session, principal, identity_id)
    return done("/me", N_("That account is not linked any more."))


@router.get("/me/tokens")
async def tokens(
    request: Request,
    pages: ThePages,
    session: Reading,
    frame: TheFrame,
    principal: RequiredOwner,
    cookie: LoginCookie = "",
) -> Response:
    account = await own.account_of(session, frame, principal, cookie)
    return _tokens(request, pages, principal, account)


def _tokens(
    request: Request,
    pages: Pages,
    principal: Principal,
    account: own.Account,
    *,
    made: str = "",
    trouble: TongkeError | None = None,
) -> Response:
    return desk(
        request,
        pages,
        principal,
        "me/tokens.html",
        section="",
        status=trouble.status if trouble else 200,
        account=account,
        acts=ACTS,
        areas=AREAS,
        made=made,
        trouble=trouble_of(request, pages, trouble) if trouble else "",
    )


@router.post("/me/tokens")
async def make_token(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    principal: RequiredOwner,
    label: Text = "",
    scope: Annotated[list[str] | None, Form()] = None,
    days: Annotated[int, Form(ge=1, le=3650)] = 90,
    cookie: LoginCookie = "",
) -> Response:
    """The token is shown in the answer, this once."""
    made, trouble = "", None
    try:
        async with frame.database.write() as session:
            made, _ = await own.make_token(
                session, frame, principal, label=label, scopes=scope or [], days=days
            )
    except TongkeError as error:
        trouble = error
    async with frame.database.read() as session:
        account = await own.account_of(session, frame, principal, cookie)
    return _tokens(request, pages, principal, account, made=made, trouble=trouble)


@router.post("/me/tokens/{token_id}/revoke")
async def revoke_token(
    token_id: UUID, session: Writing, frame: TheFrame, principal: RequiredOwner
) -> Response:
    await own.revoke_token(session, frame, principal, token_id)
    return done("/me/tokens", N_("Revoked: the token opens nothing any more."))
