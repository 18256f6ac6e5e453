"""What stands in a book: the lessons and courses that somebody may watch."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, or_, select

from tongke_courses.catalogue.models import Course, CourseState
from tongke_courses.lessons.models import Lesson
from tongke_courses.lessons.repository import LessonRepository
from tongke_courses.lessons.visibility import Visibility
from tongke_courses.textbooks.models import TextbookNode
from tongke_courses.textbooks.repository import below
from tongke_platform.database import ReadSession, Repository
from tongke_platform.rights import Principal

SHOWN = 30


def _inside(node: TextbookNode) -> Select[Any]:
    return select(TextbookNode.id).where(below(node))


async def lessons(
    session: ReadSession, principal: Principal, node: TextbookNode
) -> Sequence[Lesson]:
    """The newest, at most SHOWN."""
    repository = LessonRepository(session)
    statement = repository.readable(principal).where(Lesson.textbook_id.in_(_inside(node)))
    return await repository.all(statement.order_by(Lesson.id.desc()).limit(SHOWN))


class CourseRepository(Repository[Course]):
    model = Course


async def courses(
    session: ReadSession, principal: Principal, node: TextbookNode
) -> Sequence[Course]:
    """Published ones that are for all who are signed in, or of which they may watch a lesson."""
    watched = LessonRepository(session).readable(principal).options()
    of_lessons = watched.with_only_columns(Lesson.course_id).where(Lesson.course_id.is_not(None))
    statement = select(Course).where(
        Course.state == CourseState.PUBLISHED,
        Course.textbook_id.in_(_inside(node)),
        or_(
            Course.visibility.in_((Visibility.SIGNED_IN, Visibility.PUBLIC)),
            Course.id.in_(of_lessons),
        ),
    )
    found = statement.order_by(Course.id.desc()).limit(SHOWN)
    return await CourseRepository(session).all(found)
