"""Answers of the administration: a page with its menu and toast, a redirect that says what is done."""

import base64
import json
import re
from dataclasses import dataclass
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from tongke_platform.pages.rendering import Pages
from tongke_platform.pages.viewer import viewer_of
from tongke_platform.rights import Principal

COOKIE = "tongke_said"
_SECONDS = 60
# Anything else after a % could ask for a terabyte of spaces.
_FOREIGN_PLACE = re.compile(r"%(?!\(\w+\)s)")


@dataclass(frozen=True)
class Toast:
    """``undo`` is the address that takes it back, or empty."""

    words: str
    undo: str = ""


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
        if _FOREIGN_PLACE.search(message):
            return None
        return Toast(pages.say(request, message, dict(said["p"])), undo)
    except (KeyError, ValueError, TypeError, RecursionError):
        return None
