"""All SQL about classes that follow courses, and what a school may see."""

from collections.abc import Sequence
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, bindparam, delete, func, or_, select
from sqlalchemy.orm import joinedload

from tongke_courses.catalogue.models import Course, CourseFollow, CourseState
from tongke_courses.catalogue.rights import FOLLOW
from tongke_courses.lessons.models import Lesson, LessonRoom, LessonState
from tongke_courses.lessons.reach import reaching
from tongke_platform.classes.repository import going_on
from tongke_platform.database import Repository
from tongke_platform.organisations.models import (
    AcademicYear,
    ClassYear,
    Organisation,
    Room,
    SchoolClass,
)
from tongke_platform.paging import MOST
from tongke_platform.partnerships.repository import givers_to
from tongke_platform.rights import Principal


@cache
def _choices(regions: int | None) -> Select[UUID, str, str]:
    day: Any = bindparam("day")
    this_year = select(AcademicYear.id).where(
        AcademicYear.starts_on <= day, AcademicYear.ends_on >= day
    )
    called = func.coalesce(ClassYear.name, SchoolClass.name).label("called")
    return (
        select(SchoolClass.id, called, Organisation.name.label("school"))
        .join(Organisation, Organisation.id == SchoolClass.organisation_id)
        .outerjoin(
            ClassYear,
            and_(ClassYear.class_id == SchoolClass.id, ClassYear.year_id.in_(this_year)),
        )
        .where(FOLLOW.condition(regions), going_on(day))
        .order_by(SchoolClass.name, SchoolClass.id)
        .limit(MOST)
    )


class FollowRepository(Repository[CourseFollow]):
    """Every follow read here has its class, with the class's school, loaded."""

    model = CourseFollow

    def base(self) -> Select[Any]:
        return select(CourseFollow).options(
            joinedload(CourseFollow.school_class).joinedload(SchoolClass.organisation)
        )

    async def choices(self, principal: Principal) -> Sequence[tuple[UUID, str, str]]:
        """Classes the principal may let follow: id, what it is called this year, school."""
        asked = {**FOLLOW.values(principal), "day": principal.today}
        found = await self.session.execute(_choices(FOLLOW.regions(principal)), asked)
        return [(row.id, row.called, row.school) for row in found]

    async def of(self, course_id: UUID, class_id: UUID) -> CourseFollow | None:
        return await self.one_or_none(
            self.base().where(
                CourseFollow.course_id == course_id, CourseFollow.class_id == class_id
            )
        )

    async def of_course(self, course_id: UUID) -> Sequence[CourseFollow]:
        """Those that go on, the oldest first."""
        statement = self.base().where(
            CourseFollow.course_id == course_id, CourseFollow.ended_on.is_(None)
        )
        return await self.all(statement.order_by(CourseFollow.id))

    async def count(self, course_id: UUID) -> int:
        statement = select(func.count()).where(
            CourseFollow.course_id == course_id, CourseFollow.ended_on.is_(None)
        )
        return (await self.session.execute(statement)).scalar_one()

    async def schools(self, course_id: UUID) -> Sequence[Organisation]:
        """Of the classes that follow."""
        followed = (
            select(SchoolClass.organisation_id)
            .join(CourseFollow, CourseFollow.class_id == SchoolClass.id)
            .where(CourseFollow.course_id == course_id, CourseFollow.ended_on.is_(None))
        )
        statement = select(Organisation).where(Organisation.id.in_(followed))
        return (await self.session.execute(statement)).scalars().all()

    async def rooms_of_class(self, class_id: UUID) -> Sequence[Room]:
        """Where it sits, with their school."""
        return await self._rooms(Room.class_id == class_id)

    async def rooms_following(self, course_id: UUID) -> Sequence[Room]:
        classes = select(CourseFollow.class_id).where(
            CourseFollow.course_id == course_id, CourseFollow.ended_on.is_(None)
        )
        return await self._rooms(Room.class_id.in_(classes))

    async def _rooms(self, condition: ColumnElement[bool]) -> Sequence[Room]:
        statement = (
            select(Room)
            .where(condition, Room.revoked_at.is_(None))
            .options(joinedload(Room.school))
            .order_by(Room.id)
        )
        return (await self.session.execute(statement)).scalars().all()

    async def published_of(self, class_id: UUID) -> Sequence[UUID]:
        """The courses a class follows that are not withdrawn."""
        statement = (
            select(CourseFollow.course_id)
            .join(Course, Course.id == CourseFollow.course_id)
            .where(
                CourseFollow.class_id == class_id,
                CourseFollow.ended_on.is_(None),
                Course.state == CourseState.PUBLISHED,
            )
            .order_by(CourseFollow.course_id)
        )
        return (await self.session.execute(statement)).scalars().all()

    async def classes_where(
        self, clause: ColumnElement[bool], day: date, limit: int
    ) -> Sequence[SchoolClass]:
        """That go on, in schools the clause holds for."""
        schools = select(Organisation.id).where(clause)
        statement = (
            select(SchoolClass)
            .where(SchoolClass.organisation_id.in_(schools), going_on(day))
            .options(joinedload(SchoolClass.organisation))
            .order_by(SchoolClass.name, SchoolClass.id)
        )
        return (await self.session.execute(statement.limit(limit))).scalars().all()

    async def take_back(self, course_id: UUID, class_id: UUID, now: datetime) -> list[UUID]:
        """Deliveries of coming lessons to the class's rooms go; the lessons they were of."""
        coming = select(Lesson.id).where(
            Lesson.course_id == course_id,
            Lesson.state == LessonState.PLANNED,
            or_(Lesson.planned_start.is_(None), Lesson.planned_start > now),
        )
        rooms = select(Room.id).where(Room.class_id == class_id)
        statement = (
            delete(LessonRoom)
            .where(LessonRoom.lesson_id.in_(coming), LessonRoom.room_id.in_(rooms))
            .returning(LessonRoom.lesson_id)
        )
        return list((await self.session.execute(statement)).scalars())

    async def state_of(self, course_id: UUID) -> CourseState | None:
        found = await self.session.execute(select(Course.state).where(Course.id == course_id))
        return found.scalar_one_or_none()

    async def taught_by(self, school: Organisation, lead: UUID, day: date) -> bool:
        """Whether the lead school may teach ``school`` under a partnership in force."""
        house = [one for one in (school.id, school.parent_id) if one is not None]
        givers = givers_to(select(Organisation.id).where(Organisation.id.in_(house)), day)
        statement = select(Organisation.id).where(
            Organisation.id == lead,
            or_(Organisation.id.in_(givers), Organisation.parent_id.in_(givers)),
        )
        return (await self.session.execute(statement)).scalar_one_or_none() is not None

    async def reached(self, school_id: UUID, day: date, *, course_id: UUID) -> bool:
        """Whether a lesson of the course is delivered to a room of the school."""
        statement = reaching(day).where(Room.school_id == school_id, Lesson.course_id == course_id)
        return (await self.session.execute(statement.limit(1))).scalar_one_or_none() is not None
