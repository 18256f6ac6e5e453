"""The editor of a lesson and of materials: for its leaders and the teachers of its course."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import Response

from tongke_courses.catalogue import page_books, page_forms, syllabus
from tongke_courses.catalogue import service as courses
from tongke_courses.catalogue.models import Course
from tongke_courses.catalogue.page_forms import STEPS, Clash
from tongke_courses.catalogue.page_parts import KIND_ICONS, VISIBILITIES
from tongke_courses.lessons import service
from tongke_courses.lessons.models import Lesson, LessonState
from tongke_courses.lessons.rights import NOT_LEADING
from tongke_courses.lessons.schemas import LessonChange
from tongke_courses.lessons.seeing import check_watch
from tongke_courses.materials import rights as material_rights
from tongke_courses.materials import service as materials
from tongke_courses.materials.rights import Owner
from tongke_courses.materials.showing import shown
from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.errors import N_, Forbidden, Invalid, NotFound
from tongke_platform.frame import Reading, TheFrame
from tongke_platform.pages import times
from tongke_platform.pages.desk import desk, done, mistake, parse_uuid, trouble_of, typed
from tongke_platform.pages.rendering import Pages, ThePages
from tongke_platform.rights import Principal

router = APIRouter(include_in_schema=False)
LABELS = {
    "title": N_("Title"),
    "description": N_("What it is about"),
    "planned_start": N_("When"),
    "planned_minutes": N_("Minutes"),
    "unit_id": N_("Unit"),
    "textbook_id": N_("Place in the textbook"),
    "visibility": N_("Who may see it"),
}
BAD_TIME = N_("Please check the day and the time.")


async def _edited(session: ReadSession, principal: Principal, key: UUID) -> Lesson:
    """Raises NotFound, Forbidden."""
    found = await service.get(session, key)
    await check_watch(session, principal, found)
    if not await syllabus.may_change(session, principal, found):
        raise Forbidden(NOT_LEADING, code="not_leading")
    return found


def _now(it: Lesson, zone: ZoneInfo) -> dict[str, str]:
    """As a form shows it; the time is the school's own."""
    start = it.planned_start
    return {
        "title": it.title,
        "description": it.description,
        "planned_start": times.local(start, zone).strftime("%Y-%m-%dT%H:%M") if start else "",
        "planned_minutes": str(it.planned_minutes),
        "unit_id": str(it.unit_id or ""),
        "textbook_id": str(it.textbook_id or ""),
        "visibility": it.wanted_visibility.value if it.wanted_visibility else "",
    }


@router.get("/lessons/{lesson_id}/edit")
async def edit(
    request: Request, pages: ThePages, frame: TheFrame, session: Reading,
    principal: RequiredPrincipal, lesson_id: UUID,
) -> Response:  # fmt: skip
    it = await _edited(session, principal, lesson_id)
    values = _now(it, frame.settings.zone)
    return await _form(request, pages, session, principal, it, values, values)


async def _form(
    request: Request,
    pages: Pages,
    session: ReadSession,
    principal: Principal,
    it: Lesson,
    values: Mapping[str, str],
    now: Mapping[str, str],
    *,
    clashes: Sequence[Clash] = (),
    trouble: str = "",
    status: int = 200,
) -> Response:
    course = await courses.get(session, principal, it.course_id) if it.course_id else None
    inside = await page_books.periods(session, await _volume(session, it, course))
    return desk(
        request, pages, principal, "catalogue/lesson_edit.html", section="", lesson=it,
        course=course, values=values, by_now=now, inside=inside, trouble=trouble, status=status,
        clashes={one.name: one.theirs for one in clashes}, visibilities=VISIBILITIES,
        labels=LABELS, planned=it.state is LessonState.PLANNED,
        files=len(await materials.of_lesson(session, it.id)),
    )  # fmt: skip


async def _volume(session: ReadSession, it: Lesson, course: Course | None) -> UUID | None:
    """The book to choose a place in: that of its place, else that of its course."""
    for key in (it.textbook_id, course.textbook_id if course else None):
        book = await page_books.book(session, key)
        if book is not None:
            return book.id
    return None


@router.post("/lessons/{lesson_id}/edit")
async def change(
    request: Request, pages: ThePages, frame: TheFrame, principal: RequiredPrincipal,
    lesson_id: UUID,
) -> Response:  # fmt: skip
    """What only one of two people changed is kept from both; what both did is asked about."""
    values, zone = await typed(request), frame.settings.zone
    async with frame.database.read() as session:
        it = await _edited(session, principal, lesson_id)
        now = _now(it, zone)
        clashing, trouble = page_forms.clashes(values, now), ""
        kept = page_forms.kept(values, now)
        if clashing:
            return await _form(
                request, pages, session, principal, it, kept, now, clashes=clashing, status=409
            )
    try:
        said = LessonChange.model_validate(_fields(page_forms.changed(values, now), zone))
        async with frame.database.write() as writing:
            await syllabus.change(frame, writing, principal, lesson_id, said)
    except ValidationError as error:
        trouble = mistake(request, pages, error, LABELS)
    except Invalid as error:
        trouble = trouble_of(request, pages, error)
    if trouble:
        async with frame.database.read() as session:
            it = await _edited(session, principal, lesson_id)
            return await _form(
                request, pages, session, principal, it, kept, now, trouble=trouble, status=422
            )
    back = f"/courses/{it.course_id}/edit#lesson-{it.id}" if it.course_id else f"/lessons/{it.id}"
    return done(back, N_("Saved."))


def _fields(fields: Mapping[str, str], zone: ZoneInfo) -> dict[str, Any]:
    """What is empty and may be is None. Raises Invalid ``no_time``."""
    said: dict[str, Any] = dict(fields)
    for name in ("planned_start", "unit_id", "textbook_id", "visibility"):
        if name in said:
            said[name] = said[name] or None
    if said.get("planned_start"):
        try:
            typed_ = datetime.fromisoformat(str(said["planned_start"]))
            said["planned_start"] = typed_.replace(tzinfo=zone).astimezone(UTC)
        except (ValueError, OverflowError):
            raise Invalid(BAD_TIME, code="no_time") from None
    return said


@router.post("/lessons/{lesson_id}/remove")
async def remove(frame: TheFrame, principal: RequiredPrincipal, lesson_id: UUID) -> Response:
    """A planned lesson that never was live."""
    async with frame.database.write() as session:
        it = await _edited(session, principal, lesson_id)
        back = f"/courses/{it.course_id}/edit#lessons" if it.course_id else "/"
        await syllabus.remove(frame, session, principal, lesson_id)
    return done(back, N_("The lesson is removed."))


async def _owner_lesson(session: ReadSession, principal: Principal, key: UUID) -> Owner:
    """Raises NotFound, Forbidden."""
    found = await service.get(session, key)
    material_rights.check_edit_owner(principal, found)
    return found


async def _owner_course(session: ReadSession, principal: Principal, key: UUID) -> Owner:
    """Raises NotFound, Forbidden."""
    found = await courses.get(session, principal, key)
    material_rights.check_edit_owner(principal, found)
    return found


async def _materials(
    request: Request, pages: Pages, session: ReadSession, principal: Principal, owner: Owner,
    trouble: str = "", values: Mapping[str, str] | None = None,
) -> Response:  # fmt: skip
    of_lesson = isinstance(owner, Lesson)
    found = await materials.of_owner(session, owner, removed=True)
    place = "lessons" if of_lesson else "courses"
    course = (owner.course_id if isinstance(owner, Lesson) else owner.id) or ""
    data = {"add_url": f"/api/{place}/{owner.id}/materials"}
    return desk(
        request, pages, principal, "catalogue/materials.html", section="", owner=owner,
        found=await shown(session, principal, found), icons=KIND_ICONS, data=data,
        here=f"/{place}/{owner.id}/edit/materials", trouble=trouble, values=values or {},
        back=f"/courses/{course}/edit" if course else f"/lessons/{owner.id}",
        status=422 if trouble else 200,
    )  # fmt: skip


@router.get("/lessons/{lesson_id}/edit/materials")
async def lesson_materials(
    request: Request, pages: ThePages, session: Reading, principal: RequiredPrincipal,
    lesson_id: UUID,
) -> Response:  # fmt: skip
    owner = await _owner_lesson(session, principal, lesson_id)
    return await _materials(request, pages, session, principal, owner)


@router.get("/courses/{course_id}/edit/materials")
async def course_materials(
    request: Request, pages: ThePages, session: Reading, principal: RequiredPrincipal,
    course_id: UUID,
) -> Response:  # fmt: skip
    owner = await _owner_course(session, principal, course_id)
    return await _materials(request, pages, session, principal, owner)


@router.post("/lessons/{lesson_id}/edit/materials")
async def change_lesson_materials(
    request: Request, pages: ThePages, frame: TheFrame, principal: RequiredPrincipal,
    lesson_id: UUID,
) -> Response:  # fmt: skip
    """``act``: link (a new one), rename, up, down, remove or restore."""
    async with frame.database.write() as session:
        owner = await _owner_lesson(session, principal, lesson_id)
        return await _act(request, pages, frame, session, principal, owner)


@router.post("/courses/{course_id}/edit/materials")
async def change_course_materials(
    request: Request, pages: ThePages, frame: TheFrame, principal: RequiredPrincipal,
    course_id: UUID,
) -> Response:  # fmt: skip
    async with frame.database.write() as session:
        owner = await _owner_course(session, principal, course_id)
        return await _act(request, pages, frame, session, principal, owner)


async def _act(
    request: Request, pages: Pages, frame: TheFrame, session: WriteSession,
    principal: Principal, owner: Owner,
) -> Response:  # fmt: skip
    values = await typed(request)
    try:
        said = await _done(frame, session, principal, owner, values)
    except Invalid as error:
        trouble = trouble_of(request, pages, error)
        return await _materials(request, pages, session, principal, owner, trouble, values)
    place = "lessons" if isinstance(owner, Lesson) else "courses"
    return done(f"/{place}/{owner.id}/edit/materials", said)


async def _done(
    frame: TheFrame, session: WriteSession, principal: Principal, owner: Owner,
    values: Mapping[str, str],
) -> str:  # fmt: skip
    """What to say. Raises Invalid, NotFound."""
    act, title = values.get("act", ""), values.get("title", "").replace("\0", "").strip()[:200]
    if act == "link":
        url = values.get("url", "").strip()
        place = materials.place_of(owner)
        await materials.add_link(session, frame, url=url, title=title, by=principal.id, **place)
        return N_("The link is added.")
    key = parse_uuid(values.get("material", ""))
    if key is None:
        raise NotFound(material_rights.NO_MATERIAL, code="no_material")
    if act in STEPS:
        await materials.move(session, owner, key, STEPS[act])
        return N_("Saved.")
    found = await materials.to_change(session, key)
    if owner.id not in (found.lesson_id, found.course_id):
        raise NotFound(material_rights.NO_MATERIAL, code="no_material")
    if act == "remove":
        await materials.remove(session, frame, found)
        return N_("The material is taken away. It can be brought back.")
    if act == "restore":
        await materials.restore(session, frame, found)
        return N_("The material is there again.")
    if not title:
        raise Invalid(N_("Please enter a title."), code="no_title")
    await materials.change(session, frame, found, {"title": title})
    return N_("Saved.")
