"""Rules of the lessons of a course: planned, with a time or without, put in order, taken out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tongke_courses.catalogue import following, service, settling
from tongke_courses.catalogue.models import Course, CourseUnit
from tongke_courses.catalogue.rights import MANAGE
from tongke_courses.catalogue.syllabus_repository import SyllabusRepository, check_node
from tongke_courses.lessons import indexing as lesson_indexing
from tongke_courses.lessons import service as lessons
from tongke_courses.lessons import telling as lesson_telling
from tongke_courses.lessons.models import Lesson, LessonState
from tongke_courses.lessons.repository import LessonRepository
from tongke_courses.lessons.rights import NO_LESSON, NOT_LEADING, check_lead, may_lead
from tongke_courses.lessons.schemas import LessonChange, LessonIn
from tongke_courses.lessons.seeing import check_watch
from tongke_courses.materials import indexing as material_indexing
from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.errors import N_, Conflict, Forbidden, Invalid, NotFound
from tongke_platform.frame import Frame
from tongke_platform.organisations.models import Room
from tongke_platform.people.models import Person
from tongke_platform.rights import Principal

MOST = 1000


@dataclass(frozen=True)
class Lines:
    """A course with what of it somebody may see: its units, and lessons in their order."""

    course: Course
    units: Sequence[CourseUnit]
    lessons: Sequence[Lesson]


async def lines(session: ReadSession, principal: Principal | None, key: UUID) -> Lines:
    """Raises NotFound."""
    course = await service.get(session, principal, key)
    found = await SyllabusRepository(session).of_course(principal, key, MOST)
    return Lines(course, course.units, found)


async def plan(
    frame: Frame,
    session: WriteSession,
    by: Principal,
    wanted: LessonIn,
    rooms: Sequence[Room] = (),
) -> Lesson:
    """A lesson of a course, at the end of its unit. Raises NotFound, Forbidden, Invalid."""
    assert wanted.course_id is not None, "lessons of no course are planned by their service"
    course = await service.to_edit(session, by, wanted.course_id)
    unit_id = _unit_of(course, wanted.unit_id)
    await check_node(session, wanted.textbook_id)
    last = await SyllabusRepository(session).last_position(course.id, unit_id)
    made = await lessons.create(
        session,
        title=wanted.title,
        subject=wanted.subject,
        grade=wanted.grade,
        teacher=await _teacher(session, by, course, wanted.teacher_id),
        school_id=course.school_id,
        planned_start=wanted.planned_start,
        planned_minutes=wanted.planned_minutes,
        rooms=rooms,
        delivery=following.how(frame, by.id, invite=wanted.invite),
        place=lessons.Place(
            description=wanted.description,
            course_id=course.id,
            unit_id=unit_id,
            position=last + 1,
            textbook_id=wanted.textbook_id,
            wanted_visibility=wanted.visibility,
        ),
    )
    await settling.settle(session, made)
    await following.deliver_lesson(frame, session, made.id, by.id)
    return await lessons.fresh(session, made.id)


def _unit_of(course: Course, unit_id: UUID | None) -> UUID | None:
    """Raises NotFound for one of another course."""
    if unit_id is not None and unit_id not in {one.id for one in course.units}:
        raise NotFound(service.NO_UNIT, code="no_unit")
    return unit_id


async def _teacher(
    session: ReadSession, by: Principal, course: Course, teacher_id: UUID | None
) -> Person:
    """A teacher of the course; whoever plans it without being one names one.

    Raises Invalid ``no_teacher``.
    """
    people = {one.person_id: one.person for one in course.teachers}
    found = people.get(teacher_id or by.id)
    if found is None and teacher_id is None:
        return course.teachers[0].person
    if found is None:
        raise Invalid(N_("Lessons of a course are taught by its teachers."), code="no_teacher")
    return found


async def to_change(session: WriteSession, by: Principal, key: UUID) -> Lesson:
    """Locked, with its school and rooms, for its leaders and the teachers of its course.

    Raises NotFound, Forbidden.
    """
    repository = LessonRepository(session)
    found = await repository.by_id(key)
    if found is None:
        raise NotFound(NO_LESSON, code="no_lesson")
    await check_watch(session, by, found)
    if not await may_change(session, by, found):
        raise Forbidden(NOT_LEADING, code="not_leading")
    locked = await repository.locked(repository.base().where(Lesson.id == key))
    if locked is None:
        raise NotFound(NO_LESSON, code="no_lesson")
    return locked


async def may_change(session: ReadSession, by: Principal, lesson: Lesson) -> bool:
    """Its leaders; of a course also its teachers and those who manage its school's courses."""
    if may_lead(by, lesson):
        return True
    if lesson.course_id is None:
        return False
    repository = SyllabusRepository(session)
    # Of a school that was merged the successor leads the course.
    if MANAGE.allows(by, await repository.school_of(lesson.course_id)):
        return True
    return await repository.taught_by(lesson.course_id, by.id)


async def change(
    frame: Frame, session: WriteSession, by: Principal, key: UUID, wanted: LessonChange
) -> Lesson:
    """Only what is sent is changed: two people who change different things lose nothing.

    ``planned_start`` null takes the time; a new one brings it to the classes that follow. Raises
    NotFound, Forbidden, Invalid ``no_time``, ``no_node``, Conflict ``not_planned``.
    """
    found = await to_change(session, by, key)
    fields = wanted.fields()
    if "planned_start" in fields:
        _check_time(found, wanted)
    if "unit_id" in fields:
        await _move(session, by, found, wanted.unit_id)
    await check_node(session, wanted.textbook_id)
    before = found.planned_start
    _set(found, fields)
    if "visibility" in fields:
        found.wanted_visibility = wanted.visibility
    await settling.settle(session, found)
    if found.planned_start is not None and before is None:
        await _now_has_time(frame, session, by, key)
    lessons.announce(frame, session, key)
    return await lessons.fresh(session, key)


def _check_time(found: Lesson, wanted: LessonChange) -> None:
    if found.state is not LessonState.PLANNED:
        raise Conflict(N_("The lesson has begun already."), code="not_planned")
    if wanted.planned_start is None and found.course_id is None:
        raise Invalid(N_("A lesson of no course needs a time."), code="no_time")


def _set(found: Lesson, fields: dict[str, Any]) -> None:
    for name, value in fields.items():
        if name not in ("visibility", "unit_id"):
            setattr(found, name, value)


async def _move(session: WriteSession, by: Principal, found: Lesson, unit_id: UUID | None) -> None:
    """To the end of another unit of its course."""
    if found.course_id is None:
        raise NotFound(service.NO_UNIT, code="no_unit")
    course = await service.get(session, by, found.course_id)
    if (unit := _unit_of(course, unit_id)) != found.unit_id:
        last = await SyllabusRepository(session).last_position(course.id, unit)
        found.unit_id, found.position = unit, last + 1


async def _now_has_time(frame: Frame, session: WriteSession, by: Principal, key: UUID) -> None:
    """The schools it is delivered to already are told now; those that follow receive it."""
    lesson = await lessons.fresh(session, key)
    for room in lesson.rooms:
        await lesson_telling.planned(session, lesson, room)
    await following.deliver_lesson(frame, session, key, by.id)


async def order(
    session: WriteSession, by: Principal, key: UUID, unit_id: UUID | None, ids: Sequence[UUID]
) -> None:
    """These lessons of the course are the unit's, in this order; others of it come after them.

    Raises NotFound, Forbidden, ChangedMeanwhile when one of them is not of the course any more.
    """
    course = await service.to_edit(session, by, key)
    unit = _unit_of(course, unit_id)
    repository = SyllabusRepository(session)
    named = list(dict.fromkeys(ids))
    found = await repository.by_ids_in(key, named)
    if len(found) != len(named):
        raise service.ChangedMeanwhile(course)
    after = await repository.others_of(key, unit, named)
    for position, lesson in enumerate([*(found[one] for one in named), *after]):
        lesson.unit_id, lesson.position = unit, position
    await session.flush()


async def attach(
    frame: Frame,
    session: WriteSession,
    by: Principal,
    key: UUID,
    lesson_id: UUID,
    unit_id: UUID | None,
) -> Lesson:
    """A lesson there is already becomes one of the course, at the end of the unit.

    Raises NotFound, Forbidden, Invalid ``other_school``, Conflict ``in_a_course``.
    """
    course = await service.to_edit(session, by, key)
    unit = _unit_of(course, unit_id)
    found = await to_change(session, by, lesson_id)
    check_lead(by, found)
    if found.school_id != course.school_id:
        raise Invalid(N_("This lesson is another school's."), code="other_school")
    if found.course_id not in (None, key):
        raise Conflict(N_("This lesson is in a course already."), code="in_a_course")
    if found.course_id is None:
        last = await SyllabusRepository(session).last_position(key, unit)
        found.course_id, found.unit_id, found.position = key, unit, last + 1
    await settling.settle(session, found)
    await following.deliver_lesson(frame, session, lesson_id, by.id)
    return await lessons.fresh(session, lesson_id)


async def detach(session: WriteSession, by: Principal, key: UUID, lesson_id: UUID) -> None:
    """The lesson goes on without the course, as visible as was asked for it alone.

    Raises NotFound, Forbidden, Conflict ``no_time``.
    """
    await service.to_edit(session, by, key)
    found = await to_change(session, by, lesson_id)
    if found.course_id != key:
        raise NotFound(NO_LESSON, code="no_lesson")
    if found.planned_start is None:
        raise Conflict(N_("A lesson of no course needs a time."), code="no_time")
    found.course_id = found.unit_id = None
    await settling.settle(session, found)


async def remove(frame: Frame, session: WriteSession, by: Principal, lesson_id: UUID) -> None:
    """A planned lesson that never was live. Raises NotFound, Forbidden, Conflict ``was_held``."""
    found = await to_change(session, by, lesson_id)
    if found.state is not LessonState.PLANNED or found.started_at is not None:
        raise Conflict(
            N_("What was taught is not removed. Its visibility can be narrowed."), code="was_held"
        )
    await material_indexing.lesson_removed(session, lesson_id)
    await SyllabusRepository(session).remove(lesson_id)
    await lesson_indexing.refresh(session, lesson_id)
    lessons.announce(frame, session, lesson_id)
