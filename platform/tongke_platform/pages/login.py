"""The ways in and the way out: password, a phone's code, the second step, another's account."""

from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Form, Request
from starlette.responses import RedirectResponse, Response

from tongke_platform.accounts import identities, sign_in
from tongke_platform.accounts.browsers import visitor_of
from tongke_platform.accounts.cookies import end_login, set_cookies
from tongke_platform.accounts.models import CodeKind
from tongke_platform.accounts.oidc import ProviderFailed
from tongke_platform.accounts.rights import CurrentPrincipal
from tongke_platform.accounts.sign_in import SecondStepNeeded, SignedIn
from tongke_platform.errors import N_, Invalid, NotFound, TongkeError
from tongke_platform.frame import Frame, TheFrame
from tongke_platform.pages.rendering import Pages, ThePages

router = APIRouter(include_in_schema=False)

FLOW_COOKIE = "tongke_elsewhere"
SMS_TEXT = N_("[Tongke] %(code)s is your code. It is good for 5 minutes. Tell it to nobody.")

Line = Annotated[str, Form(max_length=96)]
Secret = Annotated[str, Form(max_length=256)]
Next = Annotated[str, Form(alias="next", max_length=2000)]
Ticket = Annotated[str, Form(max_length=2000)]
Shared = Annotated[bool, Form()]


def local_address(address: str) -> str:
    """Where to go after the login: an address of ours, never another site's."""
    if not address.startswith("/") or "\\" in address or address[1:2] == "/":
        return "/"
    return address if address.isprintable() else "/"


def _form(
    request: Request,
    pages: Pages,
    frame: Frame,
    *,
    trouble: TongkeError | None = None,
    username: str = "",
    next: str = "/",
    shared: bool = False,
) -> Response:
    """A refusal shows the form again with a sentence and what was typed."""
    return pages.render(
        request,
        "login.html",
        status=trouble.status if trouble else 200,
        trouble=pages.say(request, trouble.message, trouble.params) if trouble else "",
        username=username,
        next=local_address(next),
        shared=shared,
        providers=list(frame.providers),
        sms=frame.sms is not None,
    )


def _inside(request: Request, frame: Frame, signed_in: SignedIn) -> Response:
    answer = RedirectResponse(local_address(signed_in.next), 303)
    set_cookies(frame, request, answer, signed_in)
    return answer


def second_form(
    request: Request, pages: Pages, ticket: str, trouble: TongkeError | None = None
) -> Response:
    return pages.render(
        request,
        "accounts/second.html",
        status=trouble.status if trouble else 200,
        trouble=pages.say(request, trouble.message, trouble.params) if trouble else "",
        ticket=ticket,
    )


@router.get("/login")
async def form(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    principal: CurrentPrincipal,
    next: str = "/",
) -> Response:
    if principal is not None:
        return RedirectResponse(local_address(next), 303)
    return _form(request, pages, frame, next=next)


@router.post("/login")
async def log_in(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    username: Line = "",
    password: Secret = "",
    next: Next = "/",
    shared: Shared = False,
) -> Response:
    try:
        signed_in = await sign_in.by_password(
            frame, visitor_of(request), username.strip(), password, shared=shared, next=next
        )
    except SecondStepNeeded as needed:
        return second_form(request, pages, needed.ticket)
    except TongkeError as error:
        given = {"username": username, "next": next, "shared": shared}
        return _form(request, pages, frame, trouble=error, **given)  # type: ignore[arg-type]  # by name
    return _inside(request, frame, signed_in)


@router.post("/login/second")
async def second_step(
    request: Request, pages: ThePages, frame: TheFrame, ticket: Ticket = "", code: Line = ""
) -> Response:
    try:
        signed_in = await sign_in.by_second_step(frame, visitor_of(request), ticket, code)
    except TongkeError as error:
        if error.code == "bad_ticket":
            return _form(request, pages, frame, trouble=error)
        return second_form(request, pages, ticket, error)
    return _inside(request, frame, signed_in)


@router.get("/login/sms")
async def sms_form(request: Request, pages: ThePages, frame: TheFrame, next: str = "/") -> Response:
    if frame.sms is None:
        raise NotFound
    return _sms_page(request, pages, next=next)


def _sms_page(
    request: Request,
    pages: Pages,
    *,
    trouble: TongkeError | None = None,
    phone: str = "",
    ticket: str = "",
    next: str = "/",
) -> Response:
    return pages.render(
        request,
        "accounts/sms.html",
        status=trouble.status if trouble else 200,
        trouble=pages.say(request, trouble.message, trouble.params) if trouble else "",
        phone=phone,
        ticket=ticket,
        next=local_address(next),
    )


@router.post("/login/sms")
async def ask_code(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    tasks: BackgroundTasks,
    phone: Line = "",
    next: Next = "/",
) -> Response:
    try:
        asked = await sign_in.ask_sms(frame, visitor_of(request), phone, CodeKind.SMS_SIGN_IN)
    except TongkeError as error:
        return _sms_page(request, pages, trouble=error, phone=phone, next=next)
    answer = _sms_page(request, pages, phone=phone, ticket=asked.ticket, next=next)
    return send_after(request, pages, frame, tasks, answer, asked)


def send_after(
    request: Request,
    pages: Pages,
    frame: Frame,
    tasks: BackgroundTasks,
    answer: Response,
    asked: sign_in.Asked,
) -> Response:
    """Once the answer is out, so that it comes as soon for a phone that nobody has."""
    text = pages.say(request, SMS_TEXT, {})
    tasks.add_task(sign_in.send_sms, frame, asked, text)
    answer.background = tasks
    return answer


@router.post("/login/sms/code")
async def sms_code(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    ticket: Ticket = "",
    code: Line = "",
    phone: Line = "",
    next: Next = "/",
    shared: Shared = False,
) -> Response:
    try:
        signed_in = await sign_in.by_sms(
            frame, visitor_of(request), ticket, code, shared=shared, next=next
        )
    except SecondStepNeeded as needed:
        return second_form(request, pages, needed.ticket)
    except TongkeError as error:
        return _sms_page(request, pages, trouble=error, phone=phone, ticket=ticket, next=next)
    return _inside(request, frame, signed_in)


@router.get("/login/with/{provider}")
async def elsewhere(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    provider: str,
    next: str = "/",
    shared: bool = False,
    link_token: str = "",
) -> Response:
    """To the provider. ``link_token`` comes from the account's own page and links instead."""
    try:
        begun = await identities.begin(
            frame,
            provider,
            callback_address(frame, request, provider),
            next=local_address(next),
            shared=shared,
            link_token=link_token,
        )
    except ProviderFailed as error:
        return _form(request, pages, frame, trouble=error, next=next)
    answer = RedirectResponse(begun.address, 303)
    answer.set_cookie(
        FLOW_COOKIE,
        begun.note,
        max_age=identities.FLOW_S,
        path="/login/with/",
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    return answer


def callback_address(frame: Frame, request: Request, provider: str) -> str:
    base = frame.settings.public_url or str(request.base_url)
    return f"{base.rstrip('/')}/login/with/{provider}/callback"


@router.get("/login/with/{provider}/callback")
async def back(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    principal: CurrentPrincipal,
    provider: str,
    code: str = "",
    state: str = "",
) -> Response:
    """From the provider; what this browser began is used up, however it ends."""
    try:
        note = request.cookies.get(FLOW_COOKIE, "")
        if not code or not state:
            raise Invalid(N_("Signing in there was not finished."), code="not_finished")
        found = await identities.finish(
            frame,
            provider,
            callback_address(frame, request, provider),
            note,
            code=code,
            state=state,
            principal=principal,
        )
        answer = await _after(request, frame, found)
    except SecondStepNeeded as needed:
        answer = second_form(request, pages, needed.ticket)
    except TongkeError as error:
        answer = _form(request, pages, frame, trouble=error)
    answer.delete_cookie(FLOW_COOKIE, path="/login/with/", httponly=True, samesite="lax")
    return answer


async def _after(request: Request, frame: Frame, found: identities.Found) -> Response:
    if found.linked:
        return RedirectResponse("/me#identities", 303)
    step = sign_in.Step(found.person_id, found.name, found.shared, found.next)
    return _inside(request, frame, await sign_in.go_on(frame, visitor_of(request), step))


@router.post("/logout")
async def log_out(request: Request) -> Response:
    answer = RedirectResponse("/login", 303)
    await end_login(request, answer)
    return answer
