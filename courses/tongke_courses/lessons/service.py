"""Rules of lessons: planned, live, ended; the rooms they reach."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from tongke_courses.lessons.models import Lesson, LessonRoom, LessonState
from tongke_courses.lessons.repository import LessonRepository, LessonRoomRepository
from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.errors import N_, Conflict, Invalid, NotFound
from tongke_platform.frame import Frame
from tongke_platform.organisations.models import Room
from tongke_platform.people.models import Person
from tongke_platform.rights import Principal

CHANGED = "lesson.changed"
FINALISE = "lesson.finalise"


class MediaPlane(Protocol):
    """What lessons ask of the relay and the packagers; every call may be repeated."""

    async def finalise(self, lesson: str) -> None:
        """Send everybody off and close the recording; returns when the replay is complete."""
        ...


def day_of(now: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Beginning and end of the local day ``now`` lies in."""
    start = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return start, start + timedelta(days=1)


async def today(
    session: ReadSession, principal: Principal, now: datetime, zone: ZoneInfo
) -> Sequence[Lesson]:
    """Today's lessons ``principal`` may watch, in the order of their planned start."""
    return await LessonRepository(session).readable_between(principal, *day_of(now, zone))


async def today_of_room(
    session: ReadSession, room: Room, now: datetime, zone: ZoneInfo
) -> Sequence[Lesson]:
    """Today's lessons delivered to ``room``, in the order of their planned start."""
    return await LessonRepository(session).of_room_between(room, *day_of(now, zone))


async def get(session: ReadSession, lesson_id: UUID) -> Lesson:
    """Raises NotFound ``no_lesson``."""
    lesson = await LessonRepository(session).by_id(lesson_id)
    if lesson is None:
        raise NotFound(N_("There is no such lesson."), code="no_lesson")
    return lesson


async def create(
    session: WriteSession,
    *,
    title: str,
    subject: str,
    grade: str,
    teacher: Person,
    school_id: UUID | None,
    planned_start: datetime,
    planned_minutes: int = 40,
    rooms: Sequence[Room] = (),
) -> Lesson:
    """Plan a lesson led by ``teacher`` for a school. Raises Invalid ``no_lead_school``."""
    if school_id is None:
        raise Invalid(N_("The lead teacher belongs to no school."), code="no_lead_school")
    lesson = Lesson(
        title=title,
        subject=subject,
        grade=grade,
        school_id=school_id,
        teacher_id=teacher.id,
        planned_start=planned_start,
        planned_minutes=planned_minutes,
    )
    await LessonRepository(session).add(lesson)
    await deliver(session, lesson.id, rooms)
    return await _fresh(session, lesson.id)


async def deliver(session: WriteSession, lesson_id: UUID, rooms: Sequence[Room]) -> None:
    """Deliver a lesson to more rooms; those it reaches already stay."""
    deliveries = LessonRoomRepository(session)
    reached = await deliveries.rooms_of(lesson_id)
    for room in rooms:
        if room.id not in reached:
            await deliveries.add(LessonRoom(lesson_id=lesson_id, room_id=room.id))
            reached.add(room.id)


async def mark_live(frame: Frame, lesson_id: UUID) -> bool:
    """The first media came: planned becomes live. False when there was nothing to change."""
    async with frame.database.write() as session:
        started = await LessonRepository(session).start(lesson_id, frame.now())
        if started:
            announce(frame, session, lesson_id)
        return started


def check_publishable(lesson: Lesson) -> None:
    """Raises Conflict ``lesson_over``."""
    if lesson.state is LessonState.ENDED:
        raise Conflict(N_("This lesson is over."), code="lesson_over")


async def end(frame: Frame, lesson_id: UUID) -> tuple[Lesson, bool]:
    """The lesson is over: the ended lesson, and whether its replay is complete already.

    The end and the job that tells the relay and the packagers are one transaction; the job is then
    run at once, and by a worker if this process dies before it is done. Ending twice is no error.
    """
    async with frame.database.write() as session:
        job = None
        if await LessonRepository(session).end(lesson_id, frame.now()):
            job = await frame.jobs.add(session, FINALISE, lesson=str(lesson_id))
            announce(frame, session, lesson_id)
        lesson = await _fresh(session, lesson_id)
    if job is not None:
        return lesson, await frame.jobs.run(job)
    return lesson, await frame.jobs.settled(FINALISE, lesson=str(lesson_id))


async def _fresh(session: WriteSession, lesson_id: UUID) -> Lesson:
    """Read again with everything a lesson is shown with."""
    session.expire_all()
    return await get(session, lesson_id)


def announce(frame: Frame, session: WriteSession, lesson_id: UUID) -> None:
    """Let live pages know, once it is committed, that the lesson is not what it was."""
    session.after_commit(lambda: frame.events.publish(CHANGED, lesson=str(lesson_id)))
