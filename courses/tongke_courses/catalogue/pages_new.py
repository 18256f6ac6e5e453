"""A course is begun: first its book, then its title."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import Response

from tongke_courses.catalogue import page_books, service
from tongke_courses.catalogue.page_editor import LABELS
from tongke_courses.catalogue.rights import CREATE
from tongke_courses.catalogue.schemas import CourseIn
from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.database import ReadSession
from tongke_platform.errors import N_, Forbidden, Invalid
from tongke_platform.frame import Reading, TheFrame
from tongke_platform.pages.desk import desk, done, filled, mistake, parse_uuid, trouble_of, typed
from tongke_platform.pages.rendering import Pages, ThePages
from tongke_platform.rights import Principal

router = APIRouter(include_in_schema=False)


@router.get("/courses/new")
async def new(
    request: Request, pages: ThePages, session: Reading, principal: RequiredPrincipal
) -> Response:
    """First the book, then the title."""
    if not CREATE.allows_anywhere(principal):
        raise Forbidden
    return await _new(request, pages, session, principal, {})


async def _new(
    request: Request,
    pages: Pages,
    session: ReadSession,
    principal: Principal,
    values: Mapping[str, str],
    trouble: str = "",
) -> Response:
    asked = {**request.query_params, **values}
    book = await page_books.book(session, parse_uuid(asked.get("book", "")))
    if book is None and not asked.get("free"):
        step = await page_books.step(session, principal, parse_uuid(asked.get("at", "")))
        if step.nodes:
            return desk(
                request, pages, principal, "catalogue/new_book.html", section="", step=step,
                asked=page_books.ASKED,
            )  # fmt: skip
    return desk(
        request, pages, principal, "catalogue/new.html", section="", book=book, values=values,
        trouble=trouble, status=422 if trouble else 200,
    )  # fmt: skip


@router.post("/courses/new")
async def create(
    request: Request, pages: ThePages, frame: TheFrame, principal: RequiredPrincipal
) -> Response:
    if not CREATE.allows_anywhere(principal):
        raise Forbidden
    values = await typed(request)
    try:
        async with frame.database.write() as session:
            wanted = await _wanted(session, values)
            made = await service.create(frame, session, principal, wanted)
    except ValidationError as error:
        trouble = mistake(request, pages, error, LABELS)
    except Invalid as error:
        trouble = trouble_of(request, pages, error)
    else:
        return done(f"/courses/{made.id}/edit", N_("The draft is saved. Now add its lessons."))
    async with frame.database.read() as session:
        again = {"free": "1", **values}
        return await _new(request, pages, session, principal, again, trouble)


async def _wanted(session: ReadSession, values: Mapping[str, str]) -> CourseIn:
    """Subject, grade and edition are those of the book, where there is one."""
    said: dict[str, Any] = filled(values, "title", "description", "subject", "grade", "term")
    book = await page_books.book(session, parse_uuid(values.get("book", "")))
    return CourseIn.model_validate({**said, **(page_books.fields(book) if book else {})})
