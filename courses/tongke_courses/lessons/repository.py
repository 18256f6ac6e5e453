"""All SQL about lessons and the rooms they reach."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    func,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.orm import joinedload, selectinload

from tongke_courses.catalogue.models import Course, CourseTeacher
from tongke_courses.lessons.models import Lesson, LessonRoom, LessonState
from tongke_courses.lessons.reach import (
    DAY,
    PERSON,
    asked_by,
    reaching,
    schools_of,
    teaching,
    teaching_ids,
    watched_schools,
)
from tongke_courses.lessons.rights import ANSWER, TEACHING, WATCH
from tongke_courses.lessons.visibility import Visibility
from tongke_platform.database import Repository
from tongke_platform.organisations.models import Organisation, Room
from tongke_platform.paging import contains, count
from tongke_platform.people.models import Membership, Person
from tongke_platform.people.repository import in_force as held_on
from tongke_platform.rights import Principal

# Values of one IN; every statement of one length is compiled once.
_AT_ONCE = 500
_WHO_MAY = select(Lesson.id, Lesson.visibility, Lesson.school_id, Lesson.teacher_id).where(
    Lesson.id.in_(bindparam("keys", expanding=True))
)


def _concerning(watched: ColumnElement[bool], person: Any, day: Any) -> ColumnElement[bool]:
    mine = watched_schools(watched)
    delivered = reaching(day).where(Room.school_id.in_(mine))
    return or_(Lesson.teacher_id == person, Lesson.school_id.in_(mine), Lesson.id.in_(delivered))


def _by_rule(watched: ColumnElement[bool], person: Any, day: Any) -> list[ColumnElement[bool]]:
    """What lets a lesson be watched, beside being of one's own day."""
    partners = and_(
        Lesson.visibility == Visibility.PARTNERSHIP, Lesson.school_id.in_(teaching(watched, day))
    )
    taught = select(CourseTeacher.course_id).where(CourseTeacher.person_id == person)
    everybody = Lesson.visibility.in_((Visibility.SIGNED_IN, Visibility.PUBLIC))
    return [everybody, partners, Lesson.course_id.in_(taught)]


def _may_watch(watched: ColumnElement[bool], person: Any, day: Any) -> ColumnElement[bool]:
    # By id: what reaches a school is gathered once, not looked for at each lesson.
    own = select(Lesson.id).where(_concerning(watched, person, day))
    return or_(*_by_rule(watched, person, day), Lesson.id.in_(own))


@cache
def readable_by(regions: int) -> ColumnElement[bool]:
    """Lessons that may be watched, by ``WATCH.condition``; its values: ``asked_by``."""
    return _may_watch(WATCH.condition(regions), PERSON, DAY)


def readable_of(
    regions: int | None, asked: Callable[[Any], ColumnElement[bool]]
) -> ColumnElement[bool]:
    """As ``readable_by``, for few lessons: ``asked`` says of a column which they are. What reaches the
    asker's schools is looked for among them alone.
    """
    if regions is None:
        return true()
    watched = WATCH.condition(regions)
    mine = watched_schools(watched)
    delivered = reaching(DAY).where(asked(LessonRoom.lesson_id), Room.school_id.in_(mine))
    return or_(
        *_by_rule(watched, PERSON, DAY),
        Lesson.teacher_id == PERSON,
        Lesson.school_id.in_(mine),
        Lesson.id.in_(delivered),
    )


@cache
def _is_readable(regions: int | None) -> Select[Any]:
    statement = select(Lesson.id).where(Lesson.id == bindparam("key"))
    return statement if regions is None else statement.where(readable_by(regions))


# Among so many of the lessons that come next are enough for a page of whoever has many rooms.
SOON = 500


@cache
def _lessons() -> Select[Any]:
    return select(Lesson).options(
        joinedload(Lesson.school),
        joinedload(Lesson.teacher),
        selectinload(Lesson.deliveries).options(
            joinedload(LessonRoom.room).joinedload(Room.school),
            joinedload(LessonRoom.partnership),
        ),
    )


class LessonRepository(Repository[Lesson]):
    """Every lesson read here has its school, teacher and rooms (with their schools) loaded."""

    model = Lesson

    def base(self) -> Select[Any]:
        return _lessons()

    def readable(self, principal: Principal) -> Select[Any]:
        """The lessons ``principal`` may watch; the same rule as ``seeing.may_watch``."""
        if WATCH.allows_everywhere(principal):
            return self.base()
        watched = WATCH.clause(principal)
        return self.base().where(_may_watch(watched, principal.id, principal.today))

    async def is_readable(self, principal: Principal, key: UUID) -> bool:
        statement = _is_readable(WATCH.regions(principal))
        found = await self.session.execute(statement, {"key": key, **asked_by(principal)})
        return found.scalar_one_or_none() is not None

    async def readable_among(self, principal: Principal | None, keys: Sequence[UUID]) -> set[UUID]:
        """Those of ``keys`` that ``readable`` has; the public ones for nobody signed in.

        Asked about these lessons alone: ``readable`` would gather all that reach the principal's
        schools, and a county's are many.
        """
        found: set[UUID] = set()
        for start in range(0, len(keys), _AT_ONCE):
            found |= await self._readable_among(principal, keys[start : start + _AT_ONCE])
        return found

    async def _readable_among(self, principal: Principal | None, keys: Sequence[UUID]) -> set[UUID]:
        rows = (await self.session.execute(_WHO_MAY, {"keys": list(keys)})).all()
        if principal is None:
            return {row.id for row in rows if row.visibility is Visibility.PUBLIC}
        if WATCH.allows_everywhere(principal):
            return {row.id for row in rows}
        everybody = (Visibility.SIGNED_IN, Visibility.PUBLIC)
        rest = [
            row
            for row in rows
            if row.visibility not in everybody and row.teacher_id != principal.id
        ]
        if not rest:
            return {row.id for row in rows}
        doubtful = {row.id for row in rest}
        found = {row.id for row in rows if row.id not in doubtful}
        mine, managing = await schools_of(self.session, principal)
        teaching_mine = await teaching_ids(self.session, mine | managing, principal.today)
        found.update(
            row.id
            for row in rest
            if row.school_id in mine
            or (row.visibility is Visibility.PARTNERSHIP and row.school_id in teaching_mine)
        )
        left = [row.id for row in rest if row.id not in found]
        if left:
            taught = (
                select(Lesson.id)
                .join(CourseTeacher, CourseTeacher.course_id == Lesson.course_id)
                .where(CourseTeacher.person_id == principal.id, Lesson.id.in_(left))
            )
            found.update((await self.session.execute(taught)).scalars())
        if left and mine:
            delivered = reaching(principal.today).where(
                LessonRoom.lesson_id.in_(left), Room.school_id.in_(mine)
            )
            found.update((await self.session.execute(delivered)).scalars())
        return found

    async def courses_of(self, lessons: Sequence[Lesson]) -> dict[UUID, Course]:
        """The courses they belong to, with teachers, by id."""
        keys = {one.course_id for one in lessons if one.course_id is not None}
        if not keys:
            return {}
        statement = select(Course).options(selectinload(Course.teachers)).where(Course.id.in_(keys))
        found = await self.session.execute(statement)
        return {one.id: one for one in found.scalars()}

    async def by_ids(self, keys: Sequence[UUID]) -> Sequence[Lesson]:
        return await self.all(self.base().where(Lesson.id.in_(keys)))

    async def ids_of(self, key: UUID) -> Sequence[UUID]:
        """Of a teacher or a school, leading or receiving."""
        received = (
            select(LessonRoom.lesson_id)
            .join(Room, Room.id == LessonRoom.room_id)
            .where(Room.school_id == key)
        )
        statement = select(Lesson.id).where(
            or_(Lesson.teacher_id == key, Lesson.school_id == key, Lesson.id.in_(received))
        )
        return (await self.session.execute(statement.order_by(Lesson.id))).scalars().all()

    async def following(self, after: UUID | None, limit: int) -> Sequence[Lesson]:
        """In the order of their ids."""
        statement = self.base().order_by(Lesson.id).limit(limit)
        return await self.all(statement.where(Lesson.id > after) if after else statement)

    def concerning(self, principal: Principal) -> Select[Any]:
        """The lessons of the principal's own day: those they lead, of their schools, and those
        delivered to their classrooms.
        """
        if WATCH.allows_everywhere(principal):
            return self.base()
        watched = WATCH.clause(principal)
        return self.base().where(_concerning(watched, principal.id, principal.today))

    async def concerning_between(
        self, principal: Principal, start: datetime, end: datetime
    ) -> Sequence[Lesson]:
        return await self.all(_between(self.concerning(principal), start, end))

    async def of_room_between(
        self, room: Room, day: date, start: datetime, end: datetime
    ) -> Sequence[Lesson]:
        delivered = reaching(day).where(LessonRoom.room_id == room.id)
        return await self.all(_between(self.base().where(Lesson.id.in_(delivered)), start, end))

    async def state_of(self, key: UUID) -> LessonState | None:
        found = await self.session.execute(select(Lesson.state).where(Lesson.id == key))
        return found.scalar_one_or_none()

    async def lasts(self, now: datetime, today: date) -> dict[tuple[UUID, UUID], date | None]:
        """By teacher and school of lessons to come: the last day the teacher can teach there.

        None: there is no end to it. Who cannot sign in, or holds no post there (or at the school
        it was merged into), could yesterday.
        """
        held = and_(
            Membership.person_id == Lesson.teacher_id,
            Membership.organisation_id.in_([Lesson.school_id, Organisation.merged_into_id]),
            or_(Membership.ends_on.is_(None), Membership.ends_on >= today),
        )
        statement = (
            select(
                Lesson.teacher_id,
                Lesson.school_id,
                func.max(Person.deactivated_at),
                func.max(func.coalesce(Membership.ends_on, date.max)),
            )
            .join(Person, Person.id == Lesson.teacher_id)
            .join(Organisation, Organisation.id == Lesson.school_id)
            .outerjoin(Membership, held)
            .where(*_to_come(now))
            .group_by(Lesson.teacher_id, Lesson.school_id, Membership.person_id)
        )
        found = await self.session.execute(statement)
        return {
            (teacher, school): _last(off, held_until, today)
            for teacher, school, off, held_until in found.all()
        }

    async def in_doubt(self, now: datetime, pairs: Sequence[tuple[UUID, UUID]]) -> Sequence[Lesson]:
        """Lessons to come that are marked, or of one of these pairs of teacher and school."""
        doubtful = [
            and_(Lesson.teacher_id == teacher, Lesson.school_id == school)
            for teacher, school in pairs
        ]
        return await self.all(
            select(Lesson).where(*_to_come(now), or_(Lesson.unled_at.is_not(None), *doubtful))
        )

    async def unled(self, keys: Sequence[UUID], now: datetime) -> Sequence[Lesson]:
        """Mark those that nobody has marked meanwhile; they come in the order of their start."""
        if not keys:
            return []
        statement = (
            update(Lesson)
            .where(Lesson.id.in_(keys), Lesson.unled_at.is_(None))
            .values(unled_at=now)
            .returning(Lesson.id)
        )
        marked = (await self.session.execute(statement)).scalars().all()
        mine = self.base().where(Lesson.id.in_(marked)).order_by(Lesson.planned_start, Lesson.id)
        return await self.all(mine)

    async def led_again(self, keys: Sequence[UUID]) -> None:
        if keys:
            await self.session.execute(
                update(Lesson).where(Lesson.id.in_(keys)).values(unled_at=None)
            )

    async def to_come(
        self, clause: ColumnElement[bool], now: datetime, *, unled: bool, q: str, limit: int
    ) -> Sequence[Lesson]:
        """Of schools that fit; those without a teacher first when all are asked for."""
        mine = select(Organisation.id).where(clause)
        statement = self.base().where(*_to_come(now), Lesson.school_id.in_(mine))
        if unled:
            statement = statement.where(Lesson.unled_at.is_not(None))
        if q:
            teachers = select(Person.id).where(contains(Person.display_name, q))
            statement = statement.where(
                or_(contains(Lesson.title, q), Lesson.teacher_id.in_(teachers))
            )
        return await self.all(
            statement.order_by(Lesson.unled_at.is_(None), Lesson.planned_start, Lesson.id).limit(
                limit
            )
        )

    async def count_unled(self, clause: ColumnElement[bool], now: datetime) -> int:
        mine = select(Organisation.id).where(clause)
        return await count(
            self.session,
            select(Lesson.id).where(
                *_to_come(now), Lesson.unled_at.is_not(None), Lesson.school_id.in_(mine)
            ),
        )

    async def to_change(self, key: UUID) -> Lesson | None:
        return await self.locked(self.base().where(Lesson.id == key))

    async def teachers(self, school: UUID, day: date, q: str = "") -> Sequence[Person]:
        """Who can sign in and holds a post at the school on ``day``, by name."""
        held = select(Membership.person_id).where(
            Membership.organisation_id == school,
            Membership.role.in_(TEACHING),
            held_on(day),
        )
        statement = select(Person).where(
            Person.id.in_(held), Person.deactivated_at.is_(None), Person.erased_at.is_(None)
        )
        if q:
            statement = statement.where(contains(Person.display_name, q))
        found = await self.session.execute(
            statement.order_by(Person.display_name, Person.id).limit(500)
        )
        return found.scalars().all()

    async def start(self, key: UUID, now: datetime) -> bool:
        """Planned becomes live; False when it was not planned."""
        statement = (
            update(Lesson)
            .where(Lesson.id == key, Lesson.state == LessonState.PLANNED)
            .values(state=LessonState.LIVE, started_at=now)
            .returning(Lesson.id)
        )
        return (await self.session.execute(statement)).scalar_one_or_none() is not None

    async def key_of(self, key: UUID) -> str | None:
        found = await self.session.execute(select(Lesson.media_key).where(Lesson.id == key))
        return found.scalar_one_or_none()

    async def renew_key(self, key: UUID, old: str, fresh: str) -> bool:
        """False when ``old`` is not the media key of the lesson any more."""
        statement = (
            update(Lesson)
            .where(Lesson.id == key, Lesson.media_key == old)
            .values(media_key=fresh)
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


def _to_come(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return Lesson.state == LessonState.PLANNED, Lesson.planned_start > now


def _last(off: datetime | None, held_until: date | None, today: date) -> date | None:
    if off is not None or held_until is None:
        return today - timedelta(days=1)
    return None if held_until == date.max else held_until


class LessonRoomRepository(Repository[LessonRoom]):
    model = LessonRoom

    async def of_lesson(self, lesson_id: UUID) -> dict[UUID, LessonRoom]:
        """By room."""
        found = await self.all(
            self.base()
            .where(LessonRoom.lesson_id == lesson_id)
            .options(joinedload(LessonRoom.partnership), joinedload(LessonRoom.lesson))
        )
        return {one.room_id: one for one in found}

    async def invitations(
        self, principal: Principal, *, after: datetime, limit: int
    ) -> Sequence[LessonRoom]:
        """Of rooms the principal may answer for, to lessons planned ``after``, declined or not.

        Whoever answers for many rooms finds enough of them in the lessons that come soonest.
        """
        mine = select(Organisation.id).where(ANSWER.clause(principal))
        keys = (
            select(LessonRoom.id)
            .join(Lesson, Lesson.id == LessonRoom.lesson_id)
            .join(Room, Room.id == LessonRoom.room_id)
            .where(
                LessonRoom.invited_at.is_not(None),
                Room.school_id.in_(mine),
                Lesson.planned_start > after,
            )
            .order_by(Lesson.planned_start, LessonRoom.id)
            .limit(limit)
        )
        coming = select(Lesson.planned_start).where(Lesson.planned_start > after)
        ends = coming.order_by(Lesson.planned_start).offset(SOON).limit(1)
        end = (await self.session.execute(ends)).scalar_one_or_none()
        found: Sequence[UUID] = ()
        if end is not None:
            soon = select(Lesson.id).where(
                Lesson.planned_start > after, Lesson.planned_start <= end
            )
            found = await self._keys(keys.where(LessonRoom.lesson_id.in_(soon)))
        if len(found) < limit:
            found = await self._keys(keys)
        # With all that is shown beside them, a planner no longer sees where to begin.
        statement = self._invitation().join(Lesson, Lesson.id == LessonRoom.lesson_id)
        return await self.all(
            statement.where(LessonRoom.id.in_(found)).order_by(Lesson.planned_start, LessonRoom.id)
        )

    async def _keys(self, statement: Select[Any]) -> Sequence[UUID]:
        found: Sequence[UUID] = (await self.session.execute(statement)).scalars().all()
        return found

    async def offered(self, principal: Principal, now: datetime) -> int:
        mine = select(Organisation.id).where(ANSWER.clause(principal))
        return await count(
            self.session,
            select(LessonRoom.id)
            .join(Lesson, Lesson.id == LessonRoom.lesson_id)
            .join(Room, Room.id == LessonRoom.room_id)
            .where(
                LessonRoom.invited_at.is_not(None),
                LessonRoom.declined_at.is_(None),
                Room.school_id.in_(mine),
                Lesson.state == LessonState.PLANNED,
                Lesson.planned_start > now,
            ),
        )

    async def invitation(self, key: UUID) -> LessonRoom | None:
        return await self.locked(self._invitation().where(LessonRoom.id == key))

    async def lessons_along(self, partnership_id: UUID) -> Sequence[UUID]:
        """Those that are not over."""
        return await self._not_over(LessonRoom.partnership_id == partnership_id)

    async def lessons_of_room(self, room_id: UUID) -> Sequence[UUID]:
        """Those that are not over."""
        return await self._not_over(LessonRoom.room_id == room_id)

    async def _not_over(self, condition: ColumnElement[bool]) -> Sequence[UUID]:
        statement = (
            select(LessonRoom.lesson_id)
            .join(Lesson, Lesson.id == LessonRoom.lesson_id)
            .where(condition, Lesson.state != LessonState.ENDED)
            .distinct()
        )
        return (await self.session.execute(statement)).scalars().all()

    def _invitation(self) -> Select[Any]:
        return (
            self.base()
            .where(LessonRoom.invited_at.is_not(None))
            .options(
                joinedload(LessonRoom.room).joinedload(Room.school),
                joinedload(LessonRoom.invited_by),
                joinedload(LessonRoom.lesson).options(
                    joinedload(Lesson.school), joinedload(Lesson.teacher)
                ),
            )
        )


def _between(statement: Select[Any], start: datetime, end: datetime) -> Select[Any]:
    return statement.where(Lesson.planned_start >= start, Lesson.planned_start < end).order_by(
        Lesson.planned_start, Lesson.id
    )
