"""Pages of guardians: they have no account, their link is the key."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from tongke_platform.accounts.browsers import visitor_of
from tongke_platform.accounts.limiter import Limit
from tongke_platform.consent import service
from tongke_platform.consent.models import LinkKind
from tongke_platform.consent.purposes import WORDS, Purpose
from tongke_platform.errors import Invalid, TongkeError
from tongke_platform.frame import Frame, TheFrame, Writing
from tongke_platform.pages.desk import trouble_of
from tongke_platform.pages.rendering import Pages, ThePages

router = APIRouter(prefix="/consent", include_in_schema=False)

# A whole class opens its links from one school's address.
OPEN = Limit("consent", burst=120, refill_s=2)
PRIVATE = {"Cache-Control": "no-store"}


async def _limited(frame: Frame, request: Request) -> None:
    await frame.limiter.take(OPEN, visitor_of(request).address)


def _gone(request: Request, pages: Pages, error: TongkeError) -> Response:
    return pages.render(
        request,
        "consent/gone.html",
        status=error.status,
        trouble="",
        words=trouble_of(request, pages, error),
    )


@router.get("/{token}")
async def asked(request: Request, pages: ThePages, frame: TheFrame, token: str) -> Response:
    """Raises TooMany for those who guess."""
    return await _ask_page(request, pages, frame, token)


async def _ask_page(
    request: Request,
    pages: Pages,
    frame: Frame,
    token: str,
    error: TongkeError | None = None,
    **values: object,
) -> Response:
    await _limited(frame, request)
    try:
        async with frame.database.read() as session:
            found = await service.opened(session, frame, token, LinkKind.ASK)
    except TongkeError as gone:
        return _gone(request, pages, gone)
    page = pages.render(
        request,
        "consent/ask.html",
        status=error.status if error else 200,
        trouble=trouble_of(request, pages, error) if error else "",
        found=found,
        words=WORDS,
        relations=service.RELATIONS,
        values={"guardian": "", "relation": "", "agreed": None} | values,
    )
    page.headers.update(PRIVATE)
    return page


@router.post("/{token}")
async def answered(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    token: str,
    agreed: Annotated[list[Purpose], Form(default_factory=list, max_length=10)],
    guardian: Annotated[str, Form(max_length=200)] = "",
    relation: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """What is typed comes back with a sentence while something is missing."""
    try:
        await _limited(frame, request)
        who = service.Guardian.of(guardian, relation)
        async with frame.database.write() as session:
            receipt = await service.answer(session, frame, token, who, agreed)
    except Invalid as error:
        typed = {"guardian": guardian, "relation": relation, "agreed": agreed}
        return await _ask_page(request, pages, frame, token, error, **typed)
    except TongkeError as error:
        return _gone(request, pages, error)
    return RedirectResponse(f"/consent/receipt/{receipt}", 303, PRIVATE)


@router.get("/receipt/{token}")
async def receipt(request: Request, pages: ThePages, frame: TheFrame, token: str) -> Response:
    """What holds, for as long as anything of it can."""
    await _limited(frame, request)
    try:
        async with frame.database.read() as session:
            found = await service.opened(session, frame, token, LinkKind.RECEIPT)
    except TongkeError as error:
        return _gone(request, pages, error)
    page = pages.render(request, "consent/receipt.html", trouble="", found=found, words=WORDS)
    page.headers.update(PRIVATE)
    return page


@router.post("/receipt/{token}/withdraw")
async def withdrawn(
    request: Request,
    frame: TheFrame,
    session: Writing,
    token: str,
    purpose: Annotated[Purpose, Form()],
) -> Response:
    await _limited(frame, request)
    await service.withdraw(session, frame, token, purpose)
    return RedirectResponse(f"/consent/receipt/{token}", 303, PRIVATE)
