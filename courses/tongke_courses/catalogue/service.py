"""Rules of courses: made, changed by several people at a time, published and withdrawn."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from tongke_courses.catalogue import arriving, following, indexing, rights, settling
from tongke_courses.catalogue.models import (
    Course,
    CoursePart,
    CourseState,
    CourseTeacher,
    CourseUnit,
)
from tongke_courses.catalogue.repository import (
    CourseRepository,
    Filters,
    TeacherRepository,
    UnitRepository,
)
from tongke_courses.catalogue.schemas import CourseChange, CourseIn, FacetValue
from tongke_courses.catalogue.settling import settle
from tongke_courses.catalogue.sight import FACETS, Eyes
from tongke_courses.catalogue.syllabus_repository import SyllabusRepository, check_node
from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.errors import N_, Conflict, Invalid, NotFound, Unauthorized
from tongke_platform.frame import Frame
from tongke_platform.organisations import service as organisations
from tongke_platform.organisations.models import SCHOOLS, OrganisationKind
from tongke_platform.people.models import Person
from tongke_platform.rights import Principal

__all__ = ["settle"]

SHOWN_FACETS = 20
TEACHER_CHOICES = 20
# A course is led by who gives lessons: schools, and universities with their practice bases.
LEADING = SCHOOLS | {OrganisationKind.UNIVERSITY, OrganisationKind.PRACTICE_BASE}
NO_SCHOOL = N_("Please say which school the course belongs to.")
NO_UNIT = N_("There is no such unit in this course.")
CHANGED_MEANWHILE = N_("Somebody else has changed this meanwhile. Nothing you entered was lost.")
_MOVES = {
    CourseState.PUBLISHED: {CourseState.DRAFT, CourseState.WITHDRAWN},
    CourseState.WITHDRAWN: {CourseState.PUBLISHED},
}


class ChangedMeanwhile(Conflict):
    """409; ``current`` is the course as it is now, with its newer ``version``."""

    code = "changed_meanwhile"
    message = CHANGED_MEANWHILE

    def __init__(self, current: Course | None = None) -> None:
        super().__init__()
        self.current = current


async def get(session: ReadSession, principal: Principal | None, key: UUID) -> Course:
    """With school, teachers and units. Raises NotFound for who may not know of it."""
    found = await CourseRepository(session).seen(principal, key)
    if found is None:
        # Who has not signed in may be one who sees it.
        raise no_course() if principal is not None else Unauthorized()
    return found


def no_course() -> NotFound:
    return NotFound(rights.NO_COURSE, code="no_course")


async def to_edit(session: WriteSession, by: Principal, key: UUID) -> Course:
    """Locked, for who may change its words, units and lessons. Raises NotFound, Forbidden."""
    await get(session, by, key)
    found = await CourseRepository(session).to_change(key)
    assert found is not None, "nothing removes a course"
    rights.check_edit(by, found)
    return found


async def to_go_on(session: WriteSession, by: Principal, key: UUID) -> Course:
    """One that is still arriving, locked. Raises NotFound, Forbidden."""
    found = await CourseRepository(session).to_change(key)
    if found is None:
        raise no_course()
    rights.check_edit(by, found)
    return found


async def arrived(frame: Frame, session: WriteSession, key: UUID) -> None:
    """All of it is there: a draft like any other, found with its lessons and materials."""
    found = await _unchecked(session, key)
    if found.state is CourseState.ARRIVING:
        found.state = CourseState.DRAFT
    await indexing.course_changed(session, key)
    await arriving.settle_later(frame, session, key)


async def to_manage(session: WriteSession, by: Principal, key: UUID) -> Course:
    """Locked, for who may publish it. Raises NotFound, Forbidden."""
    found = await to_edit(session, by, key)
    rights.check_manage(by, found)
    return found


async def eyes(session: ReadSession, principal: Principal | None) -> Eyes:
    """For ``page`` and ``facets``."""
    return await CourseRepository(session).eyes(principal)


async def page(
    session: ReadSession,
    eyes: Eyes,
    filters: Filters,
    *,
    before: UUID | None = None,
    limit: int = 20,
) -> tuple[Sequence[Course], UUID | None]:
    """The newest first, and what comes ``before`` the next page."""
    found = await CourseRepository(session).page(eyes, filters, before=before, limit=limit + 1)
    return found[:limit], found[limit - 1].id if len(found) > limit else None


async def facets(
    session: ReadSession,
    eyes: Eyes,
    filters: Filters,
    names: Sequence[str] = FACETS,
) -> dict[str, list[FacetValue]]:
    """For each facet of ``names`` its values among the courses that match all the other filters, the most
    frequent first.
    """
    repository = CourseRepository(session)
    found: dict[str, list[FacetValue]] = {name: [] for name in names}
    for facet, value, number in await repository.facets(eyes, filters, names, SHOWN_FACETS):
        said = str(UUID(value)) if facet == "school" else value
        found[facet].append(FacetValue(value=said, label=said, count=number))
    if given := found.get("school"):
        schools = await repository.school_names([UUID(one.value) for one in given])
        for one in given:
            one.label = schools[UUID(one.value)]
    return found


async def followers(session: ReadSession, courses: Sequence[Course]) -> dict[UUID, int]:
    return await CourseRepository(session).followers([one.id for one in courses])


async def create(frame: Frame, session: WriteSession, by: Principal, wanted: CourseIn) -> Course:
    """A draft led by ``by``. Raises Invalid ``no_lead_school``, ``no_node``, Forbidden, NotFound."""
    key = wanted.school_id or by.school_id
    if key is None:
        raise Invalid(NO_SCHOOL, code="no_lead_school")
    school = await organisations.organisation(session, key)
    rights.CREATE.check(by, school)
    organisations.check_open(school)
    if school.kind not in LEADING:
        raise Invalid(NO_SCHOOL, code="no_lead_school")
    await check_node(session, wanted.textbook_id)
    made = await CourseRepository(session).add(
        Course(
            school_id=school.id,
            by_id=by.id,
            changed_at=frame.now(),
            **wanted.model_dump(exclude={"school_id"}),
        )
    )
    await TeacherRepository(session).add(
        CourseTeacher(course_id=made.id, person_id=by.id, part=CoursePart.LEAD)
    )
    return await _changed(session, by, made.id)


async def _changed(session: WriteSession, by: Principal, key: UUID) -> Course:
    """Read again with everything it is shown with; the search learns of it."""
    await session.flush()
    await indexing.course_changed(session, key)
    session.expire_all()
    return await get(session, by, key)


async def change(
    frame: Frame, session: WriteSession, by: Principal, key: UUID, wanted: CourseChange
) -> Course:
    """Raises NotFound, Forbidden, Invalid ``no_version``, ``no_node``, ChangedMeanwhile."""
    found = await to_edit(session, by, key)
    if wanted.version is None:
        raise Invalid(N_("Please send the version you have read."), code="no_version")
    if wanted.version != found.version:
        raise ChangedMeanwhile(found)
    fields = wanted.fields()
    if {"visibility", "licence"} & fields.keys():
        rights.check_manage(by, found)
    await check_node(session, wanted.textbook_id)
    for name, value in fields.items():
        setattr(found, name, value)
    _touch(found, frame)
    if "visibility" in fields:
        await settling.settle_course(session, key)
    return await _changed(session, by, key)


async def set_cover(
    frame: Frame, session: WriteSession, by: Principal, key: UUID, cover_id: UUID | None
) -> Course:
    """A stored picture, as ``covers`` makes them. Raises NotFound, Forbidden."""
    found = await to_edit(session, by, key)
    if found.cover_id != cover_id:
        found.cover_id = cover_id
        _touch(found, frame)
    return await _changed(session, by, key)


def _touch(found: Course, frame: Frame) -> None:
    found.version += 1
    found.changed_at = frame.now()


async def publish(frame: Frame, session: WriteSession, by: Principal, key: UUID) -> Course:
    """For the first time or again; publishing twice is no error. Raises NotFound, Forbidden, Conflict
    ``closed`` for the course of a school that is no more.
    """
    return await _move(frame, session, by, key, CourseState.PUBLISHED)


async def withdraw(frame: Frame, session: WriteSession, by: Principal, key: UUID) -> Course:
    """Twice is no error. Raises NotFound, Forbidden, Conflict ``wrong_state``."""
    return await _move(frame, session, by, key, CourseState.WITHDRAWN)


async def _move(
    frame: Frame, session: WriteSession, by: Principal, key: UUID, state: CourseState
) -> Course:
    found = await to_manage(session, by, key)
    if found.state is state:
        return found
    if found.state not in _MOVES[state]:
        raise Conflict(N_("This cannot be done with the course as it is now."), code="wrong_state")
    found.state = state
    if state is CourseState.PUBLISHED:
        organisations.check_open(found.school)
        found.published_at = frame.now()
    _touch(found, frame)
    await settling.settle_course(session, key)
    if state is CourseState.PUBLISHED:
        await following.deliver_coming(frame, session, key)
    return await _changed(session, by, key)


async def add_unit(
    session: WriteSession, by: Principal, key: UUID, title: str, textbook_id: UUID | None = None
) -> CourseUnit:
    """At the end. Raises NotFound, Forbidden, Invalid ``no_node``."""
    course = await to_edit(session, by, key)
    await check_node(session, textbook_id)
    last = max((one.position for one in course.units), default=-1)
    made = await UnitRepository(session).add(
        CourseUnit(course_id=key, title=title, position=last + 1, textbook_id=textbook_id)
    )
    await indexing.course_changed(session, key)
    return made


async def rename_unit(
    session: WriteSession, by: Principal, key: UUID, unit_id: UUID, title: str, was: str | None
) -> CourseUnit:
    """``was``: the title it was read with, None not to ask. Raises NotFound, ChangedMeanwhile."""
    unit = _unit(await to_edit(session, by, key), unit_id)
    if was is not None and unit.title not in (was, title):
        raise ChangedMeanwhile
    unit.title = title
    await session.flush()
    await indexing.course_changed(session, key)
    return unit


async def order_units(
    session: WriteSession, by: Principal, key: UUID, ids: Sequence[UUID]
) -> Sequence[CourseUnit]:
    """``ids`` are all of them. Raises ChangedMeanwhile when they are not."""
    course = await to_edit(session, by, key)
    units = {one.id: one for one in course.units}
    if len(ids) != len(units) or set(ids) != units.keys():
        raise ChangedMeanwhile(course)
    for position, one in enumerate(ids):
        units[one].position = position
    await session.flush()
    return [units[one] for one in ids]


async def remove_unit(session: WriteSession, by: Principal, key: UUID, unit_id: UUID) -> None:
    """Its lessons go back to the course, at the end of those without unit."""
    unit = _unit(await to_edit(session, by, key), unit_id)
    await SyllabusRepository(session).leave_unit(key, unit_id)
    await session.delete(unit)
    await session.flush()
    await indexing.course_changed(session, key)


def _unit(course: Course, unit_id: UUID) -> CourseUnit:
    for one in course.units:
        if one.id == unit_id:
            return one
    raise NotFound(NO_UNIT, code="no_unit")


async def unit_seen(
    session: ReadSession, principal: Principal | None, key: UUID, unit_id: UUID
) -> CourseUnit:
    """Raises NotFound."""
    return _unit(await get(session, principal, key), unit_id)


async def teacher_choices(
    session: ReadSession, by: Principal, key: UUID, q: str
) -> Sequence[Person]:
    """Who may be made a teacher of it: of its school, or of one in partnership with it."""
    course = await get(session, by, key)
    rights.check_manage(by, course)
    return await TeacherRepository(session).choices(
        course.school, by.today, q=q, limit=TEACHER_CHOICES
    )


async def schools_of_teachers(
    session: ReadSession, by: Principal, course: Course, people: Sequence[UUID]
) -> dict[UUID, str]:
    """By person: the name of the school they teach at, the course's own before a partner's."""
    return await TeacherRepository(session).school_names(course.school, by.today, people)


async def set_teacher(
    session: WriteSession, by: Principal, key: UUID, person_id: UUID, part: CoursePart
) -> Course:
    """Raises NotFound, Forbidden, Invalid ``no_teacher``, Conflict ``no_lead``."""
    course = await to_manage(session, by, key)
    teachers = TeacherRepository(session)
    there = (await teachers.of_course(key)).get(person_id)
    if there is None:
        await _check_teacher(session, course, by.today, person_id)
        await teachers.add(CourseTeacher(course_id=key, person_id=person_id, part=part))
    elif there.part is not part:
        there.part = part
        await _check_lead(session, key)
    await settling.settle_course(session, key)
    return await _changed(session, by, key)


async def _check_teacher(session: ReadSession, course: Course, day: date, person_id: UUID) -> None:
    if await TeacherRepository(session).choice(course.school, day, person_id) is None:
        raise Invalid(
            N_("Only teachers of this school or of a partner school can teach the course."),
            code="no_teacher",
        )


async def _check_lead(session: WriteSession, key: UUID) -> None:
    await session.flush()
    left = (await TeacherRepository(session).of_course(key)).values()
    if not any(one.part is CoursePart.LEAD for one in left):
        raise Conflict(N_("A course needs a lead teacher."), code="no_lead")


async def remove_teacher(
    session: WriteSession, by: Principal, key: UUID, person_id: UUID
) -> Course:
    """Raises NotFound, Forbidden, Conflict ``no_lead``."""
    await to_manage(session, by, key)
    there = (await TeacherRepository(session).of_course(key)).get(person_id)
    if there is None:
        raise NotFound(N_("There is no such teacher."), code="no_teacher")
    await session.delete(there)
    await _check_lead(session, key)
    await settling.settle_course(session, key)
    await indexing.course_changed(session, key)
    session.expire_all()
    # A lead teacher may have taken themself out.
    return await _unchecked(session, key)


async def _unchecked(session: WriteSession, key: UUID) -> Course:
    found = await CourseRepository(session).to_change(key)
    assert found is not None, "nothing removes a course"
    return found
