"""All SQL about lessons on a school's shelf."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from tongke_courses.lessons.models import Lesson
from tongke_courses.lessons.reach import reaching
from tongke_platform.database import Repository
from tongke_platform.organisations.models import Room


class ShelfRepository(Repository[Lesson]):
    """Lessons read here have their teacher and school loaded."""

    model = Lesson

    def base(self) -> Select[Any]:
        return select(Lesson).options(joinedload(Lesson.teacher), joinedload(Lesson.school))

    async def delivered(
        self, school_id: UUID, day: date, *, before: UUID | None, limit: int
    ) -> Sequence[Lesson]:
        reached = reaching(day).where(Room.school_id == school_id)
        statement = self.base().where(Lesson.id.in_(reached), Lesson.school_id != school_id)
        if before is not None:
            statement = statement.where(Lesson.id < before)
        return await self.all(statement.order_by(Lesson.id.desc()).limit(limit))
