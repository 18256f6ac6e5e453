"""Whether somebody may watch a lesson, with all that its visibility lets in."""

from tongke_courses.lessons.models import Lesson
from tongke_courses.lessons.repository import LessonRepository
from tongke_courses.lessons.rights import NOT_YOURS, may_watch_own
from tongke_courses.lessons.visibility import Visibility
from tongke_platform.database import ReadSession
from tongke_platform.errors import Forbidden
from tongke_platform.rights import Principal

EVERYBODY = frozenset({Visibility.SIGNED_IN, Visibility.PUBLIC})


async def may_watch(session: ReadSession, principal: Principal, lesson: Lesson) -> bool:
    """``LessonRepository.readable`` says the same. Partnerships, the teachers of its course and the
    successor of its school are asked from the database.
    """
    if lesson.visibility in EVERYBODY or may_watch_own(principal, lesson):
        return True
    alone = lesson.course_id is None and lesson.school.merged_into_id is None
    if alone and lesson.visibility is not Visibility.PARTNERSHIP:
        return False
    return await LessonRepository(session).is_readable(principal, lesson.id)


async def check_watch(session: ReadSession, principal: Principal, lesson: Lesson) -> None:
    """Raises Forbidden ``not_your_lesson``."""
    if not await may_watch(session, principal, lesson):
        raise Forbidden(NOT_YOURS, code="not_your_lesson")
