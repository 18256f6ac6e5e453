"""What a school as a whole may see, whoever of it asks: its classes follow and learn at home."""

from datetime import date

from tongke_courses.catalogue.follow_repository import FollowRepository
from tongke_courses.catalogue.models import Course, CourseState
from tongke_courses.lessons.models import Lesson
from tongke_courses.lessons.rights import rooms_reached
from tongke_courses.lessons.service import one_house
from tongke_courses.lessons.visibility import Visibility
from tongke_platform.database import ReadSession
from tongke_platform.organisations.models import Organisation

EVERYBODY = frozenset({Visibility.SIGNED_IN, Visibility.PUBLIC})


async def school_sees_course(
    session: ReadSession, school: Organisation, course: Course, day: date
) -> bool:
    """A published course; ``course`` with its school."""
    if course.state is not CourseState.PUBLISHED:
        return False
    if course.visibility in EVERYBODY or one_house(course.school, school):
        return True
    follows = FollowRepository(session)
    if course.visibility is Visibility.PARTNERSHIP and await follows.taught_by(
        school, course.school_id, day
    ):
        return True
    return await follows.reached(school.id, day, course_id=course.id)


async def school_sees_lesson(
    session: ReadSession, school: Organisation, lesson: Lesson, day: date
) -> bool:
    """``lesson`` as LessonRepository gives it."""
    if lesson.visibility in EVERYBODY or one_house(lesson.school, school):
        return True
    if any(one_house(room.school, school) for room in rooms_reached(lesson, day)):
        return True
    return lesson.visibility is Visibility.PARTNERSHIP and await FollowRepository(
        session
    ).taught_by(school, lesson.school_id, day)
