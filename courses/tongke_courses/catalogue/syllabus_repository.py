"""All SQL about the lessons of a course."""

from collections.abc import Sequence
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, Select, bindparam, delete, func, select, update
from sqlalchemy.orm import joinedload

from tongke_courses.catalogue.models import Course, CourseTeacher, CourseUnit
from tongke_courses.lessons.models import Lesson, LessonState
from tongke_courses.lessons.reach import asked_by
from tongke_courses.lessons.repository import readable_by
from tongke_courses.lessons.rights import WATCH
from tongke_courses.lessons.visibility import Visibility
from tongke_courses.textbooks.models import TextbookNode
from tongke_platform.database import ReadSession, Repository
from tongke_platform.errors import N_, Invalid
from tongke_platform.organisations.models import Organisation
from tongke_platform.rights import Principal

NO_NODE = N_("There is no such place in a textbook.")


async def check_node(session: ReadSession, key: UUID | None) -> None:
    """Raises Invalid ``no_node``."""
    if key is not None:
        found = await session.execute(select(TextbookNode.id).where(TextbookNode.id == key))
        if found.scalar_one_or_none() is None:
            raise Invalid(NO_NODE, code="no_node")


@cache
def _of_course(who: int | None) -> Select[Any]:
    """``who``: in how many regions one watches, None for everywhere, -1 for nobody signed in."""
    statement = (
        select(Lesson)
        .options(joinedload(Lesson.teacher))
        .outerjoin(CourseUnit, CourseUnit.id == Lesson.unit_id)
        .where(Lesson.course_id == bindparam("course"))
        .order_by(
            func.coalesce(CourseUnit.position, -1), Lesson.unit_id, Lesson.position, Lesson.id
        )
        .limit(bindparam("limit", type_=Integer))
    )
    if who == -1:
        return statement.where(Lesson.visibility == Visibility.PUBLIC)
    return statement if who is None else statement.where(readable_by(who))


class SyllabusRepository(Repository[Lesson]):
    """Lessons read here have their teacher loaded, and not the rooms they reach."""

    model = Lesson

    def base(self) -> Select[Any]:
        return select(Lesson).options(joinedload(Lesson.teacher))

    async def of_course(
        self, principal: Principal | None, course_id: UUID, limit: int
    ) -> Sequence[Lesson]:
        """Those the principal may watch, unit by unit in their order, those of no unit first."""
        who = -1 if principal is None else WATCH.regions(principal)
        asked = asked_by(principal) if principal is not None else {}
        return await self.all(_of_course(who), {**asked, "course": course_id, "limit": limit})

    async def by_ids_in(self, course_id: UUID, keys: Sequence[UUID]) -> dict[UUID, Lesson]:
        statement = self.base().where(Lesson.course_id == course_id, Lesson.id.in_(keys))
        return {one.id: one for one in await self.all(statement)}

    async def last_position(self, course_id: UUID, unit_id: UUID | None) -> int:
        """-1 where there is none yet."""
        statement = select(func.max(Lesson.position)).where(
            Lesson.course_id == course_id, Lesson.unit_id == unit_id
        )
        found = (await self.session.execute(statement)).scalar_one()
        return -1 if found is None else found

    async def others_of(
        self, course_id: UUID, unit_id: UUID | None, named: Sequence[UUID]
    ) -> Sequence[Lesson]:
        """The lessons of a unit that are not named, in their order."""
        statement = self.base().where(
            Lesson.course_id == course_id,
            Lesson.unit_id == unit_id,
            Lesson.id.not_in(named),
        )
        return await self.all(statement.order_by(Lesson.position, Lesson.id))

    async def leave_unit(self, course_id: UUID, unit_id: UUID) -> None:
        """In their order, after those that have none."""
        last = await self.last_position(course_id, None)
        statement = (
            update(Lesson)
            .where(Lesson.unit_id == unit_id)
            .values(unit_id=None, position=Lesson.position + last + 1)
        )
        await self.session.execute(statement)

    async def remove(self, key: UUID) -> None:
        """With its deliveries and materials, by the database."""
        await self.session.execute(delete(Lesson).where(Lesson.id == key))

    async def school_of(self, course_id: UUID) -> Organisation:
        """That leads the course."""
        statement = (
            select(Organisation)
            .join(Course, Course.school_id == Organisation.id)
            .where(Course.id == course_id)
        )
        return (await self.session.execute(statement)).scalar_one()

    async def taught_by(self, course_id: UUID, person_id: UUID) -> bool:
        """Whether somebody is one of the course's teachers."""
        statement = select(CourseTeacher.id).where(
            CourseTeacher.course_id == course_id, CourseTeacher.person_id == person_id
        )
        return (await self.session.execute(statement)).scalar_one_or_none() is not None

    async def hand_over(
        self,
        course_ids: Sequence[UUID],
        before: UUID,
        after: UUID,
        keys: Sequence[UUID] | None = None,
    ) -> Sequence[UUID]:
        """Lessons of the courses that are still to come become another school's; which they are."""
        statement = update(Lesson).where(
            Lesson.course_id.in_(course_ids),
            Lesson.school_id == before,
            Lesson.state == LessonState.PLANNED,
        )
        if keys is not None:
            statement = statement.where(Lesson.id.in_(keys))
        found = await self.session.execute(
            statement.values(school_id=after).returning(Lesson.id),
            execution_options={"synchronize_session": False},
        )
        return found.scalars().all()

    async def coming(self, course_id: UUID) -> Sequence[UUID]:
        """Its planned lessons that have a time."""
        statement = select(Lesson.id).where(
            Lesson.course_id == course_id,
            Lesson.state == LessonState.PLANNED,
            Lesson.planned_start.is_not(None),
        )
        found = await self.session.execute(statement.order_by(Lesson.planned_start, Lesson.id))
        return found.scalars().all()
