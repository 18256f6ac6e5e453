"""What a course says of itself and the book it goes along with, each a page of the editor."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import Response

from tongke_courses.catalogue import page_books, page_forms, rights, service
from tongke_courses.catalogue.models import Course
from tongke_courses.catalogue.page_editor import LABELS, edited
from tongke_courses.catalogue.page_forms import Clash
from tongke_courses.catalogue.page_parts import (
    LICENCES,
    VISIBILITIES,
)
from tongke_courses.catalogue.schemas import CourseChange
from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.errors import N_
from tongke_platform.frame import Reading, TheFrame
from tongke_platform.pages.desk import desk, done, mistake, parse_uuid, typed
from tongke_platform.pages.rendering import Pages, ThePages
from tongke_platform.rights import Principal

router = APIRouter(include_in_schema=False)


WORDS = ("title", "description", "subject", "grade", "edition", "term", "capacity", "credits")


def _now(it: Course) -> dict[str, str]:
    """Its fields as a form shows them."""
    plain = {name: str(getattr(it, name) or "") for name in WORDS}
    return plain | {"visibility": it.visibility.value, "licence": it.licence.value}


@router.get("/courses/{course_id}/edit/words")
async def words(
    request: Request,
    pages: ThePages,
    session: Reading,
    principal: RequiredPrincipal,
    course_id: UUID,
) -> Response:
    it = await edited(session, principal, course_id)
    return _words(request, pages, principal, it, _now(it))


def _words(
    request: Request,
    pages: Pages,
    principal: Principal,
    it: Course,
    values: Mapping[str, str],
    *,
    clashes: Sequence[Clash] = (),
    trouble: str = "",
    status: int = 200,
) -> Response:
    return desk(
        request, pages, principal, "catalogue/words.html", section="", course=it, values=values,
        by_now=_now(it), clashes={one.name: one.theirs for one in clashes}, trouble=trouble,
        status=status, manages=rights.may_manage(principal, it), licences=LICENCES,
        visibilities=VISIBILITIES, labels=LABELS,
    )  # fmt: skip


@router.post("/courses/{course_id}/edit/words")
async def change_words(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    principal: RequiredPrincipal,
    course_id: UUID,
) -> Response:
    """What only one of two people changed is kept from both; what both did is asked about."""
    values = await typed(request)
    async with frame.database.write() as session:
        it = await service.to_edit(session, principal, course_id)
        now = _now(it)
        clashing = page_forms.clashes(values, now)
        kept = page_forms.kept(values, now)
        if clashing:
            return _words(
                request, pages, principal, await edited(session, principal, course_id), kept,
                clashes=clashing, status=409,
            )  # fmt: skip
        try:
            said = _change(page_forms.changed(values, now), it.version)
            await service.change(frame, session, principal, course_id, said)
        except ValidationError as error:
            trouble = mistake(request, pages, error, LABELS)
            return _words(request, pages, principal, it, kept, trouble=trouble, status=422)
    return done(f"/courses/{course_id}/edit", N_("Saved."))


def _change(fields: Mapping[str, str], version: int) -> CourseChange:
    said: dict[str, Any] = {**fields, "version": version}
    if "capacity" in said:
        said["capacity"] = said["capacity"] or None
    return CourseChange.model_validate(said)


@router.get("/courses/{course_id}/edit/book")
async def choose_book(
    request: Request,
    pages: ThePages,
    session: Reading,
    principal: RequiredPrincipal,
    course_id: UUID,
) -> Response:
    it = await edited(session, principal, course_id)
    asked = request.query_params
    book = await page_books.book(session, parse_uuid(asked.get("book", "")))
    step = await page_books.step(session, principal, parse_uuid(asked.get("at", "")))
    return desk(
        request, pages, principal, "catalogue/book.html", section="", course=it, step=step,
        book=book, by_now=await page_books.book(session, it.textbook_id), asked=page_books.ASKED,
    )  # fmt: skip


@router.post("/courses/{course_id}/edit/book")
async def put_book(
    request: Request, frame: TheFrame, principal: RequiredPrincipal, course_id: UUID
) -> Response:
    key = parse_uuid((await typed(request)).get("book", ""))
    async with frame.database.write() as session:
        it = await service.to_edit(session, principal, course_id)
        book = await page_books.book(session, key)
        fields = page_books.fields(book) if book else {"textbook_id": None}
        said = CourseChange.model_validate({**fields, "version": it.version})
        await service.change(frame, session, principal, course_id, said)
    return done(f"/courses/{course_id}/edit", N_("Saved."))
