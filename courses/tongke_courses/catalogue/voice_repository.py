"""All SQL about whose voice is in a lesson, who has agreed, and what that makes of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, select, update
from sqlalchemy.orm import joinedload

from tongke_courses.catalogue.models import (
    ApprovalState,
    Course,
    CourseState,
    LessonVoice,
    PublicApproval,
)
from tongke_courses.catalogue.rights import APPROVE
from tongke_courses.lessons.models import Lesson
from tongke_courses.lessons.visibility import Visibility
from tongke_platform.database import Repository
from tongke_platform.organisations.models import ClassEntry, Organisation, Room
from tongke_platform.rights import Principal


@dataclass(frozen=True)
class Standing:
    """What the visibility of a lesson comes from; ``course`` and ``state`` None for no course."""

    id: UUID
    wanted: Visibility | None
    visibility: Visibility
    course: Visibility | None
    state: CourseState | None


class SettleRepository(Repository[Lesson]):
    model = Lesson

    async def locked_ids(self, keys: Iterable[UUID]) -> list[UUID]:
        """The lessons' rows are this transaction's from here on, in one order for everybody: what
        another one has written about them before is read by the statements that follow.
        """
        statement = select(Lesson.id).where(Lesson.id.in_(list(keys))).order_by(Lesson.id)
        found = await self.session.execute(statement.with_for_update(of=Lesson, key_share=True))
        return list(found.scalars())

    async def standing(self, keys: Sequence[UUID]) -> list[Standing]:
        statement = (
            select(
                Lesson.id,
                Lesson.wanted_visibility,
                Lesson.visibility,
                Course.visibility,
                Course.state,
            )
            .outerjoin(Course, Course.id == Lesson.course_id)
            .where(Lesson.id.in_(keys))
        )
        return [Standing(*row) for row in await self.session.execute(statement)]

    async def heard(self, keys: Sequence[UUID]) -> dict[UUID, set[UUID]]:
        """By lesson: the schools whose classes are heard or seen."""
        statement = (
            select(LessonVoice.lesson_id, Room.school_id)
            .join(Room, Room.id == LessonVoice.room_id)
            .where(LessonVoice.lesson_id.in_(keys))
        )
        found: dict[UUID, set[UUID]] = {}
        for lesson, school in await self.session.execute(statement):
            found.setdefault(lesson, set()).add(school)
        return found

    async def answers(self, keys: Sequence[UUID]) -> dict[UUID, dict[UUID, ApprovalState]]:
        """By lesson: by school."""
        statement = select(
            PublicApproval.lesson_id, PublicApproval.school_id, PublicApproval.state
        ).where(PublicApproval.lesson_id.in_(keys))
        found: dict[UUID, dict[UUID, ApprovalState]] = {}
        for lesson, school, state in await self.session.execute(statement):
            found.setdefault(lesson, {})[school] = state
        return found

    async def set_visibility(self, keys: Sequence[UUID], visibility: Visibility) -> None:
        statement = update(Lesson).where(Lesson.id.in_(keys)).values(visibility=visibility)
        await self.session.execute(statement)

    async def of_course(self, course_id: UUID) -> list[UUID]:
        found = await self.session.execute(select(Lesson.id).where(Lesson.course_id == course_id))
        return list(found.scalars())


class VoiceRepository(Repository[LessonVoice]):
    model = LessonVoice

    async def there(self, lesson_id: UUID, room_id: UUID) -> bool:
        statement = select(LessonVoice.id).where(
            LessonVoice.lesson_id == lesson_id, LessonVoice.room_id == room_id
        )
        return (await self.session.execute(statement)).scalar_one_or_none() is not None


class ApprovalRepository(Repository[PublicApproval]):
    """Every approval read here has its school and its lesson (with school and teacher) loaded."""

    model = PublicApproval

    def base(self) -> Select[Any]:
        return select(PublicApproval).options(
            joinedload(PublicApproval.school),
            joinedload(PublicApproval.lesson).options(
                joinedload(Lesson.school), joinedload(Lesson.teacher)
            ),
        )

    def readable(self, principal: Principal) -> Select[Any]:
        mine = select(Organisation.id).where(APPROVE.clause(principal))
        return self.base().where(PublicApproval.school_id.in_(mine))

    async def page(
        self,
        principal: Principal,
        *,
        state: ApprovalState | None,
        before: UUID | None,
        limit: int,
    ) -> Sequence[PublicApproval]:
        """Of the principal's schools, the newest first."""
        statement = self.readable(principal)
        if state is not None:
            statement = statement.where(PublicApproval.state == state)
        if before is not None:
            statement = statement.where(PublicApproval.id < before)
        return await self.all(statement.order_by(PublicApproval.id.desc()).limit(limit))

    async def count_asked(self, principal: Principal) -> int:
        """How many wait for an answer of the principal's schools."""
        mine = select(Organisation.id).where(APPROVE.clause(principal))
        statement = select(func.count(PublicApproval.id)).where(
            PublicApproval.state == ApprovalState.ASKED, PublicApproval.school_id.in_(mine)
        )
        return (await self.session.execute(statement)).scalar_one()

    async def seen(self, principal: Principal, key: UUID) -> PublicApproval | None:
        return await self.one_or_none(self.readable(principal).where(PublicApproval.id == key))

    async def to_change(self, principal: Principal, key: UUID) -> PublicApproval | None:
        return await self.locked(self.readable(principal).where(PublicApproval.id == key))

    async def of_lesson(self, lesson_id: UUID) -> Sequence[PublicApproval]:
        statement = self.base().where(PublicApproval.lesson_id == lesson_id)
        return await self.all(statement.order_by(PublicApproval.id))

    async def lessons_with_voice_of(self, pupil_id: UUID) -> Sequence[UUID]:
        """Lessons somebody agreed to in which a class is heard that the pupil is or was in."""
        found = await self.session.execute(
            select(PublicApproval.lesson_id).where(
                PublicApproval.id.in_(self._with_voice_of(pupil_id))
            )
        )
        return found.scalars().all()

    async def with_voice_of(self, pupil_id: UUID) -> Sequence[PublicApproval]:
        """The yeses for those lessons; locked."""
        return await self._locked(PublicApproval.id.in_(self._with_voice_of(pupil_id)))

    async def agreed(self, lesson_id: UUID, room_id: UUID) -> Sequence[PublicApproval]:
        """The yes of the room's school, if there is one; locked."""
        school = select(Room.school_id).where(Room.id == room_id).scalar_subquery()
        return await self._locked(
            and_(
                PublicApproval.lesson_id == lesson_id,
                PublicApproval.school_id == school,
                PublicApproval.state == ApprovalState.APPROVED,
            )
        )

    async def _locked(self, condition: ColumnElement[bool]) -> Sequence[PublicApproval]:
        statement = self.base().where(condition).order_by(PublicApproval.id)
        locking = statement.with_for_update(of=PublicApproval, key_share=True)
        return await self.all(locking.execution_options(populate_existing=True))

    def _with_voice_of(self, pupil_id: UUID) -> Select[Any]:
        classes = select(ClassEntry.class_id).where(ClassEntry.pupil_id == pupil_id)
        rooms = select(Room.id, Room.school_id).where(Room.class_id.in_(classes)).subquery()
        return (
            select(PublicApproval.id)
            .join(LessonVoice, LessonVoice.lesson_id == PublicApproval.lesson_id)
            .join(rooms, rooms.c.id == LessonVoice.room_id)
            .where(
                PublicApproval.school_id == rooms.c.school_id,
                PublicApproval.state == ApprovalState.APPROVED,
            )
        )
