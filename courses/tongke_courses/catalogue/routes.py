"""JSON API of courses: the catalogue, their units, teachers, lessons and followers."""

from collections.abc import Mapping, Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request
from fastapi.encoders import jsonable_encoder
from starlette.responses import JSONResponse, Response

from tongke_courses.catalogue import fit as fits
from tongke_courses.catalogue import following, rights, service, syllabus
from tongke_courses.catalogue.models import Course, CourseState
from tongke_courses.catalogue.repository import Filters
from tongke_courses.catalogue.schemas import (
    AttachIn,
    ClassOut,
    CourseChange,
    CourseFull,
    CourseIn,
    CourseLessonOut,
    CourseOut,
    CoursePage,
    FitOut,
    FollowOut,
    LessonOrderIn,
    OrderIn,
    TeacherIn,
    UnitChange,
    UnitIn,
    UnitOut,
)
from tongke_courses.lessons.models import Lesson
from tongke_courses.lessons.schemas import TeacherOut
from tongke_platform.accounts.rights import CurrentPrincipal, RequiredPrincipal
from tongke_platform.database import ReadSession
from tongke_platform.errors import Invalid, Unauthorized
from tongke_platform.frame import Frame, Reading, TheFrame, Writing
from tongke_platform.rights import Principal

router = APIRouter(prefix="/api/courses", tags=["courses"])
Text = Annotated[str | None, Query(max_length=80, pattern=r"^[^\x00]*$")]
Q = Annotated[str, Query(max_length=80, pattern=r"^[^\x00]*$")]
IfMatch = Annotated[str | None, Header(alias="If-Match", max_length=40)]


def outs(
    courses: Sequence[Course],
    followers: Mapping[UUID, int],
    fit: Mapping[UUID, fits.Fit] | None = None,
) -> list[CourseOut]:
    found = [CourseOut.model_validate(one) for one in courses]
    for one in found:
        one.followers = followers.get(one.id, 0)
        if fit is not None:
            one.fit = FitOut.model_validate(fit[one.id])
    return found


def full(course: Course, principal: Principal | None, followers: int = 0) -> CourseFull:
    found = CourseFull.model_validate(course)
    found.followers = followers
    if principal is not None:
        found.may_edit = rights.may_edit(principal, course)
        found.may_manage = rights.may_manage(principal, course)
    return found


def lesson_outs(
    lessons: Sequence[Lesson], fit: Mapping[UUID, fits.Fit] | None = None
) -> list[CourseLessonOut]:
    found = [CourseLessonOut.model_validate(one) for one in lessons]
    for one in found:
        one.fit = FitOut.model_validate(fit[one.id]) if fit is not None else None
    return found


@router.get("")
async def list_courses(
    session: Reading,
    principal: CurrentPrincipal,
    stage: Text = None,
    subject: Text = None,
    edition: Text = None,
    grade: Text = None,
    term: Text = None,
    school: UUID | None = None,
    state: CourseState | None = None,
    q: Q = "",
    class_id: UUID | None = None,
    facets: bool = False,
    before: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> CoursePage:
    """Those one may see, the newest first; with ``class_id`` how each suits the class. Nobody signed
    in sees what is public.
    """
    filters = Filters(
        stage or None, subject or None, edition or None, grade or None, term or None,
        school, state, q.strip(),
    )  # fmt: skip
    eyes = await service.eyes(session, principal)
    found, following_ = await service.page(session, eyes, filters, before=before, limit=limit)
    counts = await service.followers(session, found)
    return CoursePage(
        items=outs(found, counts, await _fit(session, principal, found, class_id)),
        next=following_,
        facets=await service.facets(session, eyes, filters) if facets else None,
    )


async def _fit(
    session: ReadSession,
    principal: Principal | None,
    things: Sequence[Course | Lesson],
    class_id: UUID | None,
    course: Course | None = None,
) -> Mapping[UUID, fits.Fit] | None:
    if class_id is None:
        return None
    if principal is None:
        raise Unauthorized
    of_class = await fits.class_seen(session, principal, class_id)
    return await fits.fit(session, principal, things, of_class.id, course)


@router.post("", status_code=201)
async def create(
    body: CourseIn, session: Writing, principal: RequiredPrincipal, frame: TheFrame
) -> CourseFull:
    """A draft."""
    return full(await service.create(frame, session, principal, body), principal)


@router.get("/classes")
async def own_classes(session: Reading, principal: RequiredPrincipal) -> list[ClassOut]:
    """Classes the principal may let follow a course."""
    found = await following.own_classes(session, principal)
    return [ClassOut.model_validate(one) for one in found]


@router.get("/{course_id}")
async def get(
    course_id: UUID, session: Reading, principal: CurrentPrincipal, response: Response
) -> CourseFull:
    course = await service.get(session, principal, course_id)
    response.headers["ETag"] = f'"{course.version}"'
    counts = await service.followers(session, [course])
    return full(course, principal, counts.get(course_id, 0))


@router.patch("/{course_id}", response_model=CourseFull)
async def change(
    course_id: UUID,
    body: CourseChange,
    request: Request,
    session: Writing,
    principal: RequiredPrincipal,
    frame: TheFrame,
    if_match: IfMatch = None,
) -> CourseFull | Response:
    """Optimistic: 409 ``changed_meanwhile`` with the newer course as ``current``."""
    wanted = body.model_copy(update={"version": _version(if_match)}) if if_match else body
    try:
        changed = await service.change(frame, session, principal, course_id, wanted)
    except service.ChangedMeanwhile as error:
        if error.current is None:
            raise
        return _meanwhile(frame, request, error, full(error.current, principal))
    return full(changed, principal)


def _version(text: str) -> int:
    """Raises Invalid ``no_version``."""
    bare = text.removeprefix("W/").strip('"')
    if not bare.isascii() or not bare.isdigit() or len(bare) > 9:
        raise Invalid(code="no_version")
    return int(bare)


def _meanwhile(
    frame: Frame, request: Request, error: service.ChangedMeanwhile, current: CourseFull
) -> Response:
    body = {
        "type": "about:blank",
        "title": "Conflict",
        "status": error.status,
        "code": error.code,
        "detail": frame.translate(request, error.message),
        "current": jsonable_encoder(current),
    }
    headers = {"Cache-Control": "no-store"}
    return JSONResponse(body, error.status, headers, media_type="application/problem+json")


@router.post("/{course_id}/publish")
async def publish(
    course_id: UUID, session: Writing, principal: RequiredPrincipal, frame: TheFrame
) -> CourseFull:
    return full(await service.publish(frame, session, principal, course_id), principal)


@router.post("/{course_id}/withdraw")
async def withdraw(
    course_id: UUID, session: Writing, principal: RequiredPrincipal, frame: TheFrame
) -> CourseFull:
    return full(await service.withdraw(frame, session, principal, course_id), principal)


@router.post("/{course_id}/units", status_code=201)
async def add_unit(
    course_id: UUID, body: UnitIn, session: Writing, principal: RequiredPrincipal
) -> UnitOut:
    made = await service.add_unit(session, principal, course_id, body.title, body.textbook_id)
    return UnitOut.model_validate(made)


@router.put("/{course_id}/units/order")
async def order_units(
    course_id: UUID, body: OrderIn, session: Writing, principal: RequiredPrincipal
) -> list[UnitOut]:
    """``ids`` names every unit once; otherwise 409 ``changed_meanwhile``."""
    found = await service.order_units(session, principal, course_id, body.ids)
    return [UnitOut.model_validate(one) for one in found]


@router.get("/{course_id}/units/{unit_id}")
async def get_unit(
    course_id: UUID, unit_id: UUID, session: Reading, principal: CurrentPrincipal
) -> UnitOut:
    return UnitOut.model_validate(await service.unit_seen(session, principal, course_id, unit_id))


@router.patch("/{course_id}/units/{unit_id}")
async def rename_unit(
    course_id: UUID,
    unit_id: UUID,
    body: UnitChange,
    session: Writing,
    principal: RequiredPrincipal,
) -> UnitOut:
    found = await service.rename_unit(session, principal, course_id, unit_id, body.title, body.was)
    return UnitOut.model_validate(found)


@router.delete("/{course_id}/units/{unit_id}", status_code=204)
async def remove_unit(
    course_id: UUID, unit_id: UUID, session: Writing, principal: RequiredPrincipal
) -> None:
    """Its lessons stay in the course, without unit."""
    await service.remove_unit(session, principal, course_id, unit_id)


@router.get("/{course_id}/teacher-choices")
async def teacher_choices(
    course_id: UUID, session: Reading, principal: RequiredPrincipal, q: Q = ""
) -> list[TeacherOut]:
    """Who may be made a teacher: of the school, or of one in partnership with it."""
    found = await service.teacher_choices(session, principal, course_id, q.strip())
    return [TeacherOut.model_validate(one) for one in found]


@router.put("/{course_id}/teachers/{person_id}")
async def set_teacher(
    course_id: UUID,
    person_id: UUID,
    body: TeacherIn,
    session: Writing,
    principal: RequiredPrincipal,
) -> CourseFull:
    found = await service.set_teacher(session, principal, course_id, person_id, body.part)
    return full(found, principal)


@router.delete("/{course_id}/teachers/{person_id}")
async def remove_teacher(
    course_id: UUID, person_id: UUID, session: Writing, principal: RequiredPrincipal
) -> CourseFull:
    found = await service.remove_teacher(session, principal, course_id, person_id)
    return full(found, principal)


@router.get("/{course_id}/lessons")
async def lessons(
    course_id: UUID,
    session: Reading,
    principal: CurrentPrincipal,
    class_id: UUID | None = None,
) -> list[CourseLessonOut]:
    """Those one may watch, unit by unit in their order; those of no unit first."""
    found = await syllabus.lines(session, principal, course_id)
    fit = await _fit(session, principal, found.lessons, class_id, found.course)
    return lesson_outs(found.lessons, fit)


@router.put("/{course_id}/lessons/order")
async def order_lessons(
    course_id: UUID, body: LessonOrderIn, session: Writing, principal: RequiredPrincipal
) -> list[CourseLessonOut]:
    """Puts lessons of the course into a unit, in this order."""
    await syllabus.order(session, principal, course_id, body.unit_id, body.ids)
    return lesson_outs((await syllabus.lines(session, principal, course_id)).lessons)


@router.post("/{course_id}/lessons")
async def attach(
    course_id: UUID,
    body: AttachIn,
    session: Writing,
    principal: RequiredPrincipal,
    frame: TheFrame,
) -> CourseLessonOut:
    """A lesson there is already. New ones: POST /api/lessons with ``course_id``."""
    found = await syllabus.attach(
        frame, session, principal, course_id, body.lesson_id, body.unit_id
    )
    return CourseLessonOut.model_validate(found)


@router.delete("/{course_id}/lessons/{lesson_id}", status_code=204)
async def detach(
    course_id: UUID, lesson_id: UUID, session: Writing, principal: RequiredPrincipal
) -> None:
    """The lesson goes on without the course."""
    await syllabus.detach(session, principal, course_id, lesson_id)


@router.get("/{course_id}/follows")
async def follows(
    course_id: UUID, session: Reading, principal: RequiredPrincipal
) -> list[FollowOut]:
    """Classes that follow: all of them for the course's teachers, else those of one's schools."""
    found = await following.of_course(session, principal, course_id)
    return [FollowOut.model_validate(one) for one in found]


@router.put("/{course_id}/follows/{class_id}")
async def follow(
    course_id: UUID,
    class_id: UUID,
    session: Writing,
    principal: RequiredPrincipal,
    frame: TheFrame,
) -> FollowOut:
    """The coming lessons go to the class's rooms. 409 ``full``."""
    found = await following.follow(frame, session, principal, course_id, class_id)
    return FollowOut.model_validate(found)


@router.delete("/{course_id}/follows/{class_id}", status_code=204)
async def unfollow(
    course_id: UUID,
    class_id: UUID,
    session: Writing,
    principal: RequiredPrincipal,
    frame: TheFrame,
) -> None:
    await following.unfollow(frame, session, principal, course_id, class_id)
