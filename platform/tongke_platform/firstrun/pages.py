"""The page an empty server prints the address of."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from tongke_platform.accounts import service as accounts
from tongke_platform.accounts.routes import set_login_cookie
from tongke_platform.errors import N_, NotFound, TongkeError
from tongke_platform.firstrun import service
from tongke_platform.firstrun.schemas import FirstRun
from tongke_platform.frame import Reading, TheFrame
from tongke_platform.pages.rendering import Pages, ThePages

router = APIRouter(include_in_schema=False)

MISTAKES = {
    "name": N_("Please write your name."),
    "username": N_("Please give a phone number, or a name of letters and digits."),
    "password": N_("The password needs at least 8 characters."),
    "region_name": N_("Please write the name of the county."),
    "region_code": N_("Please give the county's code: digits, or letters."),
}
EMPTY = dict.fromkeys(("name", "username", "region_name", "region_code"), "")


def _form(
    request: Request, pages: Pages, token: str, values: dict[str, str], trouble: str, status: int
) -> Response:
    return pages.render(
        request,
        "firstrun/setup.html",
        status=status,
        token=token,
        trouble=trouble,
        values=EMPTY | values,
    )


@router.get("/setup/{token}")
async def show(
    request: Request, pages: ThePages, frame: TheFrame, session: Reading, token: str
) -> Response:
    await service.check(frame.settings, session, token)
    return _form(request, pages, token, {}, "", 200)


@router.post("/setup/{token}")
async def begin(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    token: str,
    name: Annotated[str, Form(max_length=200)] = "",
    username: Annotated[str, Form(max_length=200)] = "",
    password: Annotated[str, Form(max_length=1000)] = "",
    region_name: Annotated[str, Form(max_length=200)] = "",
    region_code: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """What was typed comes back with a sentence when something in it is not right."""
    async with frame.database.read() as session:
        await service.check(frame.settings, session, token)
    typed = {
        "name": name,
        "username": username,
        "region_name": region_name,
        "region_code": region_code,
    }
    try:
        wanted = FirstRun.model_validate({**typed, "password": password})
        person = await service.begin(frame, token, wanted)
    except ValidationError as error:
        wrong = str(error.errors()[0]["loc"][0])
        return _form(request, pages, token, typed, pages.say(request, MISTAKES[wrong], {}), 422)
    except NotFound:
        raise
    except TongkeError as error:
        trouble = pages.say(request, error.message, error.params)
        return _form(request, pages, token, typed, trouble, error.status)
    lifetime = timedelta(days=frame.settings.login_days)
    async with frame.database.write() as session:
        cookie = await accounts.log_in(session, person.id, now=frame.now(), lifetime=lifetime)
    answer = RedirectResponse("/admin/organisations", 303)
    set_login_cookie(frame, request, answer, cookie)
    return answer
