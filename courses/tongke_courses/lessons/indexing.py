"""Lessons as they are found by the search."""

from collections.abc import AsyncGenerator, Sequence
from uuid import UUID

from tongke_courses.catalogue.models import Course, CourseState
from tongke_courses.catalogue.visible import audience_of_lesson
from tongke_courses.lessons.models import Lesson
from tongke_courses.lessons.repository import LessonRepository
from tongke_courses.search import index, kinds
from tongke_courses.search.documents import Document
from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.errors import N_
from tongke_platform.rights import Principal

KIND = "lesson"
AT_ONCE = 200


async def refresh(session: WriteSession, *lesson_ids: UUID) -> None:
    """Whoever changes a lesson, its rooms, its course or its visibility calls this in the same
    transaction.
    """
    await session.flush()
    # A session of its own in the same transaction: what the caller has loaded stays as it is.
    async with ReadSession(bind=await session.connection()) as apart:
        lessons = LessonRepository(apart)
        found = await lessons.by_ids(lesson_ids)
        courses = await lessons.courses_of(found)
    there = [one for one in found if not _arriving(_course(one, courses))]
    for key in set(lesson_ids) - {one.id for one in there}:
        await index.remove(session, KIND, key)
    for one in there:
        await index.put(session, document(one, _course(one, courses)))


def _course(lesson: Lesson, courses: dict[UUID, Course]) -> Course | None:
    return courses.get(lesson.course_id) if lesson.course_id is not None else None


def _arriving(course: Course | None) -> bool:
    """Nobody sees half a package."""
    return course is not None and course.state is CourseState.ARRIVING


def document(lesson: Lesson, course: Course | None = None) -> Document:
    """``lesson`` comes from LessonRepository, ``course`` with its teachers."""
    said = (lesson.subject, lesson.grade, lesson.teacher.display_name, lesson.school.name)
    facets = {"subject": lesson.subject, "grade": lesson.grade, "school": str(lesson.school_id)}
    if course is not None:
        facets |= {"stage": course.stage, "edition": course.edition}
    return Document(
        kind=KIND,
        id=lesson.id,
        title=lesson.title,
        at=lesson.planned_start or lesson.started_at or lesson.created_at,
        audience=audience_of_lesson(
            lesson, [one.person_id for one in course.teachers] if course is not None else ()
        ),
        summary=" · ".join(one for one in said if one),
        body=lesson.description,
        facets={name: value for name, value in facets.items() if value},
        parent_id=lesson.course_id,
    )


async def readable_ids(
    session: ReadSession, principal: Principal | None, ids: Sequence[UUID]
) -> set[UUID]:
    return await LessonRepository(session).readable_among(principal, ids)


async def documents(session: ReadSession, after: UUID | None) -> AsyncGenerator[Document, None]:
    repository = LessonRepository(session)
    while lessons := await repository.following(after, limit=AT_ONCE):
        courses = await repository.courses_of(lessons)
        for lesson in lessons:
            if not _arriving(_course(lesson, courses)):
                yield document(lesson, _course(lesson, courses))
        after = lessons[-1].id


def register() -> None:
    kinds.register(
        kinds.Kind(
            name=KIND,
            label=N_("Lesson"),
            icon="video",
            href=lambda place: f"/lessons/{place.id}",
            readable_ids=readable_ids,
            documents=documents,
        )
    )
