"""The editor of a course, for a teacher on a phone: one thing at a time, nothing lost."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import Response

from tongke_courses.catalogue import page_books, page_forms, rights, service, syllabus
from tongke_courses.catalogue.models import Course
from tongke_courses.catalogue.page_forms import STEPS, Clash
from tongke_courses.catalogue.page_parts import (
    LICENCES,
    VISIBILITIES,
    LessonLine,
    Part,
    materials_of,
)
from tongke_courses.catalogue.rights import CREATE
from tongke_courses.catalogue.schemas import CourseChange, CourseIn, UnitIn
from tongke_courses.lessons.rights import NO_LESSON
from tongke_courses.lessons.schemas import LessonIn
from tongke_courses.materials import service as materials
from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.database import ReadSession
from tongke_platform.errors import N_, Forbidden, Invalid, NotFound, TongkeError
from tongke_platform.frame import Frame, Reading, TheFrame
from tongke_platform.pages.desk import desk, done, filled, mistake, parse_uuid, trouble_of, typed
from tongke_platform.pages.rendering import Pages, ThePages
from tongke_platform.rights import Principal

router = APIRouter(include_in_schema=False)
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
WORDS = ("title", "description", "subject", "grade", "edition", "term", "capacity", "credits")
MANAGED = ("visibility", "licence")


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
    return CourseIn.model_validate({**said, **(_of_book(book) if book else {})})


def _of_book(book: page_books.Book) -> dict[str, Any]:
    return {
        "textbook_id": book.id,
        "stage": book.stage,
        "subject": book.subject,
        "edition": book.edition,
        "grade": book.grade,
    }


async def _edited(session: ReadSession, principal: Principal, key: UUID) -> Course:
    """Raises NotFound, Forbidden."""
    found = await service.get(session, principal, key)
    rights.check_edit(principal, found)
    return found


@router.get("/courses/{course_id}/edit")
async def edit(
    request: Request,
    pages: ThePages,
    session: Reading,
    principal: RequiredPrincipal,
    course_id: UUID,
) -> Response:
    """The whole course on one page; each thing is changed on its own."""
    return await _overview(request, pages, session, principal, course_id)


async def _overview(
    request: Request,
    pages: Pages,
    session: ReadSession,
    principal: Principal,
    key: UUID,
    *,
    trouble: str = "",
    status: int = 200,
) -> Response:
    it = await _edited(session, principal, key)
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
    it = await _edited(session, principal, course_id)
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
                request, pages, principal, await _edited(session, principal, course_id), kept,
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
    it = await _edited(session, principal, course_id)
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
        fields = _of_book(book) if book else {"textbook_id": None}
        said = CourseChange.model_validate({**fields, "version": it.version})
        await service.change(frame, session, principal, course_id, said)
    return done(f"/courses/{course_id}/edit", N_("Saved."))


@router.post("/courses/{course_id}/units")
async def add_unit(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    principal: RequiredPrincipal,
    course_id: UUID,
) -> Response:
    values = await typed(request)
    try:
        wanted = UnitIn.model_validate(filled(values, "title"))
        async with frame.database.write() as session:
            await service.add_unit(session, principal, course_id, wanted.title)
    except ValidationError as error:
        return await _again(request, pages, frame, principal, course_id, error)
    return done(f"/courses/{course_id}/edit#lessons", N_("The unit is added."))


async def _again(
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
        return await _overview(
            request, pages, session, principal, key, trouble=trouble, status=status
        )


@router.post("/courses/{course_id}/units/{unit_id}/{act}")
async def change_unit(
    request: Request,
    frame: TheFrame,
    principal: RequiredPrincipal,
    course_id: UUID,
    unit_id: UUID,
    act: str,
) -> Response:
    """``act``: up, down, rename or remove; lessons of a unit that goes stay in the course."""
    values = await typed(request)
    async with frame.database.write() as session:
        if act in STEPS:
            units = (await service.get(session, principal, course_id)).units
            order = page_forms.moved(
                [str(one.id) for one in units], _there(unit_id, units), STEPS[act]
            )
            await service.order_units(session, principal, course_id, [UUID(one) for one in order])
        elif act == "rename":
            wanted = UnitIn.model_validate({"title": values.get("title", "")})
            was = values.get("was")
            await service.rename_unit(session, principal, course_id, unit_id, wanted.title, was)
        elif act == "remove":
            await service.remove_unit(session, principal, course_id, unit_id)
        else:
            raise NotFound
    return done(f"/courses/{course_id}/edit#lessons", N_("Saved."))


def _there(key: UUID, among: Sequence[Any]) -> str:
    """Raises NotFound."""
    if key not in {one.id for one in among}:
        raise NotFound(service.NO_UNIT, code="no_unit")
    return str(key)


@router.post("/courses/{course_id}/lessons")
async def add_lesson(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    principal: RequiredPrincipal,
    course_id: UUID,
) -> Response:
    """By its title; time, words and materials are its own page."""
    values = await typed(request)
    try:
        async with frame.database.write() as session:
            it = await service.to_edit(session, principal, course_id)
            wanted = LessonIn.model_validate(
                {
                    **filled(values, "title"),
                    "subject": it.subject,
                    "grade": it.grade,
                    "course_id": course_id,
                    "unit_id": parse_uuid(values.get("unit", "")),
                }
            )
            made = await syllabus.plan(frame, session, principal, wanted)
    except ValidationError as error:
        return await _again(request, pages, frame, principal, course_id, error)
    return done(f"/courses/{course_id}/edit#lesson-{made.id}", N_("The lesson is added."))


@router.post("/courses/{course_id}/lessons/{lesson_id}/{act}")
async def move_lesson(
    frame: TheFrame, principal: RequiredPrincipal, course_id: UUID, lesson_id: UUID, act: str
) -> Response:
    """``act``: up or down, within its unit."""
    if act not in STEPS:
        raise NotFound
    async with frame.database.write() as session:
        found = (await syllabus.lines(session, principal, course_id)).lessons
        it = next((one for one in found if one.id == lesson_id), None)
        if it is None:
            raise NotFound(NO_LESSON, code="no_lesson")
        beside = [str(one.id) for one in found if one.unit_id == it.unit_id]
        order = page_forms.moved(beside, str(lesson_id), STEPS[act])
        await syllabus.order(
            session, principal, course_id, it.unit_id, [UUID(one) for one in order]
        )
    return done(f"/courses/{course_id}/edit#lesson-{lesson_id}", N_("Saved."))


@router.post("/courses/{course_id}/state")
async def move(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    principal: RequiredPrincipal,
    course_id: UUID,
) -> Response:
    """``act``: publish or withdraw."""
    act = (await typed(request)).get("act", "")
    try:
        async with frame.database.write() as session:
            if act == "publish":
                await service.publish(frame, session, principal, course_id)
            elif act == "withdraw":
                await service.withdraw(frame, session, principal, course_id)
            else:
                raise Invalid
    except TongkeError as error:
        if error.status in (403, 404):
            raise
        return await _again(request, pages, frame, principal, course_id, error)
    said = {
        "publish": N_("The course is published. Those it is for find it in the catalogue."),
        "withdraw": N_("The course is withdrawn. Only those who had it can still look at it."),
    }
    return done(f"/courses/{course_id}", said[act])
