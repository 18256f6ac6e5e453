"""What a route asks for: the lesson in its path, for those who may."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends

from tongke_courses.lessons.models import Lesson
from tongke_courses.lessons.repository import LessonRepository
from tongke_courses.lessons.rights import NO_LESSON, check_lead
from tongke_courses.lessons.seeing import check_watch
from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.errors import NotFound
from tongke_platform.frame import TheFrame


def parse_id(text: str) -> UUID:
    """Raises NotFound: what is no id names no lesson."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFound(NO_LESSON, code="no_lesson") from None


async def watchable_lesson(lesson_id: str, principal: RequiredPrincipal, frame: TheFrame) -> Lesson:
    """The lesson in the path, for those who may watch it."""
    async with frame.database.read() as session:
        lesson = await LessonRepository(session).by_id(parse_id(lesson_id))
        if lesson is None:
            raise NotFound(NO_LESSON, code="no_lesson")
        await check_watch(session, principal, lesson)
    return lesson


WatchableLesson = Annotated[Lesson, Depends(watchable_lesson)]


async def led_lesson(lesson: WatchableLesson, principal: RequiredPrincipal) -> Lesson:
    """The lesson in the path, for those who may lead it."""
    check_lead(principal, lesson)
    return lesson


LedLesson = Annotated[Lesson, Depends(led_lesson)]
