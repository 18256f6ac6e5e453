"""A lesson's page: what, who, when, its one next step, and what belongs to it."""

from collections.abc import Sequence
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from tongke_courses.boards import page_parts as boards
from tongke_courses.catalogue import approvals, links, syllabus
from tongke_courses.catalogue.models import Course, Licence, PublicApproval
from tongke_courses.catalogue.page_parts import (
    LICENCES,
    VISIBILITIES,
    LessonLine,
    chosen_class,
    classes_for,
    fit_for,
    home_of,
    materials_of,
    paper,
)
from tongke_courses.catalogue.pages_course import NO_CLASS
from tongke_courses.catalogue.repository import CourseRepository
from tongke_courses.catalogue.schemas import ClassLinkIn
from tongke_courses.lessons import pages as lesson_pages
from tongke_courses.lessons import seeing, service
from tongke_courses.lessons.models import Lesson, LessonState
from tongke_courses.lessons.visibility import Visibility
from tongke_courses.takehome import contents, recordings
from tongke_courses.textbooks import service as textbooks
from tongke_platform.accounts.rights import CurrentPrincipal, RequiredPrincipal
from tongke_platform.database import ReadSession
from tongke_platform.errors import N_, Invalid, Unauthorized
from tongke_platform.frame import Reading, TheFrame
from tongke_platform.pages.desk import done, parse_uuid, typed
from tongke_platform.pages.rendering import ThePages
from tongke_platform.rights import Principal

router = APIRouter(include_in_schema=False)


@router.get("/lessons/{lesson_id}")
async def lesson(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    session: Reading,
    principal: CurrentPrincipal,
    lesson_id: UUID,
) -> Response:
    """Also for nobody signed in, when it is public."""
    it = await service.get(session, lesson_id)
    await _check(session, principal, it)
    course = await _course(session, principal, it)
    licence = course.licence if course else Licence.SCHOOLS
    changes = principal is not None and await syllabus.may_change(session, principal, it)
    classes = await classes_for(session, principal)
    chosen = chosen_class(request, classes)
    takes = await contents.of_lesson(session, principal, it.id)
    await recordings.add_to(frame, principal, takes)
    shown = await materials_of(session, {it.id: licence}, of_school=principal is not None)
    line = LessonLine(it, shown.get(it.id, []))
    return paper(
        request, pages, principal, "catalogue/lesson.html", lesson=it, line=line, course=course,
        acts=_acts(principal, it), licence=licence, licences=LICENCES, visibilities=VISIBILITIES,
        changes=changes, waits=await _waits(session, it) if changes else [],
        place=await _place(session, it), home=home_of(frame, takes),
        links=await links.standing(session, principal, frame.now(), lesson_id=it.id), classes=classes,
        may_link=bool(classes) and await links.may_make(session, principal, frame.today(), it),
        fit=(await fit_for(session, principal, chosen, [it], course)).get(it.id), chosen=chosen,
        topics=await boards.around(
            session, principal, lesson_id=it.id, materials={one.id for one in line.materials}
        ),
    )  # fmt: skip


async def _check(session: ReadSession, principal: Principal | None, it: Lesson) -> None:
    """Raises Unauthorized, Forbidden."""
    if it.visibility is Visibility.PUBLIC:
        return
    if principal is None:
        raise Unauthorized
    await seeing.check_watch(session, principal, it)


async def _course(session: ReadSession, principal: Principal | None, it: Lesson) -> Course | None:
    """The one it belongs to, where they may see that."""
    if it.course_id is None:
        return None
    return await CourseRepository(session).seen(principal, it.course_id)


def _acts(principal: Principal | None, it: Lesson) -> Sequence[lesson_pages.Action]:
    """Its button, or one for each of their rooms; nobody signed in can only watch it again."""
    if it.state is LessonState.ENDED:
        return [lesson_pages.Action("replay", lesson_pages.replay_page(it))] * bool(it.started_at)
    return lesson_pages.actions_of(principal, it) if principal is not None else []


async def _waits(session: ReadSession, it: Lesson) -> Sequence[PublicApproval]:
    """Whose yes it has, and whose is missing, when it is to be public."""
    if it.wanted_visibility is not Visibility.PUBLIC and it.visibility is not Visibility.PUBLIC:
        return await approvals.of_lesson(session, it.id) if it.wanted_visibility is None else []
    return await approvals.of_lesson(session, it.id)


async def _place(session: ReadSession, it: Lesson) -> textbooks.Place | None:
    return await textbooks.place(session, it.textbook_id) if it.textbook_id else None


@router.post("/lessons/{lesson_id}/links")
async def make_link(
    request: Request, frame: TheFrame, principal: RequiredPrincipal, lesson_id: UUID
) -> Response:
    """A link of this lesson alone; next its page, to be printed."""
    key = parse_uuid((await typed(request)).get("class", ""))
    if key is None:
        raise Invalid(NO_CLASS, code="no_class")
    wanted = ClassLinkIn(class_id=key, lesson_id=lesson_id)
    async with frame.database.write() as session:
        made = await links.make(frame, session, principal, wanted)
    return done(f"/class-links/{made.id}", N_("The link is ready."))
