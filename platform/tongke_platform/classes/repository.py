"""All SQL about academic years, classes and class lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    Select,
    and_,
    delete,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.orm import aliased, contains_eager, joinedload

from tongke_platform.database import Repository
from tongke_platform.organisations.models import (
    AcademicYear,
    ClassEntry,
    ClassYear,
    Organisation,
    Pupil,
    Region,
    Room,
    SchoolClass,
)
from tongke_platform.paging import Listing, Window, contains, count, listing, windowed


def in_class(day: Any) -> ColumnElement[bool]:
    """Entries that hold on ``day``."""
    return and_(
        or_(ClassEntry.starts_on.is_(None), ClassEntry.starts_on <= day),
        or_(ClassEntry.ends_on.is_(None), ClassEntry.ends_on >= day),
    )


def going_on(day: Any) -> ColumnElement[bool]:
    return or_(SchoolClass.ends_on.is_(None), SchoolClass.ends_on >= day)


class YearRepository(Repository[AcademicYear]):
    model = AcademicYear

    def _of(self, place: Organisation) -> Select[Any]:
        """Years of its region and those above, the nearest first."""
        inside = func.substr(place.region_path, 1, func.length(Region.path)) == Region.path
        return (
            self.base()
            .outerjoin(Region, Region.id == AcademicYear.region_id)
            .where(or_(AcademicYear.region_id.is_(None), inside))
            .order_by(func.coalesce(func.length(Region.path), 0).desc(), AcademicYear.id)
        )

    async def on(self, place: Organisation, day: date) -> AcademicYear | None:
        return await self._first(
            self._of(place).where(AcademicYear.starts_on <= day, AcademicYear.ends_on >= day)
        )

    async def after(self, place: Organisation, year: AcademicYear) -> AcademicYear | None:
        """The one that begins within a year of this one's end."""
        soon = year.ends_on.replace(year=year.ends_on.year + 1, day=28)
        return await self._first(
            self._of(place).where(
                AcademicYear.starts_on > year.ends_on, AcademicYear.starts_on <= soon
            )
        )

    async def named(self, name: str, region_id: UUID | None) -> AcademicYear | None:
        return await self._first(
            self.base().where(
                AcademicYear.name == name, AcademicYear.region_id.is_not_distinct_from(region_id)
            )
        )

    async def _first(self, statement: Select[Any]) -> AcademicYear | None:
        return await self.one_or_none(statement.limit(1))

    async def visible(self, clause: ColumnElement[bool]) -> Sequence[AcademicYear]:
        """Everybody's, and those of regions that fit."""
        return await self.all(
            self.base()
            .outerjoin(Region, Region.id == AcademicYear.region_id)
            .where(or_(AcademicYear.region_id.is_(None), clause))
            .order_by(AcademicYear.starts_on.desc(), AcademicYear.id)
            .limit(100)
        )

    async def relevant(
        self, clause: ColumnElement[bool], paths: Sequence[str]
    ) -> Sequence[tuple[AcademicYear, Region | None]]:
        """Everybody's, those of regions that fit and those of regions that hold these paths."""
        above = [
            func.substr(literal(path), 1, func.length(Region.path)) == Region.path for path in paths
        ]
        found = await self.session.execute(
            select(AcademicYear, Region)
            .outerjoin(Region, Region.id == AcademicYear.region_id)
            .where(or_(AcademicYear.region_id.is_(None), clause, *above))
            .order_by(AcademicYear.starts_on.desc(), AcademicYear.id)
            .limit(100)
        )
        return [(year, region) for year, region in found.all()]

    async def remove(self, year: AcademicYear) -> None:
        await self.session.delete(year)
        await self.session.flush()


@dataclass(frozen=True)
class ClassRow:
    """A class in a list; ``year`` is what it is on the day asked for."""

    school_class: SchoolClass
    year: ClassYear | None
    pupils: int


def _pupils(day: date) -> ScalarSelect[int]:
    return (
        select(func.count())
        .select_from(ClassEntry)
        .where(ClassEntry.class_id == SchoolClass.id, in_class(day))
        .correlate(SchoolClass)
        .scalar_subquery()
    )


class ClassRepository(Repository[SchoolClass]):
    """Every class read here has its organisation loaded."""

    model = SchoolClass

    def base(self) -> Select[Any]:
        return select(SchoolClass).options(joinedload(SchoolClass.organisation))

    async def schools(
        self, clause: ColumnElement[bool], day: date, q: str, limit: int
    ) -> Sequence[tuple[Organisation, int]]:
        """Open organisations that fit and have classes going on, with how many; by name."""
        statement = (
            select(Organisation, func.count())
            .join(SchoolClass, SchoolClass.organisation_id == Organisation.id)
            .where(clause, going_on(day), Organisation.closed_on.is_(None))
            .group_by(Organisation.id)
            .order_by(Organisation.name, Organisation.id)
            .limit(limit)
        )
        if q:
            statement = statement.where(contains(Organisation.name, q))
        return [
            (school, number) for school, number in (await self.session.execute(statement)).all()
        ]

    async def to_change(self, key: UUID) -> SchoolClass | None:
        return await self.locked(self.base().where(SchoolClass.id == key))

    async def page(
        self,
        readable: ColumnElement[bool],
        window: Window,
        day: date,
        *,
        q: str = "",
        organisation_id: UUID | None = None,
        grade: int | None = None,
        state: str = "open",
    ) -> Listing[ClassRow]:
        """In the order of cohorts; ``state`` is open, ended or all."""
        conditions: list[ColumnElement[bool]] = [readable]
        if q:
            schools = select(Organisation.id).where(contains(Organisation.name, q))
            said = (contains(SchoolClass.name, q), contains(ClassYear.name, q))
            conditions.append(or_(*said, SchoolClass.organisation_id.in_(schools)))
        if organisation_id:
            conditions.append(SchoolClass.organisation_id == organisation_id)
        if grade:
            conditions.append(ClassYear.grade == grade)
        if state == "open":
            conditions.append(going_on(day))
        elif state == "ended":
            conditions.append(SchoolClass.ends_on < day)
        found = self._joined(select(SchoolClass, ClassYear, _pupils(day)), day).where(*conditions)
        rows = found.options(contains_eager(SchoolClass.organisation))
        answer = await self.session.execute(
            windowed(rows, SchoolClass.name, SchoolClass.id, window)
        )
        return listing(
            [ClassRow(*row) for row in answer.all()],
            window,
            lambda row: (row.school_class.name, row.school_class.id),
            await count(self.session, self._joined(select(SchoolClass.id), day).where(*conditions)),
        )

    def _joined(self, statement: Select[*tuple[Any, ...]], day: date) -> Select[*tuple[Any, ...]]:
        now = aliased(AcademicYear)
        this_year = select(now.id).where(now.starts_on <= day, now.ends_on >= day)
        return statement.join(
            Organisation, Organisation.id == SchoolClass.organisation_id
        ).outerjoin(
            ClassYear,
            and_(ClassYear.class_id == SchoolClass.id, ClassYear.year_id.in_(this_year)),
        )

    async def years(self, key: UUID) -> Sequence[ClassYear]:
        """What it was in each year, the newest first."""
        found = await self.session.execute(
            select(ClassYear)
            .join(AcademicYear, AcademicYear.id == ClassYear.year_id)
            .where(ClassYear.class_id == key)
            .options(contains_eager(ClassYear.year))
            .order_by(AcademicYear.starts_on.desc())
        )
        return found.scalars().all()

    async def name_on(self, found: SchoolClass, day: date) -> str:
        """What it is called in that day's year; its lasting name where it is in none."""
        years = await self.years(found.id)
        names = (y.name for y in years if y.year.starts_on <= day <= y.year.ends_on)
        return next(names, found.name)

    async def of_pupil(self, pupil_id: UUID, day: date) -> SchoolClass | None:
        found = await self.session.execute(
            select(SchoolClass)
            .join(ClassEntry, ClassEntry.class_id == SchoolClass.id)
            .where(ClassEntry.pupil_id == pupil_id, in_class(day))
            .limit(1)
        )
        return found.scalars().first()

    async def in_year(self, organisation_id: UUID, year_id: UUID) -> Sequence[ClassYear]:
        """Those of one school that go on, in the order of grades and names; class loaded."""
        found = await self.session.execute(
            select(ClassYear)
            .join(SchoolClass, SchoolClass.id == ClassYear.class_id)
            .where(
                SchoolClass.organisation_id == organisation_id,
                SchoolClass.ends_on.is_(None),
                ClassYear.year_id == year_id,
            )
            .options(contains_eager(ClassYear.school_class))
            .order_by(ClassYear.grade, ClassYear.name)
        )
        return found.scalars().all()

    async def with_year(self, year_id: UUID, keys: Sequence[UUID]) -> set[UUID]:
        """Which of these classes are in that year already."""
        found = await self.session.execute(
            select(ClassYear.class_id).where(
                ClassYear.year_id == year_id, ClassYear.class_id.in_(keys)
            )
        )
        return {*found.scalars()}

    async def remove_years(self, keys: Sequence[UUID]) -> None:
        await self.session.execute(delete(ClassYear).where(ClassYear.id.in_(keys)))

    async def rooms(self, keys: Sequence[UUID]) -> Sequence[Room]:
        """Where these classes sit."""
        found = await self.session.execute(select(Room).where(Room.class_id.in_(keys)))
        return found.scalars().all()

    async def seat(self, rooms: Sequence[UUID], class_id: UUID | None) -> None:
        await self.session.execute(update(Room).where(Room.id.in_(rooms)).values(class_id=class_id))


class ClassYearRepository(Repository[ClassYear]):
    model = ClassYear

    async def counts(self, years: Sequence[UUID]) -> dict[UUID, int]:
        """Classes in each year that has any."""
        found = await self.session.execute(
            select(ClassYear.year_id, func.count())
            .where(ClassYear.year_id.in_(years))
            .group_by(ClassYear.year_id)
        )
        return {key: number for key, number in found.all()}


class PupilRepository(Repository[Pupil]):
    model = Pupil

    async def of_class(self, class_id: UUID, day: date) -> Sequence[tuple[Pupil, ClassEntry]]:
        found = await self.session.execute(
            select(Pupil, ClassEntry)
            .join(ClassEntry, ClassEntry.pupil_id == Pupil.id)
            .where(ClassEntry.class_id == class_id, in_class(day))
            .order_by(Pupil.number, Pupil.name, Pupil.id)
            .limit(500)
        )
        return [(pupil, entry) for pupil, entry in found.all()]

    async def count_in(self, class_id: UUID, day: date) -> int:
        found = select(ClassEntry.id).where(ClassEntry.class_id == class_id, in_class(day))
        return await count(self.session, found)

    async def by_numbers(self, organisation_id: UUID, numbers: Sequence[str]) -> Sequence[Pupil]:
        return await self.all(
            self.base().where(Pupil.organisation_id == organisation_id, Pupil.number.in_(numbers))
        )

    async def end_entries(self, classes: Sequence[UUID], day: date) -> list[UUID]:
        """Who is in these classes leaves them on ``day``; the entries that ended."""
        open_ = (ClassEntry.class_id.in_(classes), ClassEntry.ends_on.is_(None))
        keys = [*(await self.session.execute(select(ClassEntry.id).where(*open_))).scalars()]
        await self.session.execute(update(ClassEntry).where(*open_).values(ends_on=day))
        return keys

    async def leave(self, entries: Sequence[UUID], day: date | None) -> None:
        """The pupils of these entries leave the school on ``day``; None takes that back."""
        pupils = select(ClassEntry.pupil_id).where(ClassEntry.id.in_(entries))
        await self.session.execute(
            update(Pupil)
            .where(Pupil.id.in_(pupils))
            .values(left_on=day)
            .execution_options(synchronize_session=False)
        )

    async def reopen(self, entries: Sequence[UUID]) -> None:
        await self.session.execute(
            update(ClassEntry).where(ClassEntry.id.in_(entries)).values(ends_on=None)
        )


class EntryRepository(Repository[ClassEntry]):
    model = ClassEntry

    async def end_open(self, pupil_id: UUID, day: date) -> None:
        """A pupil is in one class at a time."""
        await self.session.execute(
            update(ClassEntry)
            .where(ClassEntry.pupil_id == pupil_id, ClassEntry.ends_on.is_(None))
            .values(ends_on=day)
        )
