"""Rules of classes that follow a course: its coming lessons appear in their day.

Following is the school's own yes. A lesson comes along a partnership where one leads to the class's
room, otherwise as an invitation that was accepted by following; the school may still decline one.
"""

from collections.abc import Sequence
from uuid import UUID

from tongke_courses.catalogue import indexing
from tongke_courses.catalogue.follow_repository import FollowRepository
from tongke_courses.catalogue.models import Course, CourseFollow, CourseState
from tongke_courses.catalogue.repository import CourseRepository
from tongke_courses.catalogue.rights import FOLLOW, NO_COURSE, may_edit
from tongke_courses.catalogue.seeing import school_sees_course
from tongke_courses.catalogue.syllabus_repository import SyllabusRepository
from tongke_courses.lessons import service as lessons
from tongke_courses.lessons.models import LessonState
from tongke_courses.lessons.service import Delivery
from tongke_platform.audit import service as audit
from tongke_platform.classes.repository import ClassRepository
from tongke_platform.classes.service import NO_CLASS
from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.errors import N_, Conflict, Forbidden, NotFound
from tongke_platform.frame import Frame
from tongke_platform.organisations.models import Room, SchoolClass
from tongke_platform.rights import Principal

OFFERED = 200


def how(frame: Frame, by: UUID | None, *, invite: bool = True, quiet: bool = False) -> Delivery:
    return Delivery(frame.now(), frame.settings.zone, by, invite, quiet)


async def class_for(session: ReadSession, by: Principal, class_id: UUID) -> SchoolClass:
    """One the principal may let follow. Raises NotFound: of other schools' classes one knows nothing."""
    found = await ClassRepository(session).by_id(class_id)
    if found is None or not FOLLOW.allows(by, found.organisation):
        raise NotFound(NO_CLASS, code="no_class")
    return found


async def follow(
    frame: Frame, session: WriteSession, by: Principal, course_id: UUID, class_id: UUID
) -> CourseFollow:
    """Twice is no error. Raises NotFound, Conflict ``full``, ``class_ended``."""
    found = await class_for(session, by, class_id)
    if await CourseRepository(session).seen(by, course_id) is None:
        raise NotFound(NO_COURSE, code="no_course")
    # Locked: of two classes that want the last place one is told that it is taken.
    course = await CourseRepository(session).to_change(course_id)
    if course is None or not await school_sees_course(
        session, found.organisation, course, frame.today()
    ):
        raise NotFound(NO_COURSE, code="no_course")
    if found.ends_on is not None:
        raise Conflict(N_("This class has left the school."), code="class_ended")
    made = await _entered(frame, session, by, course, found)
    await _deliver(
        frame,
        session,
        await SyllabusRepository(session).coming(course_id),
        await FollowRepository(session).rooms_of_class(class_id),
        how(frame, by.id, quiet=True),
    )
    await indexing.course_changed(session, course_id)
    return made


async def _entered(
    frame: Frame,
    session: WriteSession,
    by: Principal,
    course: Course,
    of_class: SchoolClass,
) -> CourseFollow:
    follows = FollowRepository(session)
    there = await follows.of(course.id, of_class.id)
    if there is not None and there.ended_on is None:
        return there
    if course.capacity is not None and await follows.count(course.id) >= course.capacity:
        raise Conflict(N_("No more classes can follow this course."), code="full")
    _record(session, by, "course.followed", course, of_class)
    if there is None:
        made = CourseFollow(
            course_id=course.id, class_id=of_class.id, since=frame.today(), by_id=by.id
        )
        await follows.add(made)
    else:
        there.since, there.ended_on, there.by_id = frame.today(), None, by.id
        await session.flush()
    found = await follows.of(course.id, of_class.id)
    assert found is not None, "just entered"
    return found


def _record(
    session: WriteSession, by: Principal, act: str, course: Course, of_class: SchoolClass
) -> None:
    """In the log of the class's school: it is its own yes."""
    detail = {"title": course.title, "class_id": of_class.id, "class_name": of_class.name}
    audit.record(session, by, act, course, of_class.organisation, detail)


async def unfollow(
    frame: Frame, session: WriteSession, by: Principal, course_id: UUID, class_id: UUID
) -> None:
    """Coming lessons do not reach the class any more; what was held stays. Twice is no error.

    Raises NotFound.
    """
    found = await class_for(session, by, class_id)
    course = await CourseRepository(session).to_change(course_id)
    follows = FollowRepository(session)
    there = await follows.of(course_id, class_id)
    if there is None or course is None:
        raise NotFound(NO_COURSE, code="no_course")
    if there.ended_on is not None:
        return
    _record(session, by, "course.unfollowed", course, found)
    there.ended_on = frame.today()
    await session.flush()
    for lesson_id in await follows.take_back(course_id, class_id, frame.now()):
        lessons.announce(frame, session, lesson_id)
    await indexing.course_changed(session, course_id)


async def of_course(session: ReadSession, by: Principal, course_id: UUID) -> Sequence[CourseFollow]:
    """Classes that follow: all of them for who may change the course, else one's own schools'.

    Raises NotFound.
    """
    course = await CourseRepository(session).seen(by, course_id)
    if course is None:
        raise NotFound(NO_COURSE, code="no_course")
    return await of_seen(session, by, course)


async def of_seen(session: ReadSession, by: Principal, course: Course) -> Sequence[CourseFollow]:
    """The same for a course that was read as one ``by`` may see."""
    found = await FollowRepository(session).of_course(course.id)
    if may_edit(by, course):
        return found
    return [one for one in found if FOLLOW.allows(by, one.school_class.organisation)]


async def own_classes(session: ReadSession, by: Principal) -> Sequence[SchoolClass]:
    """The first ones the principal may let follow, for a form. Raises Forbidden."""
    if not FOLLOW.allows_anywhere(by):
        raise Forbidden
    clause = FOLLOW.clause(by)
    return await FollowRepository(session).classes_where(clause, by.today, OFFERED)


async def deliver_lesson(
    frame: Frame, session: WriteSession, lesson_id: UUID, by: UUID | None
) -> None:
    """A lesson that has a time now goes to the classes that follow its course."""
    lesson = await lessons.get(session, lesson_id)
    follows = FollowRepository(session)
    if lesson.course_id is None or lesson.planned_start is None:
        return
    if await follows.state_of(lesson.course_id) is not CourseState.PUBLISHED:
        return
    rooms = await follows.rooms_following(lesson.course_id)
    await _deliver(frame, session, [lesson_id], rooms, how(frame, by))


async def deliver_coming(frame: Frame, session: WriteSession, course_id: UUID) -> None:
    """Of a course that is published again: what was planned meanwhile."""
    rooms = await FollowRepository(session).rooms_following(course_id)
    coming = await SyllabusRepository(session).coming(course_id) if rooms else []
    await _deliver(frame, session, coming, rooms, how(frame, None))


async def deliver_to_class(frame: Frame, session: WriteSession, class_id: UUID) -> None:
    """Of all it follows, to where it sits now."""
    follows = FollowRepository(session)
    rooms = await follows.rooms_of_class(class_id)
    for course_id in await follows.published_of(class_id) if rooms else ():
        coming = await SyllabusRepository(session).coming(course_id)
        await _deliver(frame, session, coming, rooms, how(frame, None, quiet=True))


async def _deliver(
    frame: Frame,
    session: WriteSession,
    keys: Sequence[UUID],
    rooms: Sequence[Room],
    along: Delivery,
) -> None:
    for key in keys if rooms else ():
        lesson = await lessons.get(session, key)
        if lesson.state is LessonState.PLANNED:
            await lessons.deliver(session, lesson, rooms, along)
            lessons.announce(frame, session, key)
