"""Who may do what with a lesson.

A lesson that exists answers 403 to those it is not for and 404 is kept for ids that name nothing:
that a lesson exists is no secret, what is said in it is.
"""

from typing import Annotated
from uuid import UUID

from fastapi import Depends

from tongke_courses.lessons.models import Lesson, Room
from tongke_courses.lessons.repository import LessonRepository
from tongke_platform.accounts.models import Account, Role
from tongke_platform.accounts.rights import RequiredAccount
from tongke_platform.errors import N_, Forbidden, NotFound
from tongke_platform.frame import TheFrame

NO_LESSON = N_("There is no such lesson.")
NOT_YOURS = N_("This lesson is not delivered to your school.")
NOT_LEADING = N_("Only the lead teacher and the lead school's administrators may do this.")


def may_lead(account: Account, lesson: Lesson) -> bool:
    """Publish into it, see its rooms, end it."""
    if account.role is Role.ADMIN or account.id == lesson.teacher_id:
        return True
    return account.role is Role.SCHOOL_ADMIN and account.school_id == lesson.school_id


def may_watch(account: Account, lesson: Lesson) -> bool:
    """Its leaders, its school, and the schools of the rooms it is delivered to."""
    if may_lead(account, lesson):
        return True
    schools = {lesson.school_id, *(room.school_id for room in lesson.rooms)}
    return account.school_id in schools


def may_create(account: Account) -> bool:
    """Lead teachers for themselves, school administrators for their school, admins for anyone."""
    return account.role in {Role.ADMIN, Role.SCHOOL_ADMIN, Role.LEAD_TEACHER}


def room_may_watch(room: Room, lesson: Lesson) -> bool:
    return room.revoked_at is None and any(one.id == room.id for one in lesson.rooms)


def check_watch(account: Account, lesson: Lesson) -> None:
    if not may_watch(account, lesson):
        raise Forbidden(NOT_YOURS, code="not_your_lesson")


def check_lead(account: Account, lesson: Lesson) -> None:
    if not may_lead(account, lesson):
        raise Forbidden(NOT_LEADING, code="not_leading")


def parse_id(text: str) -> UUID:
    """Raises NotFound: what is no id names no lesson."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFound(NO_LESSON, code="no_lesson") from None


async def watchable_lesson(lesson_id: str, account: RequiredAccount, frame: TheFrame) -> Lesson:
    """The lesson in the path, for those who may watch it."""
    async with frame.database.read() as session:
        lesson = await LessonRepository(session).by_id(parse_id(lesson_id))
    if lesson is None:
        raise NotFound(NO_LESSON, code="no_lesson")
    check_watch(account, lesson)
    return lesson


WatchableLesson = Annotated[Lesson, Depends(watchable_lesson)]


async def led_lesson(lesson: WatchableLesson, account: RequiredAccount) -> Lesson:
    """The lesson in the path, for those who may lead it."""
    check_lead(account, lesson)
    return lesson


LedLesson = Annotated[Lesson, Depends(led_lesson)]


def holder_of(account: Account) -> str:
    """Who holds a source they publish: the same person's new page takes it over."""
    return f"account:{account.id}"
