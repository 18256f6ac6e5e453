"""All SQL about links with which a class learns at home."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, Select, bindparam, select
from sqlalchemy.orm import joinedload

from tongke_courses.catalogue.models import ClassLink, Course, CourseFollow, CourseUnit
from tongke_courses.catalogue.rights import LINK
from tongke_courses.lessons.models import Lesson, LessonState
from tongke_courses.lessons.repository import LessonRepository
from tongke_platform.database import Repository
from tongke_platform.organisations.models import Organisation, SchoolClass
from tongke_platform.rights import Principal


@cache
def _links() -> Select[Any]:
    return select(ClassLink).options(
        joinedload(ClassLink.school_class).joinedload(SchoolClass.organisation),
        joinedload(ClassLink.course),
        joinedload(ClassLink.lesson),
    )


def _of_classes(schools: ColumnElement[bool]) -> ColumnElement[bool]:
    mine = select(Organisation.id).where(schools)
    return ClassLink.class_id.in_(
        select(SchoolClass.id).where(SchoolClass.organisation_id.in_(mine))
    )


@cache
def _standing(regions: int | None, no_course: bool, no_lesson: bool) -> Select[Any]:
    """See ``LinkRepository.standing``."""
    course, lesson = ClassLink.course_id, ClassLink.lesson_id
    statement = _links().where(
        _of_classes(LINK.condition(regions)),
        course.is_(None) if no_course else course == bindparam("course"),
        lesson.is_(None) if no_lesson else lesson == bindparam("lesson"),
        ClassLink.revoked_at.is_(None),
        ClassLink.expires_at > bindparam("now"),
    )
    return statement.order_by(ClassLink.id.desc()).limit(bindparam("limit", type_=Integer))


class LinkRepository(Repository[ClassLink]):
    """Every link read here has its class (with school), course and lesson loaded."""

    model = ClassLink

    def base(self) -> Select[Any]:
        return _links()

    def readable(self, principal: Principal) -> Select[Any]:
        return self.base().where(_of_classes(LINK.clause(principal)))

    async def page(
        self,
        principal: Principal,
        *,
        class_id: UUID | None,
        course_id: UUID | None,
        before: UUID | None,
        limit: int,
    ) -> Sequence[ClassLink]:
        """The newest first."""
        statement = self.readable(principal)
        if class_id is not None:
            statement = statement.where(ClassLink.class_id == class_id)
        if course_id is not None:
            statement = statement.where(ClassLink.course_id == course_id)
        if before is not None:
            statement = statement.where(ClassLink.id < before)
        return await self.all(statement.order_by(ClassLink.id.desc()).limit(limit))

    async def standing(
        self,
        principal: Principal,
        now: datetime,
        *,
        course_id: UUID | None,
        lesson_id: UUID | None,
        limit: int,
    ) -> Sequence[ClassLink]:
        """Of the principal's classes, neither revoked nor run out, the newest first; of exactly this
        course or lesson, both None: of all that a class follows.
        """
        statement = _standing(LINK.regions(principal), course_id is None, lesson_id is None)
        asked = {"now": now, "course": course_id, "lesson": lesson_id, "limit": limit}
        return await self.all(statement, {**LINK.values(principal), **asked})

    async def seen(self, principal: Principal, key: UUID) -> ClassLink | None:
        return await self.one_or_none(self.readable(principal).where(ClassLink.id == key))

    async def by_token(self, token: str) -> ClassLink | None:
        return await self.one_or_none(self.base().where(ClassLink.token == token))

    async def opens(self, link: ClassLink, lesson_id: UUID) -> bool:
        """Whether the lesson is one of the link's, may the class see it or not."""
        statement = self._of(link).where(Lesson.id == lesson_id).with_only_columns(Lesson.id)
        found = await self.session.execute(statement.options())
        return found.scalar_one_or_none() is not None

    async def ended(self, link: ClassLink, limit: int) -> Sequence[Lesson]:
        """The link's lessons that were held, the newest first, with schools and rooms."""
        statement = self._of(link).where(Lesson.started_at.is_not(None))
        ordered = statement.order_by(Lesson.ended_at.desc(), Lesson.id).limit(limit)
        return await LessonRepository(self.session).all(ordered)

    def _of(self, link: ClassLink) -> Select[Any]:
        statement = LessonRepository(self.session).base().where(Lesson.state == LessonState.ENDED)
        if link.lesson_id is not None:
            return statement.where(Lesson.id == link.lesson_id)
        if link.course_id is not None:
            return statement.where(Lesson.course_id == link.course_id)
        followed = select(CourseFollow.course_id).where(
            CourseFollow.class_id == link.class_id, CourseFollow.ended_on.is_(None)
        )
        return statement.where(Lesson.course_id.in_(followed))

    async def course_titles(self, lessons: Sequence[Lesson]) -> dict[UUID, str]:
        keys = {one.course_id for one in lessons if one.course_id is not None}
        statement = select(Course.id, Course.title).where(Course.id.in_(keys))
        return {row.id: row.title for row in await self.session.execute(statement)}

    async def unit_titles(self, lessons: Sequence[Lesson]) -> dict[UUID, str]:
        keys = {one.unit_id for one in lessons if one.unit_id is not None}
        statement = select(CourseUnit.id, CourseUnit.title).where(CourseUnit.id.in_(keys))
        return {row.id: row.title for row in await self.session.execute(statement)}
