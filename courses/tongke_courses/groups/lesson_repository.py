"""All SQL about the lessons a group may be planning about: those its members teach."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import joinedload

from tongke_courses.lessons.models import Lesson
from tongke_platform.database import Repository
from tongke_platform.paging import contains
from tongke_platform.people.models import Membership, Person
from tongke_platform.people.repository import in_force
from tongke_platform.people.roles import Scope


class TaughtRepository(Repository[Lesson]):
    """Every lesson read here has its school and teacher loaded."""

    model = Lesson

    def base(self) -> Select[Any]:
        return select(Lesson).options(joinedload(Lesson.school), joinedload(Lesson.teacher))

    async def of_members(
        self,
        group_id: UUID,
        day: date,
        now: datetime,
        words: Sequence[str],
        *,
        coming: bool,
        limit: int,
    ) -> Sequence[Lesson]:
        """Those with a time that have each word somewhere, the nearest to ``now`` first."""
        members = select(Membership.person_id).where(
            Membership.scope == Scope.GROUP, Membership.scope_id == group_id, in_force(day)
        )
        begins = Lesson.planned_start
        statement = self.base().where(
            Lesson.teacher_id.in_(members),
            begins >= now if coming else begins < now,
            *(_said(word) for word in words),
        )
        nearest = begins if coming else begins.desc()
        return await self.all(statement.order_by(nearest, Lesson.id).limit(limit))


def _said(word: str) -> ColumnElement[bool]:
    teachers = select(Person.id).where(contains(Person.display_name, word))
    columns = (Lesson.title, Lesson.subject, Lesson.grade)
    return or_(*(contains(one, word) for one in columns), Lesson.teacher_id.in_(teachers))
