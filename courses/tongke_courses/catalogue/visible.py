"""What holds of what was asked: the effective visibility of a lesson, and who may be told of it.

Pure functions. The rules, in words:

- A lesson of no course is as visible as was asked, ``ROOMS`` when nothing was.
- A lesson of a course is as visible as was asked for it, or else as its course. It may be asked to
  be wider than its course (a lesson to try) or narrower.
- Of a draft or a withdrawn course no lesson reaches further than ``ROOMS``.
- ``PUBLIC`` takes the yes of every school whose class is heard or seen in it, the lead school
  included. As long as one is missing, was refused or taken back, the lesson is ``SIGNED_IN``: what
  its leaders may choose without asking anybody.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

from tongke_courses.catalogue.models import Course, CourseState
from tongke_courses.lessons.models import Lesson
from tongke_courses.lessons.visibility import Visibility
from tongke_platform.organisations.models import Organisation


def asked(
    wanted: Visibility | None, course: Visibility | None, state: CourseState | None
) -> Visibility:
    """What would hold if every school agreed; ``course`` and ``state`` None for no course."""
    if state is not None and state is not CourseState.PUBLISHED:
        return Visibility.ROOMS
    return wanted or course or Visibility.ROOMS


def effective(
    wanted: Visibility | None,
    course: Visibility | None,
    state: CourseState | None,
    *,
    agreed: bool,
) -> Visibility:
    """``agreed``: every school whose class is heard or seen has approved."""
    found = asked(wanted, course, state)
    return Visibility.SIGNED_IN if found is Visibility.PUBLIC and not agreed else found


def audience_of_course(course: Course, followers: Sequence[Organisation] = ()) -> frozenset[str]:
    """Tokens of those who may find it; ``course`` with school and teachers, ``followers`` are the
    schools of the classes that follow it. One that is arriving is in no index.
    """
    people = {f"p:{one.person_id}" for one in course.teachers}
    if course.state is CourseState.DRAFT:
        # Those who manage its school's courses are asked about before they are shown it.
        return frozenset(people | _of_place(course.school))
    reached = [course.school, *followers]
    seen = course.visibility if course.state is CourseState.PUBLISHED else Visibility.ROOMS
    return frozenset(people) | _tokens(seen, course.school_id, reached)


def audience_of_lesson(lesson: Lesson, teachers: Iterable[UUID] = ()) -> frozenset[str]:
    """Tokens of those who may find it; ``lesson`` as LessonRepository gives it, ``teachers`` are
    those of its course.
    """
    people = {f"p:{one}" for one in (lesson.teacher_id, *teachers)}
    reached = [lesson.school, *(room.school for room in lesson.rooms)]
    return frozenset(people) | _tokens(lesson.visibility, lesson.school_id, reached)


def _tokens(
    visibility: Visibility, school_id: UUID, reached: Iterable[Organisation]
) -> frozenset[str]:
    if visibility is Visibility.PUBLIC:
        return frozenset({"public", "signed"})
    if visibility is Visibility.SIGNED_IN:
        return frozenset({"signed"})
    found = {token for place in reached for token in _of_place(place)}
    if visibility is Visibility.PARTNERSHIP:
        found.add(f"w:{school_id}")
    return frozenset(found)


def _of_place(place: Organisation) -> set[str]:
    """The school, the one that manages it, and the regions it lies in."""
    found = {f"s:{one}" for one in (place.id, place.parent_id) if one is not None}
    return found | {f"r:{code}" for code in place.region_path.split("/") if code}
