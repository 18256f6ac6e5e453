"""Courses and lessons as the search finds them: written in the transaction that changes them."""

import importlib
import importlib.util
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import ModuleType
from typing import Any
from uuid import UUID

from sqlalchemy import select

from tongke_courses.catalogue.follow_repository import FollowRepository
from tongke_courses.catalogue.models import Course, CourseTeacher
from tongke_courses.catalogue.repository import CourseRepository, UnitRepository
from tongke_courses.catalogue.visible import audience_of_course, audience_of_lesson
from tongke_courses.lessons.models import Lesson
from tongke_courses.lessons.repository import LessonRepository
from tongke_courses.lessons.visibility import Visibility
from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.rights import Principal

COURSE, LESSON = "course", "lesson"


def _search(part: str) -> ModuleType | None:
    """A module of the search; None in a program that has none."""
    package = "tongke_courses.search"
    if importlib.util.find_spec(package) is None:
        return None
    return importlib.import_module(f"{package}.{part}")


async def _put(session: WriteSession, **fields: Any) -> None:
    index = _search("index")
    if index is not None:
        await index.put(session, index.Document(**fields))


async def course_changed(session: WriteSession, key: UUID) -> None:
    """Its words, teachers, units, visibility or followers."""
    if _search("index") is None:
        return
    await session.flush()
    repository = CourseRepository(session)
    statement = repository.base().where(Course.id == key)
    course = await repository.one_or_none(statement.execution_options(populate_existing=True))
    if course is None:
        return
    units = await UnitRepository(session).of_course(key)
    people = [one.person.display_name for one in course.teachers]
    await _put(
        session,
        kind=COURSE,
        id=course.id,
        title=course.title,
        at=course.published_at or course.created_at,
        audience=audience_of_course(course, await FollowRepository(session).schools(key)),
        body="\n".join([course.description, *(one.title for one in units), *people]),
        summary=course.description[:200],
        facets=_facets(course, course.subject, course.grade, course.school_id),
    )


def _facets(course: Course | None, subject: str, grade: str, school: UUID) -> Mapping[str, str]:
    found = {"subject": subject, "grade": grade, "school": str(school)}
    if course is not None:
        found |= {"stage": course.stage, "edition": course.edition}
    return {name: value for name, value in found.items() if value}


async def lessons_changed(session: WriteSession, keys: Sequence[UUID]) -> None:
    """Their words, visibility, or the rooms they reach."""
    if not keys or _search("index") is None:
        return
    await session.flush()
    lessons = LessonRepository(session)
    statement = lessons.base().where(Lesson.id.in_(keys))
    found = await lessons.all(statement.execution_options(populate_existing=True))
    courses = await _courses(session, found)
    teachers = await _teachers(session, [*courses])
    for one in found:
        course = courses.get(one.course_id) if one.course_id is not None else None
        await _put(
            session,
            kind=LESSON,
            id=one.id,
            title=one.title,
            at=_when(one),
            audience=audience_of_lesson(one, teachers.get(course.id, ()) if course else ()),
            body=f"{one.description}\n{one.teacher.display_name}",
            summary=one.description[:200],
            facets=_facets(course, one.subject, one.grade, one.school_id),
            parent_id=one.course_id,
        )


def _when(lesson: Lesson) -> datetime:
    return lesson.ended_at or lesson.planned_start or lesson.created_at


async def _courses(session: ReadSession, lessons: Sequence[Lesson]) -> dict[UUID, Course]:
    keys = {one.course_id for one in lessons if one.course_id is not None}
    found = await session.execute(select(Course).where(Course.id.in_(keys)))
    return {one.id: one for one in found.scalars()}


async def _teachers(session: ReadSession, keys: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    statement = select(CourseTeacher.course_id, CourseTeacher.person_id).where(
        CourseTeacher.course_id.in_(keys)
    )
    found: dict[UUID, list[UUID]] = {}
    for course, person in await session.execute(statement):
        found.setdefault(course, []).append(person)
    return found


async def lesson_removed(session: WriteSession, key: UUID) -> None:
    index = _search("index")
    if index is not None:
        await index.remove(session, LESSON, key)


async def courses_readable(
    session: ReadSession, principal: Principal | None, keys: Sequence[UUID]
) -> set[UUID]:
    return await CourseRepository(session).ids_seen(principal, keys)


async def lessons_readable(
    session: ReadSession, principal: Principal | None, keys: Sequence[UUID]
) -> set[UUID]:
    if principal is None:
        statement = select(Lesson.id).where(Lesson.visibility == Visibility.PUBLIC)
    else:
        readable = LessonRepository(session).readable(principal)
        statement = readable.with_only_columns(Lesson.id).options()
    found = await session.execute(statement.where(Lesson.id.in_(keys)))
    return set(found.scalars())
