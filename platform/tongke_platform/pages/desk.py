"""Answers of the administration: a page with its menu and toast, a redirect that says what is done."""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from tongke_platform.errors import N_, Invalid, TongkeError
from tongke_platform.pages.rendering import Pages
from tongke_platform.pages.viewer import viewer_of
from tongke_platform.rights import Principal

COOKIE = "tongke_said"
# Of forms for long texts: what is too long comes back to be made shorter, far beyond what is taken.
LONG_FORM = 4 << 20
_SECONDS = 60
# Anything else after a % could ask for a terabyte of spaces.
_FOREIGN_PLACE = re.compile(r"%(?!\(\w+\)s)")


@dataclass(frozen=True)
class Toast:
    """``undo`` is the address that takes it back, or empty; ``page`` is where it is shown."""

    words: str
    undo: str
    page: str


def desk(
    request: Request,
    pages: Pages,
    principal: Principal,
    template: str,
    *,
    section: str,
    status: int = 200,
    **values: object,
) -> Response:
    """A page on ``admin/base.html``; ``section`` is the key of its part in the menu."""
    toast = _take(request, pages)
    answer = pages.render(
        request,
        template,
        status=status,
        viewer=viewer_of(principal),
        section=section,
        toast=toast,
        **values,
    )
    if COOKIE in request.cookies:
        answer.delete_cookie(COOKIE, httponly=True, samesite="lax")
    return answer


def done(
    address: str, message: str, *, undo: UUID | None = None, **params: object
) -> RedirectResponse:
    """See ``address`` next, with ``message`` (marked by N_, with %(name)s places) as a toast.

    ``address`` is one of ours; ``undo`` the id of an Undo that takes the act back.
    """
    answer = RedirectResponse(address, 303)
    said = {"m": message, "p": params, "u": str(undo) if undo else ""}
    text = base64.urlsafe_b64encode(json.dumps(said, default=str).encode()).decode()
    answer.set_cookie(COOKIE, text, max_age=_SECONDS, httponly=True, samesite="lax")
    return answer


def _take(request: Request, pages: Pages) -> Toast | None:
    """Whatever the cookie holds, a page is shown: it is the browser's word."""
    try:
        said = json.loads(base64.urlsafe_b64decode(request.cookies[COOKIE]))
        undo = f"/admin/undo/{UUID(said['u'])}" if said["u"] else ""
        message = str(said["m"])
        page = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        if _FOREIGN_PLACE.search(message):
            return None
        return Toast(pages.say(request, message, dict(said["p"])), undo, page)
    except (KeyError, ValueError, TypeError, RecursionError):
        return None


async def typed(request: Request) -> dict[str, str]:
    """The fields of a form as they were typed; files are refused."""
    form = await request.form(max_files=0, max_fields=100, max_part_size=LONG_FORM)
    return {key: value for key, value in form.items() if isinstance(value, str)}


async def chosen(request: Request) -> list[UUID]:
    """The rows chosen in a list, at most a page of them. Raises Invalid ``nothing_chosen``."""
    form = await request.form(max_files=0, max_fields=300)
    keys = [parse_uuid(str(value)) for value in form.getlist("id")]
    found = [key for key in dict.fromkeys(keys) if key is not None]
    if not found:
        raise Invalid(N_("Please choose at least one row first."), code="nothing_chosen")
    return found


def parse_uuid(text: str) -> UUID | None:
    """None for anything else: a filter that says nothing sensible is as good as empty."""
    try:
        return UUID(text)
    except ValueError:
        return None


def filled(values: Mapping[str, str], *names: str) -> dict[str, str]:
    """What was filled in of these fields."""
    return {key: values[key].strip() for key in names if values.get(key, "").strip()}


def mistake(
    request: Request, pages: Pages, error: ValidationError, labels: Mapping[str, str]
) -> str:
    """The first mistake as a sentence; ``labels`` are messages by the name of the field."""
    place = next((str(one) for one in reversed(error.errors()[0]["loc"]) if one in labels), "")
    if not place:
        return pages.say(request, Invalid.message, {})
    field = pages.say(request, labels[place], {})
    return pages.say(request, N_("Please check this field: %(field)s"), {"field": field})


def trouble_of(request: Request, pages: Pages, error: TongkeError) -> str:
    """What went wrong, in the language of the page."""
    return pages.say(request, error.message, error.params)


def query(**values: object) -> str:
    """``?a=1&b=2`` of what is not empty."""
    text = urlencode({key: str(one) for key, one in values.items() if one not in (None, "")})
    return f"?{text}" if text else ""
