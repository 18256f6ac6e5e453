"""Lessons as they are found by the search."""

from collections.abc import AsyncGenerator, Sequence
from uuid import UUID

from tongke_courses.lessons.models import Lesson
from tongke_courses.lessons.repository import LessonRepository
from tongke_courses.lessons.visibility import Visibility
from tongke_courses.search import audience, index, kinds
from tongke_courses.search.documents import Document
from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.errors import N_
from tongke_platform.rights import Principal

KIND = "lesson"
AT_ONCE = 200


async def refresh(session: WriteSession, lesson_id: UUID) -> None:
    """Whoever changes a lesson, its rooms or its visibility calls this in the same transaction."""
    await session.flush()
    # A session of its own in the same transaction: what the caller has loaded stays as it is.
    async with ReadSession(bind=await session.connection()) as apart:
        lesson = await LessonRepository(apart).by_id(lesson_id)
    if lesson is None:
        await index.remove(session, KIND, lesson_id)
    else:
        await index.put(session, document(lesson))


def document(lesson: Lesson) -> Document:
    """``lesson`` comes from LessonRepository."""
    said = (lesson.subject, lesson.grade, lesson.teacher.display_name, lesson.school.name)
    return Document(
        kind=KIND,
        id=lesson.id,
        title=lesson.title,
        at=lesson.planned_start or lesson.started_at or lesson.created_at,
        audience=audience_of(lesson),
        summary=" · ".join(one for one in said if one),
        body=lesson.description,
        facets={
            "subject": lesson.subject, "grade": lesson.grade, "school": str(lesson.school_id),
        },
        parent_id=lesson.course_id,
    )  # fmt: skip


def audience_of(lesson: Lesson) -> frozenset[str]:
    """Who may watch it. Rooms count here whether or not their partnership is in force: that is asked
    when something was found, so pausing a partnership changes no label.
    """
    if lesson.visibility is Visibility.PUBLIC:
        return frozenset((audience.PUBLIC,))
    if lesson.visibility is Visibility.SIGNED_IN:
        return frozenset((audience.SIGNED,))
    found = {audience.person(lesson.teacher_id), *audience.of_school(lesson.school)}
    for room in lesson.rooms:
        found |= audience.of_school(room.school)
    if lesson.visibility is Visibility.PARTNERSHIP:
        found.add(audience.taught_by(lesson.school_id))
    return frozenset(found)


async def readable_ids(
    session: ReadSession, principal: Principal | None, ids: Sequence[UUID]
) -> set[UUID]:
    return await LessonRepository(session).readable_among(principal, ids)


async def documents(session: ReadSession, after: UUID | None) -> AsyncGenerator[Document, None]:
    while lessons := await LessonRepository(session).following(after, limit=AT_ONCE):
        for lesson in lessons:
            yield document(lesson)
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
