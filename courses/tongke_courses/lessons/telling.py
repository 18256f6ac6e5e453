"""What people are told of lessons."""

from tongke_courses.lessons.models import Lesson
from tongke_platform import notices
from tongke_platform.database import WriteSession
from tongke_platform.notices.kinds import LESSON_PLANNED
from tongke_platform.organisations.models import Room
from tongke_platform.people.roles import Role

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
