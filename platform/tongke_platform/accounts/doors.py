"""Pages for those who are not signed in yet: a new password, and an invitation."""

from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Form, Request
from starlette.responses import RedirectResponse, Response

from tongke_platform.accounts import invitations, sign_in
from tongke_platform.accounts.browsers import visitor_of
from tongke_platform.accounts.cookies import set_cookies
from tongke_platform.accounts.limiter import Limit
from tongke_platform.accounts.models import CodeKind
from tongke_platform.accounts.rights import CurrentPrincipal, RequiredOwner
from tongke_platform.errors import TongkeError
from tongke_platform.frame import Frame, TheFrame
from tongke_platform.pages.desk import trouble_of
from tongke_platform.pages.login import second_form, send_after
from tongke_platform.pages.rendering import Pages, ThePages
from tongke_platform.people.roles import NAMES
from tongke_platform.rights import Principal

router = APIRouter(include_in_schema=False)

OPEN = Limit("join", burst=30, refill_s=10)

Line = Annotated[str, Form(max_length=96)]
Secret = Annotated[str, Form(max_length=256)]
Ticket = Annotated[str, Form(max_length=2000)]


def _reset_page(
    request: Request,
    pages: Pages,
    frame: Frame,
    *,
    trouble: TongkeError | None = None,
    username: str = "",
    ticket: str = "",
    changed: bool = False,
) -> Response:
    return pages.render(
        request,
        "accounts/reset.html",
        status=trouble.status if trouble else 200,
        trouble=trouble_of(request, pages, trouble) if trouble else "",
        username=username,
        ticket=ticket,
        sms=frame.sms is not None,
        changed=changed,
    )


@router.get("/reset")
async def reset_form(request: Request, pages: ThePages, frame: TheFrame) -> Response:
    return _reset_page(request, pages, frame)


@router.post("/reset")
async def reset(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    username: Line = "",
    ticket: Ticket = "",
    code: Line = "",
    password: Secret = "",
) -> Response:
    try:
        await sign_in.reset_password(
            frame, visitor_of(request), code, password, username=username, ticket=ticket
        )
    except TongkeError as error:
        return _reset_page(request, pages, frame, trouble=error, username=username, ticket=ticket)
    return _reset_page(request, pages, frame, changed=True)


@router.post("/reset/sms")
async def reset_by_sms(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    tasks: BackgroundTasks,
    phone: Line = "",
) -> Response:
    try:
        asked = await sign_in.ask_sms(frame, visitor_of(request), phone, CodeKind.SMS_RESET)
    except TongkeError as error:
        return _reset_page(request, pages, frame, trouble=error)
    answer = _reset_page(request, pages, frame, username=phone, ticket=asked.ticket)
    return send_after(request, pages, frame, tasks, answer, asked)


@router.get("/join/{token}")
async def invitation(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    principal: CurrentPrincipal,
    token: str,
) -> Response:
    """Raises NotFound ``invitation_gone``, TooMany for those who guess."""
    return await _join_page(request, pages, frame, principal, token)


async def _join_page(
    request: Request,
    pages: Pages,
    frame: Frame,
    principal: Principal | None,
    token: str,
    *,
    trouble: TongkeError | None = None,
    display_name: str | None = None,
    username: str = "",
) -> Response:
    await frame.limiter.take(OPEN, visitor_of(request).address)
    try:
        async with frame.database.read() as session:
            found = await invitations.opened(session, frame, token)
    except TongkeError as error:
        return pages.render(
            request,
            "accounts/gone.html",
            status=error.status,
            trouble="",
            words=trouble_of(request, pages, error),
        )
    return pages.render(
        request,
        "accounts/join.html",
        status=trouble.status if trouble else 200,
        trouble=trouble_of(request, pages, trouble) if trouble else "",
        invitation=found,
        role=NAMES[found.role],
        principal=principal,
        display_name=found.name if display_name is None else display_name,
        username=username,
    )


@router.post("/join/{token}")
async def join(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    token: str,
    display_name: Annotated[str, Form(max_length=320)] = "",
    username: Line = "",
    password: Secret = "",
) -> Response:
    """Make the account and be signed in."""
    visitor = visitor_of(request)
    try:
        await frame.limiter.take(OPEN, visitor.address)
        await invitations.join(
            frame, token, display_name=display_name, username=username, password=password
        )
        signed_in = await sign_in.by_password(frame, visitor, username, password, shared=False)
    except sign_in.SecondStepNeeded as needed:
        return second_form(request, pages, needed.ticket)
    except TongkeError as error:
        given = {"display_name": display_name, "username": username}
        return await _join_page(
            request,
            pages,
            frame,
            None,
            token,
            trouble=error,
            **given,
        )
    answer = RedirectResponse("/", 303)
    set_cookies(frame, request, answer, signed_in)
    return answer


@router.post("/join/{token}/accept")
async def accept(frame: TheFrame, principal: RequiredOwner, token: str) -> Response:
    """Who is signed in takes the post."""
    await invitations.accept(frame, token, principal)
    return RedirectResponse("/me", 303)
