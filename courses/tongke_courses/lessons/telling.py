"""What people are told of lessons."""

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from tongke_courses.lessons.models import Lesson
from tongke_courses.lessons.rights import ANSWER
from tongke_platform import notices
from tongke_platform.database import WriteSession
from tongke_platform.errors import N_
from tongke_platform.notices.kinds import LESSON_PLANNED, NoticeKind, register
from tongke_platform.notices.models import Choice
from tongke_platform.organisations.models import Room
from tongke_platform.people.roles import Role
from tongke_platform.rights import Principal

UNLED = register(
    NoticeKind(
        "lesson.unled",
        N_("Lessons to come have lost their teacher"),
        N_("Lessons without a teacher at %(school)s: %(count)s"),
        N_("%(teacher)s will not be there to teach: %(lessons)s"),
        mail=Choice.NOW,
        chat=Choice.OFF,
    )
)
HANDED = register(
    NoticeKind(
        "lesson.handed",
        N_("A lesson is handed to you"),
        N_("You teach %(title)s, %(start_at)s"),
        N_("%(by)s has handed you %(title)s (%(subject)s, %(grade)s) of %(school)s."),
        mail=Choice.NOW,
    )
)
LISTED = 10
UNLED_PAGE = "/admin/lessons"
HANDING = frozenset({Role.ACADEMIC_OFFICE, Role.SCHOOL_ADMIN})
RECEIVING = frozenset({Role.ACADEMIC_OFFICE, Role.SCHOOL_ADMIN, Role.LOCAL_TEACHER})


async def planned(session: WriteSession, lesson: Lesson, room: Room) -> None:
    """To the school of a classroom it is to reach, in the transaction that plans it, once.

    A lesson without a time is told when it has one.
    """
    if room.school_id == lesson.school_id or lesson.planned_start is None:
        return
    await notices.tell_school(
        session,
        school_id=room.school_id,
        roles=RECEIVING,
        day=lesson.planned_start.date(),
        kind=LESSON_PLANNED,
        params={
            "title": lesson.title,
            "subject": lesson.subject,
            "grade": lesson.grade,
            "teacher": lesson.teacher.display_name,
            "school": lesson.school.name,
            "room": room.name,
            "start_at": lesson.planned_start,
        },
        link="/",
        key=f"lesson.planned:{lesson.id}:{room.id}",
    )


async def unled(
    session: WriteSession, lessons: Sequence[Lesson], day: date, zone: ZoneInfo
) -> None:
    """``lessons`` of one teacher and one school: who hands them on there, and the far schools that
    answer for their classrooms, each with the lessons that reach them.
    """
    school = lessons[0].school
    await _unled_at(session, school.id, HANDING, lessons, day, zone, UNLED_PAGE)
    far: dict[UUID, dict[UUID, Lesson]] = {}
    for one in lessons:
        for room in one.rooms:
            if room.school_id != school.id:
                far.setdefault(room.school_id, {})[one.id] = one
    for key, some in far.items():
        await _unled_at(session, key, ANSWER.roles, [*some.values()], day, zone, "/")


async def _unled_at(
    session: WriteSession,
    school_id: UUID,
    roles: Collection[Role],
    lessons: Sequence[Lesson],
    day: date,
    zone: ZoneInfo,
    link: str,
) -> None:
    said = [f"{one.title} {one.starts_at.astimezone(zone):%m-%d %H:%M}" for one in lessons[:LISTED]]
    since = lessons[0].unled_at
    await notices.tell_school(
        session,
        school_id=school_id,
        roles=roles,
        day=day,
        kind=UNLED,
        params={
            "teacher": lessons[0].teacher.display_name,
            "school": lessons[0].school.name,
            "count": len(lessons),
            "lessons": "；".join([*said, "…"] if len(lessons) > LISTED else said),
        },
        link=link,
        key=f"lesson.unled:{lessons[0].id}:{since.isoformat() if since else ''}",
    )


async def handed(session: WriteSession, lesson: Lesson, by: Principal) -> None:
    """To the teacher it is handed to."""
    await notices.send(
        session,
        to=[lesson.teacher_id],
        kind=HANDED,
        params={
            "by": by.name,
            "title": lesson.title,
            "subject": lesson.subject,
            "grade": lesson.grade,
            "school": lesson.school.name,
            "start_at": lesson.planned_start,
        },
        link="/",
        key=f"lesson.handed:{lesson.id}:{uuid4()}",
    )
