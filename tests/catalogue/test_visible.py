"""What holds of what was asked, and the tokens that say who may find it."""

from uuid import uuid4

import pytest

from tongke_courses.catalogue.models import Course, CourseState, CourseTeacher
from tongke_courses.catalogue.visible import audience_of_course, audience_of_lesson, effective
from tongke_courses.lessons.models import Lesson, LessonRoom
from tongke_courses.lessons.visibility import Visibility
from tongke_platform.organisations.models import Organisation, Room

ROOMS, PARTNERSHIP, SIGNED, PUBLIC = Visibility
DRAFT, PUBLISHED, WITHDRAWN = CourseState.DRAFT, CourseState.PUBLISHED, CourseState.WITHDRAWN


@pytest.mark.parametrize(
    ("wanted", "course", "state", "agreed", "expected"),
    [
        # Of no course.
        (None, None, None, True, ROOMS),
        (PARTNERSHIP, None, None, True, PARTNERSHIP),
        (PUBLIC, None, None, True, PUBLIC),
        (PUBLIC, None, None, False, SIGNED),
        # As its course, wider, narrower.
        (None, PARTNERSHIP, PUBLISHED, True, PARTNERSHIP),
        (PUBLIC, PARTNERSHIP, PUBLISHED, True, PUBLIC),
        (ROOMS, PUBLIC, PUBLISHED, True, ROOMS),
        # A missing yes costs what is public, and nothing else.
        (None, PUBLIC, PUBLISHED, False, SIGNED),
        (PARTNERSHIP, PUBLIC, PUBLISHED, False, PARTNERSHIP),
        # Nothing of a draft or a withdrawn course reaches further than its rooms.
        (PUBLIC, PUBLIC, DRAFT, True, ROOMS),
        (None, SIGNED, DRAFT, True, ROOMS),
        (PUBLIC, PUBLIC, WITHDRAWN, True, ROOMS),
    ],
)
def test_effective(
    wanted: Visibility | None,
    course: Visibility | None,
    state: CourseState | None,
    agreed: bool,
    expected: Visibility,
) -> None:
    assert effective(wanted, course, state, agreed=agreed) is expected


def place(path: str = "/41/4115/", parent: Organisation | None = None) -> Organisation:
    return Organisation(id=uuid4(), region_path=path, parent_id=parent.id if parent else None)


def course(school: Organisation, state: CourseState, visibility: Visibility) -> Course:
    teacher = CourseTeacher(person_id=uuid4())
    return Course(
        school=school, school_id=school.id, state=state, visibility=visibility, teachers=[teacher]
    )


def test_audience_of_a_course() -> None:
    school, follower = place(), place("/42/")
    made = course(school, PUBLISHED, PARTNERSHIP)
    person = f"p:{made.teachers[0].person_id}"
    own = {f"s:{school.id}", "r:41", "r:4115", person}
    far = {f"s:{follower.id}", "r:42"}
    assert audience_of_course(made, [follower]) == own | far | {f"w:{school.id}"}
    made.visibility = ROOMS
    assert audience_of_course(made) == own
    made.visibility = SIGNED
    assert audience_of_course(made) == {"signed", person}
    made.visibility = PUBLIC
    assert audience_of_course(made) == {"public", "signed", person}
    made.state = WITHDRAWN
    assert audience_of_course(made, [follower]) == own | far
    made.state = DRAFT
    assert audience_of_course(made, [follower]) == own


def test_audience_of_a_lesson() -> None:
    centre = place()
    school, point = place("/42/"), place("/43/", centre)
    declined = place("/44/")
    teacher, other = uuid4(), uuid4()
    lesson = Lesson(
        school=school, school_id=school.id, teacher_id=teacher, visibility=ROOMS,
        deliveries=[LessonRoom(room=Room(school=point))],
    )  # fmt: skip
    lesson.deliveries.append(LessonRoom(room=Room(school=declined), declined_at=lesson.created_at))
    people = {f"p:{teacher}", f"p:{other}"}
    reached = {f"s:{point.id}", f"s:{centre.id}", "r:43", f"s:{school.id}", "r:42"}
    found = audience_of_lesson(lesson, [other])
    assert found >= people | reached
    lesson.visibility = PUBLIC
    assert audience_of_lesson(lesson, [other]) == people | {"public", "signed"}
