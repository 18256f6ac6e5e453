"""Rules of lessons: planned, live, ended; the rooms they reach."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from tongke_courses.lessons import facts, indexing, rights, telling
from tongke_courses.lessons.models import Lesson, LessonRoom, LessonState
from tongke_courses.lessons.repository import LessonRepository, LessonRoomRepository
from tongke_courses.lessons.visibility import Visibility
from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.errors import N_, Conflict, Forbidden, Invalid, NotFound
from tongke_platform.frame import Frame
from tongke_platform.organisations.models import Organisation, Room
from tongke_platform.partnerships import service as partnerships
from tongke_platform.people.models import Person
from tongke_platform.rights import Principal

CHANGED = "lesson.changed"
FINALISE = "lesson.finalise"
# A job for whoever makes something of a recording that was closed: its last parts may be on their way.
RECORDED = "lesson.recorded"


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
    """Today's lessons of ``principal``'s day, in the order of their planned start."""
    return await LessonRepository(session).concerning_between(principal, *day_of(now, zone))


async def today_of_room(
    session: ReadSession, room: Room, now: datetime, zone: ZoneInfo
) -> Sequence[Lesson]:
    """Today's lessons that reach ``room``, in the order of their planned start."""
    day = now.astimezone(zone).date()
    return await LessonRepository(session).of_room_between(room, day, *day_of(now, zone))


async def get(session: ReadSession, lesson_id: UUID) -> Lesson:
    """Raises NotFound ``no_lesson``."""
    lesson = await LessonRepository(session).by_id(lesson_id)
    if lesson is None:
        raise NotFound(N_("There is no such lesson."), code="no_lesson")
    return lesson


@dataclass(frozen=True)
class Delivery:
    """How rooms are reached: asked on ``now`` in ``zone`` by person ``by``.

    ``invite``: rooms that no partnership leads to are invited by name. ``quiet``: their schools
    know of it already.
    """

    now: datetime
    zone: ZoneInfo
    by: UUID | None = None
    invite: bool = False
    quiet: bool = False

    def day_of(self, lesson: Lesson) -> date:
        """The day a partnership has to cover: the lesson's own, but never one gone by."""
        times = (self.now, lesson.planned_start or self.now)
        return max(one.astimezone(self.zone).date() for one in times)


@dataclass(frozen=True)
class Place:
    """Where a lesson belongs, and what else is said of it. ``wanted_visibility`` None: that of the
    course.
    """

    description: str = ""
    course_id: UUID | None = None
    unit_id: UUID | None = None
    position: int = 0
    textbook_id: UUID | None = None
    wanted_visibility: Visibility | None = None


NOWHERE = Place()


async def create(
    session: WriteSession,
    *,
    title: str,
    subject: str,
    grade: str,
    teacher: Person,
    school_id: UUID | None,
    planned_start: datetime | None,
    planned_minutes: int = 40,
    rooms: Sequence[Room] = (),
    delivery: Delivery,
    place: Place = NOWHERE,
) -> Lesson:
    """Plan a lesson led by ``teacher`` for a school; its visibility is for the catalogue to settle.

    Raises Invalid ``no_lead_school`` and what ``deliver`` raises.
    """
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
        **{one.name: getattr(place, one.name) for one in fields(place)},
    )
    await LessonRepository(session).add(lesson)
    await deliver(session, await get(session, lesson.id), rooms, delivery)
    return await fresh(session, lesson.id)


async def deliver(
    session: WriteSession, lesson: Lesson, rooms: Sequence[Room], how: Delivery
) -> None:
    """Deliver a lesson to more rooms; those it reaches already, or that declined, stay as they are.

    ``lesson`` and ``rooms`` come with their schools. Raises Invalid ``no_partnership``.
    """
    deliveries = LessonRoomRepository(session)
    there = await deliveries.of_lesson(lesson.id)
    for room in rooms:
        known = there.get(room.id)
        if known is not None and not _is_stale(known, how.day_of(lesson)):
            continue
        found = known or LessonRoom(lesson_id=lesson.id, room_id=room.id)
        found.partnership_id = await _way(session, lesson, room, how)
        if found.partnership_id is None and not one_house(lesson.school, room.school):
            found.invited_by_id, found.invited_at = how.by, how.now
        if known is None:
            there[room.id] = await deliveries.add(found)
        if not how.quiet:
            await telling.planned(session, lesson, room)
    await indexing.refresh(session, lesson.id)


def _is_stale(known: LessonRoom, day: date) -> bool:
    """The partnership it came along is over: another may have taken its place."""
    along = known.partnership
    return along is not None and known.declined_at is None and not along.in_force(day)


async def _way(session: WriteSession, lesson: Lesson, room: Room, how: Delivery) -> UUID | None:
    """The partnership that leads to a room; None where none is needed."""
    if one_house(lesson.school, room.school):
        return None
    found = await partnerships.covering(
        session,
        lesson.school,
        room.school,
        subject=lesson.subject,
        grade=lesson.grade,
        day=how.day_of(lesson),
    )
    if found is None and not how.invite:
        raise Invalid(
            N_("No partnership carries this lesson to the classroom %(room)s."),
            code="no_partnership",
            room=room.name,
        )
    return found.id if found else None


def one_house(one: Organisation, other: Organisation) -> bool:
    """The same school, or a school and a teaching point it manages."""
    return one.id in (other.id, other.parent_id) or one.parent_id == other.id


async def invitations(
    session: ReadSession, principal: Principal, now: datetime
) -> Sequence[LessonRoom]:
    """Of the principal's classrooms, the next 100 from yesterday on. Raises Forbidden."""
    if not rights.ANSWER.allows_anywhere(principal):
        raise Forbidden
    after = now - timedelta(days=1)
    return await LessonRoomRepository(session).invitations(principal, after=after, limit=100)


async def offered(session: ReadSession, principal: Principal, now: datetime) -> int:
    """How many of the principal's invitations are to lessons to come and not declined."""
    return await LessonRoomRepository(session).offered(principal, now)


async def decline(
    frame: Frame, session: WriteSession, by: Principal, invitation_id: UUID
) -> LessonRoom:
    """For the room's school; declining twice is no error. Raises NotFound, Forbidden."""
    found = await LessonRoomRepository(session).invitation(invitation_id)
    if found is None or not rights.WATCH.allows(by, found.room.school):
        raise NotFound(N_("There is no such invitation."), code="no_invitation")
    rights.ANSWER.check(by, found.room.school)
    if found.declined_at is None:
        found.declined_at, found.declined_by_id = frame.now(), by.id
        await indexing.refresh(session, found.lesson_id)
        announce(frame, session, found.lesson_id)
    return found


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
        lesson = await fresh(session, lesson_id)
        if job is not None:
            await facts.held(session, lesson)
            await indexing.refresh(session, lesson_id)
    if job is not None:
        return lesson, await frame.jobs.run(job)
    return lesson, await frame.jobs.settled(FINALISE, lesson=str(lesson_id))


async def fresh(session: WriteSession, lesson_id: UUID) -> Lesson:
    """Read again with everything a lesson is shown with."""
    session.expire_all()
    return await get(session, lesson_id)


def announce(frame: Frame, session: WriteSession, lesson_id: UUID) -> None:
    """Let live pages know, once it is committed, that the lesson is not what it was."""
    session.after_commit(lambda: frame.events.publish(CHANGED, lesson=str(lesson_id)))
