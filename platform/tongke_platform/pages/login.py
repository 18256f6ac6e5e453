"""The login form and the way out."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from tongke_platform.accounts.rights import CurrentPrincipal
from tongke_platform.accounts.routes import end_login, set_login_cookie, start_login
from tongke_platform.errors import TongkeError
from tongke_platform.frame import TheFrame
from tongke_platform.pages.rendering import ThePages

router = APIRouter(include_in_schema=False)


def local_address(address: str) -> str:
    """Where to go after the login: an address of ours, never another site's."""
    if not address.startswith("/") or address[1:2] in {"/", "\\"}:
        return "/"
    return address if address.isprintable() else "/"


@router.get("/login")
async def form(
    request: Request, pages: ThePages, principal: CurrentPrincipal, next: str = "/"
) -> Response:
    if principal is not None:
        return RedirectResponse(local_address(next), 303)
    return pages.render(request, "login.html", trouble="", username="", next=local_address(next))


@router.post("/login")
async def log_in(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    username: Annotated[str, Form(max_length=96)] = "",
    password: Annotated[str, Form(max_length=256)] = "",
    next: Annotated[str, Form(max_length=2000)] = "/",
) -> Response:
    """A refusal shows the form again with a sentence and what was typed."""
    try:
        _, token = await start_login(request, username.strip(), password)
    except TongkeError as error:
        return pages.render(
            request,
            "login.html",
            status=error.status,
            trouble=pages.say(request, error.message, error.params),
            username=username,
            next=local_address(next),
        )
    answer = RedirectResponse(local_address(next), 303)
    set_login_cookie(frame, request, answer, token)
    return answer


@router.post("/logout")
async def log_out(request: Request) -> Response:
    answer = RedirectResponse("/login", 303)
    await end_login(request, answer)
    return answer
