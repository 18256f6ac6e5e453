"""All SQL about lessons and the rooms they reach."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, or_, select, update
from sqlalchemy.orm import joinedload, selectinload

from tongke_courses.lessons.models import Lesson, LessonRoom, LessonState
from tongke_courses.lessons.rights import WATCH
from tongke_platform.database import Repository
from tongke_platform.organisations.models import Organisation, Room
from tongke_platform.rights import Principal


class LessonRepository(Repository[Lesson]):
    """Every lesson read here has its school, teacher and rooms (with their schools) loaded."""

    model = Lesson

    def base(self) -> Select[Any]:
        return select(Lesson).options(
            joinedload(Lesson.school),
            joinedload(Lesson.teacher),
            selectinload(Lesson.deliveries).joinedload(LessonRoom.room).joinedload(Room.school),
        )

    def readable(self, principal: Principal) -> Select[Any]:
        """The lessons ``principal`` may watch; the same rule as ``rights.may_watch``."""
        statement = self.base()
        if WATCH.allows_everywhere(principal):
            return statement
        mine = select(Organisation.id).where(WATCH.clause(principal))
        delivered = (
            select(LessonRoom.lesson_id)
            .join(Room, Room.id == LessonRoom.room_id)
            .where(Room.school_id.in_(mine))
        )
        return statement.where(
            or_(
                Lesson.teacher_id == principal.id,
                Lesson.school_id.in_(mine),
                Lesson.id.in_(delivered),
            )
        )

    async def readable_between(
        self, principal: Principal, start: datetime, end: datetime
    ) -> Sequence[Lesson]:
        return await self.all(_between(self.readable(principal), start, end))

    async def of_room_between(self, room: Room, start: datetime, end: datetime) -> Sequence[Lesson]:
        delivered = select(LessonRoom.lesson_id).where(LessonRoom.room_id == room.id)
        return await self.all(_between(self.base().where(Lesson.id.in_(delivered)), start, end))

    async def state_of(self, key: UUID) -> LessonState | None:
        found = await self.session.execute(select(Lesson.state).where(Lesson.id == key))
        return found.scalar_one_or_none()

    async def start(self, key: UUID, now: datetime) -> bool:
        """Planned becomes live; False when it was not planned."""
        statement = (
            update(Lesson)
            .where(Lesson.id == key, Lesson.state == LessonState.PLANNED)
            .values(state=LessonState.LIVE, started_at=now)
            .returning(Lesson.id)
        )
        return (await self.session.execute(statement)).scalar_one_or_none() is not None

    async def end(self, key: UUID, now: datetime) -> bool:
        """Whatever it was becomes ended; False when it had ended before."""
        statement = (
            update(Lesson)
            .where(Lesson.id == key, Lesson.state != LessonState.ENDED)
            .values(state=LessonState.ENDED, ended_at=now)
            .returning(Lesson.id)
        )
        return (await self.session.execute(statement)).scalar_one_or_none() is not None


class LessonRoomRepository(Repository[LessonRoom]):
    model = LessonRoom

    async def rooms_of(self, lesson_id: UUID) -> set[UUID]:
        found = await self.session.execute(
            select(LessonRoom.room_id).where(LessonRoom.lesson_id == lesson_id)
        )
        return set(found.scalars())


def _between(statement: Select[Any], start: datetime, end: datetime) -> Select[Any]:
    return statement.where(Lesson.planned_start >= start, Lesson.planned_start < end).order_by(
        Lesson.planned_start, Lesson.id
    )
