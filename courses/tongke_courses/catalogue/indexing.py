"""Courses as the search finds them: written in the transaction that changes them."""

from collections.abc import AsyncGenerator, Sequence
from uuid import UUID

from tongke_courses.catalogue.follow_repository import FollowRepository
from tongke_courses.catalogue.models import Course, CourseState
from tongke_courses.catalogue.repository import CourseRepository, UnitRepository
from tongke_courses.catalogue.visible import audience_of_course
from tongke_courses.materials import indexing as materials
from tongke_courses.search import index, kinds
from tongke_courses.search.documents import Document
from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.errors import N_
from tongke_platform.rights import Principal

KIND = "course"
AT_ONCE = 100


async def course_changed(session: WriteSession, key: UUID) -> None:
    """Its words, teachers, units, visibility or followers."""
    await session.flush()
    async with ReadSession(bind=await session.connection()) as apart:
        course = await CourseRepository(apart).by_id(key)
        there = course is not None and course.state is not CourseState.ARRIVING
        found = await document(apart, course) if course is not None and there else None
    if found is None:
        await index.remove(session, KIND, key)
    else:
        await index.put(session, found)
    await materials.course_changed(session, key)


async def document(session: ReadSession, course: Course) -> Document:
    """``course`` comes from CourseRepository."""
    units = await UnitRepository(session).of_course(course.id)
    people = [one.person.display_name for one in course.teachers]
    facets = {
        "stage": course.stage,
        "subject": course.subject,
        "edition": course.edition,
        "grade": course.grade,
        "school": str(course.school_id),
    }
    said = (course.subject, course.grade, course.edition, course.school.name)
    return Document(
        kind=KIND,
        id=course.id,
        title=course.title,
        at=course.published_at or course.created_at,
        audience=audience_of_course(course, await FollowRepository(session).schools(course.id)),
        body="\n".join([course.description, *(one.title for one in units), *people]),
        summary=" · ".join(one for one in said if one),
        facets={name: value for name, value in facets.items() if value},
    )


async def readable_ids(
    session: ReadSession, principal: Principal | None, keys: Sequence[UUID]
) -> set[UUID]:
    return await CourseRepository(session).ids_seen(principal, keys)


async def documents(session: ReadSession, after: UUID | None) -> AsyncGenerator[Document, None]:
    repository = CourseRepository(session)
    while courses := await repository.following(after, limit=AT_ONCE):
        for one in courses:
            if one.state is not CourseState.ARRIVING:
                yield await document(session, one)
        after = courses[-1].id


def register() -> None:
    kinds.register(
        kinds.Kind(
            name=KIND,
            label=N_("Course"),
            icon="book-open",
            href=lambda place: f"/courses/{place.id}",
            readable_ids=readable_ids,
            documents=documents,
        )
    )
