"""A course's page: what it is, its one next step by role, its lessons, and what to take home."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from tongke_courses.boards import page_parts as boards
from tongke_courses.catalogue import following, links, rights
from tongke_courses.catalogue.fit import Fit
from tongke_courses.catalogue.models import Course, CourseFollow, CourseState
from tongke_courses.catalogue.page_parts import (
    LICENCES,
    VISIBILITIES,
    ClassChoice,
    Home,
    LessonLine,
    Part,
    chosen_class,
    classes_for,
    fit_for,
    home_of,
    material_lines,
    paper,
    remember_class,
    unit_of,
)
from tongke_courses.catalogue.schemas import ClassLinkIn
from tongke_courses.takehome import contents, recordings
from tongke_courses.takehome.contents import Contents
from tongke_platform.accounts.rights import CurrentPrincipal, RequiredPrincipal
from tongke_platform.database import ReadSession
from tongke_platform.errors import N_, Invalid, TongkeError
from tongke_platform.frame import Frame, Reading, TheFrame
from tongke_platform.pages.desk import done, parse_uuid, trouble_of, typed
from tongke_platform.pages.rendering import Pages, ThePages
from tongke_platform.rights import Principal

router = APIRouter(include_in_schema=False)
NO_CLASS = N_("Please choose a class.")


@dataclass(frozen=True)
class Act:
    """The one primary button: ``kind`` is edit, follow, lesson, or empty when there is nothing yet."""

    kind: str
    href: str = ""


@dataclass(frozen=True)
class Following:
    """What somebody sees of the classes: those that follow, and their own that could."""

    classes: Sequence[CourseFollow]
    names: dict[UUID, str]
    mine: set[UUID]
    could: Sequence[ClassChoice]


@router.get("/courses/{course_id}")
async def course(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    session: Reading,
    principal: CurrentPrincipal,
    course_id: UUID,
) -> Response:
    return await shown(request, pages, frame, session, principal, course_id)


async def shown(
    request: Request,
    pages: Pages,
    frame: Frame,
    session: ReadSession,
    principal: Principal | None,
    key: UUID,
    *,
    trouble: str = "",
    status: int = 200,
) -> Response:
    found = await contents.of_course(session, principal, key)
    await recordings.add_to(frame, principal, found)
    it = found.course
    assert it is not None, "of a course"
    classes = await classes_for(session, principal)
    chosen = chosen_class(request, classes)
    fit = await fit_for(
        session, principal, chosen, [it, *(one.lesson for one in found.lessons)], it
    )
    parts = _parts(principal, frame, found, fit)
    edits = principal is not None and rights.may_edit(principal, it)
    follows = await _following(session, principal, it, classes)
    answer = paper(
        request, pages, principal, "catalogue/course.html", status=status, trouble=trouble,
        course=it, parts=parts, general=material_lines(found.general_shown, it.licence, of_school=principal is not None), licences=LICENCES,
        visibilities=VISIBILITIES, edits=edits,
        manages=principal is not None and rights.may_manage(principal, it),
        act=_act(it, parts, edits=edits, could=follows.could), follows=follows,
        home=_home(frame, found), links=await links.standing(session, principal, frame.now(), course_id=key),
        may_link=bool(classes) and await links.may_make(session, principal, frame.today()),
        classes=classes, chosen=chosen,
        fit=fit.get(key), topics=await _topics(session, principal, found),
    )  # fmt: skip
    return remember_class(request, answer, chosen)


async def _topics(
    session: ReadSession, principal: Principal | None, found: Contents
) -> boards.About | None:
    assert found.course is not None, "of a course"
    shown = [*found.general_shown, *(one for lesson in found.lessons for one in lesson.shown)]
    return await boards.around(
        session, principal, course_id=found.course.id, materials={one.id for one in shown}
    )


def _parts(
    principal: Principal | None,
    frame: Frame,
    found: Contents,
    fit: Mapping[UUID, Fit],
) -> list[Part]:
    """Lessons of no unit first, then each unit; empty units are shown to say what is to come."""
    of_school = principal is not None
    parts = {None: Part(None, "")} | {one.id: Part(one.id, one.title) for one in found.units}
    for one in found.lessons:
        lesson = one.lesson
        shown = material_lines(one.shown, found.licence, of_school=of_school)
        line = LessonLine(lesson, shown, fit.get(lesson.id))
        parts[lesson.unit_id if lesson.unit_id in parts else None].lines.append(line)
    for key, part in parts.items():
        if key is not None:
            home = home_of(frame, unit_of(found, key))
            part.size, part.files = home.size, home.files
    return [one for one in parts.values() if one.lines or one.id is not None]


def _home(frame: Frame, found: Contents) -> Home:
    return home_of(frame, found)


async def _following(
    session: ReadSession, principal: Principal | None, it: Course, classes: Sequence[ClassChoice]
) -> Following:
    if principal is None:
        return Following([], {}, set(), [])
    found = await following.of_seen(session, principal, it)
    there = {one.class_id for one in found}
    mine = {one.id for one in classes}
    open_ = it.state is CourseState.PUBLISHED
    could = [one for one in classes if one.id not in there] if open_ else []
    names = {one.id: one.name for one in classes}
    return Following(found, names, mine & there, could)


def _act(it: Course, parts: Sequence[Part], *, edits: bool, could: Sequence[ClassChoice]) -> Act:
    if edits:
        return Act("edit", f"/courses/{it.id}/edit")
    if could:
        return Act("follow")
    lines = [line for part in parts for line in part.lines]
    first = next((line for line in lines if line.replay), lines[0] if lines else None)
    if first is None:
        return Act("")
    tail = "/replay" if first.replay else ""
    return Act("lesson", f"/lessons/{first.lesson.id}{tail}")


@router.post("/courses/{course_id}/follow")
async def follow(
    request: Request, pages: ThePages, frame: TheFrame, principal: RequiredPrincipal,
    course_id: UUID,
) -> Response:  # fmt: skip
    key = parse_uuid((await typed(request)).get("class", ""))
    try:
        if key is None:
            raise Invalid(NO_CLASS, code="no_class")
        async with frame.database.write() as session:
            await following.follow(frame, session, principal, course_id, key)
    except TongkeError as error:
        return await _again(request, pages, frame, principal, course_id, error)
    return done(
        f"/courses/{course_id}",
        N_("Your class follows this course. Its lessons appear in your day by themselves."),
    )


async def _again(
    request: Request, pages: Pages, frame: Frame, principal: Principal, key: UUID,
    error: TongkeError,
) -> Response:  # fmt: skip
    """The page once more with what went wrong; what one may not know of stays unknown."""
    if error.status in (403, 404):
        raise error
    async with frame.database.read() as session:
        return await shown(
            request, pages, frame, session, principal, key,
            trouble=trouble_of(request, pages, error), status=error.status,
        )  # fmt: skip


@router.post("/courses/{course_id}/unfollow")
async def unfollow(
    request: Request, frame: TheFrame, principal: RequiredPrincipal, course_id: UUID
) -> Response:
    key = parse_uuid((await typed(request)).get("class", ""))
    if key is None:
        raise Invalid(NO_CLASS, code="no_class")
    async with frame.database.write() as session:
        await following.unfollow(frame, session, principal, course_id, key)
    return done(
        f"/courses/{course_id}",
        N_("The class does not follow this course any more. What was held stays."),
    )


@router.post("/courses/{course_id}/links")
async def make_link(
    request: Request, frame: TheFrame, principal: RequiredPrincipal, course_id: UUID
) -> Response:
    """A link for a class to learn at home with; next its page, to be printed."""
    key = parse_uuid((await typed(request)).get("class", ""))
    if key is None:
        raise Invalid(NO_CLASS, code="no_class")
    wanted = ClassLinkIn(class_id=key, course_id=course_id)
    async with frame.database.write() as session:
        made = await links.make(frame, session, principal, wanted)
    return done(f"/class-links/{made.id}", N_("The link is ready."))
