"""All SQL about courses, their units and teachers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    CTE,
    ColumnElement,
    Select,
    String,
    and_,
    cast,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import aliased, joinedload, selectinload

from tongke_courses.catalogue.models import (
    Course,
    CourseFollow,
    CourseState,
    CourseTeacher,
    CourseUnit,
)
from tongke_courses.catalogue.rights import MANAGE
from tongke_courses.lessons.models import Lesson
from tongke_courses.lessons.reach import reaching, teaching
from tongke_courses.lessons.rights import WATCH
from tongke_courses.lessons.visibility import Visibility
from tongke_platform.database import Repository
from tongke_platform.organisations.models import Organisation, Room, SchoolClass
from tongke_platform.paging import contains
from tongke_platform.partnerships.models import Partnership, PartnershipSide
from tongke_platform.partnerships.repository import in_force
from tongke_platform.people.models import Membership, Person
from tongke_platform.people.repository import in_force as holds_on
from tongke_platform.people.roles import Role
from tongke_platform.rights import Principal

EVERYBODY = (Visibility.SIGNED_IN, Visibility.PUBLIC)
FACETS = ("stage", "subject", "edition", "grade", "term", "school", "state")
TEACHING = (
    Role.LEAD_TEACHER,
    Role.LOCAL_TEACHER,
    Role.VOLUNTEER,
    Role.ACADEMIC_OFFICE,
    Role.SCHOOL_ADMIN,
    Role.PRINCIPAL,
)
_COLUMNS: Mapping[str, Any] = {
    **{name: getattr(Course, name) for name in FACETS if name != "school"},
    "school": Course.school_id,
}


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

    def clause(self) -> list[ColumnElement[bool]]:
        return [*self.words(), *(_COLUMNS[one] == value for one, value in self.chosen.items())]

    def words(self) -> list[ColumnElement[bool]]:
        return [contains(Course.title, self.q)] if self.q else []


class CourseRepository(Repository[Course]):
    """Every course read here has its school and teachers loaded."""

    model = Course

    def base(self) -> Select[Any]:
        return select(Course).options(
            joinedload(Course.school),
            selectinload(Course.teachers).joinedload(CourseTeacher.person),
        )

    def readable(self, principal: Principal | None) -> Select[Any]:
        """The courses ``principal`` may see; None is somebody who has not signed in.

        A draft is seen by who may change it; what was withdrawn, by the lead school and the schools
        of classes that follow it as well; what is still arriving, by nobody.
        """
        whole = self.base().where(Course.state != CourseState.ARRIVING)
        if principal is None:
            published = Course.state == CourseState.PUBLISHED
            return self.base().where(published, Course.visibility == Visibility.PUBLIC)
        if MANAGE.allows_everywhere(principal):
            return whole
        return whole.where(or_(*_ways(principal)))

    async def seen(self, principal: Principal | None, key: UUID) -> Course | None:
        """With units."""
        statement = self.readable(principal).where(Course.id == key)
        return await self.one_or_none(statement.options(selectinload(Course.units)))

    async def by_ids(self, keys: Sequence[UUID]) -> dict[UUID, Course]:
        """Whoever may see them: the caller has asked."""
        found = await self.all(self.base().where(Course.id.in_(keys))) if keys else []
        return {one.id: one for one in found}

    async def ids_seen(self, principal: Principal | None, keys: Sequence[UUID]) -> set[UUID]:
        statement = self.readable(principal).where(Course.id.in_(keys))
        found = await self.session.execute(statement.with_only_columns(Course.id).options())
        return set(found.scalars())

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
        self, principal: Principal | None, filters: Filters, *, before: UUID | None, limit: int
    ) -> Sequence[Course]:
        """The newest first."""
        statement = self.readable(principal).where(*filters.clause())
        return await self.all(_newest(statement, before, limit))

    async def of_school(
        self, principal: Principal, school_id: UUID, *, before: UUID | None, limit: int
    ) -> Sequence[Course]:
        """Its own, the newest first."""
        statement = self.readable(principal).where(Course.school_id == school_id)
        return await self.all(_newest(statement, before, limit))

    async def followed_by(
        self, principal: Principal, school_id: UUID, *, before: UUID | None, limit: int
    ) -> Sequence[Course]:
        """Those a class of the school follows, the newest first."""
        mine = select(SchoolClass.id).where(SchoolClass.organisation_id == school_id)
        followed = select(CourseFollow.course_id).where(
            CourseFollow.class_id.in_(mine), CourseFollow.ended_on.is_(None)
        )
        statement = self.readable(principal).where(Course.id.in_(followed))
        return await self.all(_newest(statement, before, limit))

    async def facets(
        self, principal: Principal | None, filters: Filters, most: int
    ) -> Sequence[Count]:
        """The most frequent values of each facet among the courses that match all other filters.

        What one may see is looked through once, and counted by the database.
        """
        columns = [_COLUMNS[name].label(name) for name in FACETS]
        seen = (
            self.readable(principal)
            .where(*filters.words())
            .with_only_columns(*columns)
            .options()
            .cte("seen")
        )
        parts = [_counted(seen, name, filters.chosen, most) for name in FACETS]
        rows = (await self.session.execute(union_all(*parts))).all()
        return [Count(*row) for row in rows]

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


def _counted(seen: CTE, name: str, chosen: Mapping[str, Any], most: int) -> Select[str, Any, Any]:
    """Of one facet; what is empty is no value."""
    column = seen.c[name]
    given = column.is_not(None) if name == "school" else cast(column, String) != ""
    others = [seen.c[one] == value for one, value in chosen.items() if one != name]
    counts = (
        select(cast(column, String).label("value"), func.count().label("number"))
        .where(given, *others)
        .group_by(column)
        .order_by(func.count().desc(), column)
        .limit(most)
        .subquery()
    )
    return select(literal(name, String), counts.c.value, counts.c.number)


def _ways(principal: Principal) -> list[ColumnElement[bool]]:
    """Each of these lets a course be seen."""
    mine = select(Organisation.id).where(WATCH.clause(principal))
    managed = select(Organisation.id).where(MANAGE.clause(principal))
    taught = select(CourseTeacher.course_id).where(CourseTeacher.person_id == principal.id)
    followed = (
        select(CourseFollow.course_id)
        .join(SchoolClass, SchoolClass.id == CourseFollow.class_id)
        .where(SchoolClass.organisation_id.in_(mine), CourseFollow.ended_on.is_(None))
    )
    # From the rooms on: from the lessons on it would be a look at all of them.
    reached = (
        reaching(principal.today)
        .with_only_columns(Lesson.course_id)
        .where(Room.school_id.in_(mine), Lesson.course_id.is_not(None))
    )
    partners = and_(
        Course.visibility == Visibility.PARTNERSHIP, Course.school_id.in_(teaching(principal))
    )
    ours = or_(Course.school_id.in_(mine), Course.id.in_(followed))
    return [
        Course.id.in_(taught),
        Course.school_id.in_(managed),
        and_(
            Course.state == CourseState.PUBLISHED,
            or_(Course.visibility.in_(EVERYBODY), ours, partners, Course.id.in_(reached)),
        ),
        and_(Course.state == CourseState.WITHDRAWN, ours),
    ]


def _newest(statement: Select[Any], before: UUID | None, limit: int) -> Select[Any]:
    if before is not None:
        statement = statement.where(Course.id < before)
    return statement.order_by(Course.id.desc()).limit(limit)


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
