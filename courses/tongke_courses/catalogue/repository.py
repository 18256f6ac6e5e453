"""All SQL about courses, their units and teachers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import aliased, selectinload

from tongke_courses.catalogue import sight
from tongke_courses.catalogue.models import (
    Course,
    CourseFollow,
    CourseState,
    CourseTeacher,
    CourseUnit,
)
from tongke_courses.catalogue.sight import FACETS, Eyes
from tongke_platform.database import Repository
from tongke_platform.organisations.models import Organisation
from tongke_platform.paging import contains
from tongke_platform.partnerships.models import Partnership, PartnershipSide
from tongke_platform.partnerships.repository import in_force
from tongke_platform.people.models import Membership, Person
from tongke_platform.people.repository import in_force as holds_on
from tongke_platform.people.roles import Role
from tongke_platform.rights import Principal

TEACHING = (
    Role.LEAD_TEACHER,
    Role.LOCAL_TEACHER,
    Role.VOLUNTEER,
    Role.ACADEMIC_OFFICE,
    Role.SCHOOL_ADMIN,
    Role.PRINCIPAL,
)


class Count(NamedTuple):
    """How many courses have a value of a facet; a school's is its id without hyphens."""

    facet: str
    value: str
    number: int


@dataclass(frozen=True)
class Filters:
    """What a list of courses is narrowed to; None and empty: to nothing."""

    stage: str | None = None
    subject: str | None = None
    edition: str | None = None
    grade: str | None = None
    term: str | None = None
    school: UUID | None = None
    state: CourseState | None = None
    q: str = ""

    @property
    def chosen(self) -> dict[str, Any]:
        found = {name: getattr(self, name) for name in FACETS}
        return {name: value for name, value in found.items() if value is not None}

    def words(self) -> list[ColumnElement[bool]]:
        return [contains(Course.title, self.q)] if self.q else []


class CourseRepository(Repository[Course]):
    """Every course read here has its school and teachers loaded. Who may see which: ``sight``."""

    model = Course

    def base(self) -> Select[Any]:
        return sight.base()

    async def seen(self, principal: Principal | None, key: UUID) -> Course | None:
        """With units."""
        eyes = sight.eyes(principal)
        return await self.one_or_none(sight.one(eyes.sight), {**eyes.values, "key": key})

    async def by_ids(self, keys: Sequence[UUID]) -> dict[UUID, Course]:
        """Whoever may see them: the caller has asked."""
        found = await self.all(self.base().where(Course.id.in_(keys))) if keys else []
        return {one.id: one for one in found}

    async def ids_seen(self, principal: Principal | None, keys: Sequence[UUID]) -> set[UUID]:
        eyes = sight.eyes(principal)
        asked = {**eyes.values, "keys": list(keys)}
        return set((await self.session.execute(sight.ids(eyes.sight), asked)).scalars())

    async def eyes(self, principal: Principal | None) -> Eyes:
        """For several lists of one page: what takes longest to find out is asked once."""
        found = sight.eyes(principal)
        if principal is None or found.sight.watching != 0:
            return found
        asked = await self.session.execute(sight.reached(found.sight.watching), found.values)
        keys = asked.scalars().all()
        if len(keys) > sight.MOST_KNOWN:
            return found
        return Eyes(found.sight._replace(known=True), {**found.values, "reached": keys})

    async def ids_of(self, key: UUID) -> Sequence[UUID]:
        """Of a teacher or a school."""
        taught = select(CourseTeacher.course_id).where(CourseTeacher.person_id == key)
        statement = select(Course.id).where(or_(Course.school_id == key, Course.id.in_(taught)))
        return (await self.session.execute(statement.order_by(Course.id))).scalars().all()

    async def led_by(self, school_id: UUID, keys: Sequence[UUID] | None = None) -> Sequence[Course]:
        """Locked, of ``keys`` alone where they are given; in the order of their ids."""
        statement = select(Course).where(Course.school_id == school_id).order_by(Course.id)
        if keys is not None:
            statement = statement.where(Course.id.in_(keys))
        locking = statement.with_for_update(key_share=True)
        return await self.all(locking.execution_options(populate_existing=True))

    async def following(self, after: UUID | None, limit: int) -> Sequence[Course]:
        """In the order of their ids."""
        statement = self.base().order_by(Course.id).limit(limit)
        return await self.all(statement.where(Course.id > after) if after else statement)

    async def to_change(self, key: UUID) -> Course | None:
        """Locked, with units: whoever comes second reads what the first has written."""
        return await self.locked(
            self.base().where(Course.id == key).options(selectinload(Course.units))
        )

    async def page(
        self, eyes: Eyes, filters: Filters, *, before: UUID | None, limit: int
    ) -> Sequence[Course]:
        """The newest first."""
        chosen = frozenset(filters.chosen)
        statement = sight.newest(eyes.sight, chosen, further=before is not None)
        asked = {**eyes.values, **filters.chosen, "before": before, "limit": limit}
        return await self.all(statement.where(*filters.words()) if filters.q else statement, asked)

    async def followed_by(
        self, principal: Principal, school_id: UUID, *, before: UUID | None, limit: int
    ) -> Sequence[Course]:
        """Those a class of the school follows, the newest first."""
        eyes = sight.eyes(principal)
        further = before is not None
        statement = sight.newest(eyes.sight, frozenset(), further=further, followed=True)
        asked = {"followers": school_id, "before": before, "limit": limit}
        return await self.all(statement, {**eyes.values, **asked})

    async def facets(
        self, eyes: Eyes, filters: Filters, names: Sequence[str], most: int
    ) -> Sequence[Count]:
        """The most frequent values of each facet among the courses that match all other filters."""
        who, chosen = eyes.sight, frozenset(filters.chosen)
        statement = (
            sight.facets_with(who, chosen, tuple(names), filters.q)
            if filters.q
            else sight.facets(who, chosen, tuple(names))
        )
        asked = {**eyes.values, **filters.chosen, "most": most}
        return [Count(*row) for row in await self.session.execute(statement, asked)]

    async def school_names(self, keys: Sequence[UUID]) -> dict[UUID, str]:
        statement = select(Organisation.id, Organisation.name).where(Organisation.id.in_(keys))
        return {row.id: row.name for row in await self.session.execute(statement)}

    async def followers(self, keys: Sequence[UUID]) -> dict[UUID, int]:
        """By course: how many classes follow it."""
        statement = (
            select(CourseFollow.course_id, func.count())
            .where(CourseFollow.course_id.in_(keys), CourseFollow.ended_on.is_(None))
            .group_by(CourseFollow.course_id)
        )
        return {row[0]: row[1] for row in await self.session.execute(statement)}


class UnitRepository(Repository[CourseUnit]):
    model = CourseUnit

    async def of_course(self, course_id: UUID) -> Sequence[CourseUnit]:
        statement = self.base().where(CourseUnit.course_id == course_id)
        return await self.all(statement.order_by(CourseUnit.position, CourseUnit.id))


class TeacherRepository(Repository[CourseTeacher]):
    model = CourseTeacher

    async def of_course(self, course_id: UUID) -> dict[UUID, CourseTeacher]:
        """By person."""
        found = await self.all(self.base().where(CourseTeacher.course_id == course_id))
        return {one.person_id: one for one in found}

    async def choices(
        self, school: Organisation, day: date, *, q: str, limit: int
    ) -> Sequence[Person]:
        """Who may teach along: at the school or one in partnership with it, by a piece of the name."""
        statement = self._who(school, day)
        if q:
            statement = statement.where(contains(Person.display_name, q))
        ordered = statement.order_by(Person.display_name, Person.id).limit(limit)
        return (await self.session.execute(ordered)).scalars().all()

    async def choice(self, school: Organisation, day: date, key: UUID) -> Person | None:
        statement = self._who(school, day).where(Person.id == key)
        return (await self.session.execute(statement)).scalar_one_or_none()

    async def school_names(
        self, school: Organisation, day: date, people: Sequence[UUID]
    ) -> dict[UUID, str]:
        """By person: where they teach, of this school and its partners; its own comes first."""
        statement = (
            select(Membership.person_id, Organisation.id, Organisation.name)
            .join(Organisation, Organisation.id == Membership.organisation_id)
            .where(Membership.person_id.in_(people), *self._posts(school, day))
            .order_by(Organisation.name)
        )
        found: dict[UUID, str] = {}
        for person, place, name in await self.session.execute(statement):
            if place == school.id or person not in found:
                found[person] = name
        return found

    def _who(self, school: Organisation, day: date) -> Select[Person]:
        posts = select(Membership.person_id).where(*self._posts(school, day))
        return select(Person).where(Person.id.in_(posts), Person.deactivated_at.is_(None))

    def _posts(self, school: Organisation, day: date) -> list[ColumnElement[bool]]:
        """Held by those who may teach along."""
        own, other = aliased(PartnershipSide), aliased(PartnershipSide)
        house = [one for one in (school.id, school.parent_id) if one is not None]
        partners = (
            select(other.organisation_id)
            .join(own, own.partnership_id == other.partnership_id)
            .join(Partnership, Partnership.id == own.partnership_id)
            .where(in_force(day), own.organisation_id.in_(house))
        )
        return [
            or_(Membership.organisation_id.in_(house), Membership.organisation_id.in_(partners)),
            Membership.role.in_(TEACHING),
            holds_on(day),
        ]
