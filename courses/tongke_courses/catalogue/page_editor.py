"""What the editor's pages share: the course as its editors see it, all of it on one page."""

from collections.abc import Sequence
from uuid import UUID

from fastapi import Request
from pydantic import ValidationError
from starlette.responses import Response

from tongke_courses.catalogue import page_books, rights, service, syllabus
from tongke_courses.catalogue.models import Course
from tongke_courses.catalogue.page_parts import (
    LICENCES,
    VISIBILITIES,
    LessonLine,
    Part,
    materials_of,
)
from tongke_courses.materials import service as materials
from tongke_platform.database import ReadSession
from tongke_platform.errors import N_, TongkeError
from tongke_platform.frame import Frame
from tongke_platform.pages.desk import desk, mistake, trouble_of
from tongke_platform.pages.rendering import Pages
from tongke_platform.rights import Principal

LABELS = {
    "title": N_("Title"),
    "description": N_("What it is about"),
    "subject": N_("Subject"),
    "grade": N_("Grade"),
    "edition": N_("Edition"),
    "stage": N_("Stage"),
    "term": N_("Term"),
    "capacity": N_("How many classes may follow"),
    "credits": N_("Credits"),
    "licence": N_("Licence"),
    "visibility": N_("Who may see it"),
}


async def edited(session: ReadSession, principal: Principal, key: UUID) -> Course:
    """Raises NotFound, Forbidden."""
    found = await service.get(session, principal, key)
    rights.check_edit(principal, found)
    return found


async def overview(
    request: Request,
    pages: Pages,
    session: ReadSession,
    principal: Principal,
    key: UUID,
    *,
    trouble: str = "",
    status: int = 200,
) -> Response:
    it = await edited(session, principal, key)
    found = await syllabus.lines(session, principal, key)
    lessons = await materials_of(
        session, {one.id: it.licence for one in found.lessons}, of_school=True
    )
    parts = {None: Part(None, "")} | {one.id: Part(one.id, one.title) for one in found.units}
    for one in found.lessons:
        where = one.unit_id if one.unit_id in parts else None
        parts[where].lines.append(LessonLine(one, lessons.get(one.id, [])))
    book = await page_books.book(session, it.textbook_id)
    general = await materials.of_course(session, key)
    return desk(
        request, pages, principal, "catalogue/edit.html", section="", course=it, status=status,
        parts=list(parts.values()), book=book, general=general, trouble=trouble,
        missing=_missing(it, [line for part in parts.values() for line in part.lines]),
        manages=rights.may_manage(principal, it), licences=LICENCES, visibilities=VISIBILITIES,
    )  # fmt: skip


def _missing(it: Course, lines: Sequence[LessonLine]) -> list[tuple[str, str, bool]]:
    """What a course should have before it is published: words, address, whether it is there.

    Only a lesson is a must; the rest helps others to find it.
    """
    here = f"/courses/{it.id}/edit"
    return [
        (N_("A lesson at least"), "#lessons", bool(lines)),
        (N_("What it is about, in a few sentences"), f"{here}/words", bool(it.description)),
        (N_("Its place in a textbook"), f"{here}/book", it.textbook_id is not None),
        (
            N_("Materials for each lesson"),
            "#lessons",
            bool(lines) and all(line.materials for line in lines),
        ),
    ]


async def again(
    request: Request,
    pages: Pages,
    frame: Frame,
    principal: Principal,
    key: UUID,
    error: ValidationError | TongkeError,
) -> Response:
    if isinstance(error, TongkeError):
        trouble, status = trouble_of(request, pages, error), error.status
    else:
        trouble, status = mistake(request, pages, error, LABELS), 422
    async with frame.database.read() as session:
        return await overview(
            request, pages, session, principal, key, trouble=trouble, status=status
        )
