"""The ground of a roster: its schools, years and classes against the database."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from tongke_platform.classes.service import usual_year
from tongke_platform.database import ReadSession, uuid7
from tongke_platform.errors import N_
from tongke_platform.imports.asker import Asker
from tongke_platform.imports.cells import Problem
from tongke_platform.imports.models import Outcome
from tongke_platform.imports.oneroster.files import Record, Roster
from tongke_platform.imports.oneroster.store import SYSTEM, Changes, RosterStore
from tongke_platform.imports.oneroster.words import joined
from tongke_platform.imports.planning import Writes
from tongke_platform.organisations.models import (
    AcademicYear,
    ClassYear,
    ExternalId,
    ExternalKind,
    Organisation,
    OrganisationKind,
    Pupil,
    SchoolClass,
)
from tongke_platform.organisations.rights import YEARS

NO_REFERENCE = N_("%(value)s is not in the roster and not known here.")
NOT_ALLOWED = N_("You may not change the school %(value)s.")
NOT_BY_ROSTER = N_("Schools and years are not removed by a roster; please close them by hand.")
BAD_DAY = N_("%(value)s is not a day written like 2026-09-01.")
BAD_GRADE = N_("%(value)s is not a grade from 1 to 12.")
BAD_ROLE = N_("There is no role called %(value)s in OneRoster.")
EMPTY = N_("This cell must not be empty.")
TOO_LONG = N_("This is too long: at most %(limit)s characters.")

# Rows planned before others get their turn.
TURN = 200


@dataclass(frozen=True)
class Told:
    """A row of ``{table}.csv`` and what becomes of it."""

    table: str
    line: int
    name: str
    outcome: Outcome


@dataclass
class Result:
    """``rows`` of all tables, and what is wrong with which; ``table`` goes before the column."""

    rows: int = 0
    told: list[Told] = field(default_factory=list)
    wrong: list[tuple[int, Problem]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=lambda: {o.value: 0 for o in Outcome})
    changes: Changes = field(default_factory=Changes)
    people: Writes = field(default_factory=Writes)


class Refused(Exception):
    def __init__(self, message: str, column: str, **params: Any) -> None:
        super().__init__(message)
        self.problem = Problem(message, column, params)


class Places:
    """Plans the schools, years and classes of a roster, which its people refer to."""

    def __init__(self, session: ReadSession, asker: Asker, roster: Roster, today: date) -> None:
        self._store = RosterStore(session)
        self._session = session
        self._asker = asker
        self._roster = roster
        self._today = today
        self.result = Result()
        self._external: dict[tuple[ExternalKind, str], UUID] = {}
        self._schools: dict[str, Organisation] = {}
        self._years: dict[str, AcademicYear] = {}
        self._terms: dict[str, str] = {}
        self._classes: dict[str, SchoolClass] = {}
        self._class_years: dict[tuple[UUID, UUID], ClassYear] = {}
        self._pupils: dict[str, Pupil] = {}
        self._by_number: dict[tuple[UUID, str | None], Pupil] = {}
        self._staff: set[str] = set()

    async def _each(self, table: str, plan: Callable[[Record], Outcome]) -> None:
        for number, record in enumerate(self._roster.table(table), 1):
            self._one(table, record, plan)
            if not number % TURN:
                # A server has others to answer meanwhile.
                await asyncio.sleep(0)

    def _one(self, table: str, record: Record, plan: Callable[[Record], Outcome]) -> None:
        self.result.rows += 1
        try:
            if not record.key:
                raise Refused(EMPTY, "sourcedId")
            if len(record.key) > 255:
                raise Refused(TOO_LONG, "sourcedId", limit=255)
            outcome = plan(record)
        except Refused as refused:
            self._wrong(table, record, refused.problem)
            outcome = Outcome.WRONG
        self.result.counts[outcome.value] += 1
        self.result.told.append(Told(table, record.line, named(record), outcome))

    def _wrong(self, table: str, record: Record, problem: Problem) -> None:
        column = f"{table}.csv {problem.column}".strip()
        self.result.wrong.append((record.line, Problem(problem.message, column, problem.params)))

    def _id(self, kind: ExternalKind, key: str) -> UUID | None:
        """What a sourcedId names here: as it once came, or as we wrote it ourselves."""
        try:
            return self._external.get((kind, key)) or UUID(key)
        except ValueError:
            return None

    def _remember(self, kind: ExternalKind, key: str, record: UUID) -> None:
        if (kind, key) not in self._external and key != str(record):
            self._external[kind, key] = record
            self.result.changes.add(
                ExternalId, id=uuid7(), kind=kind, system=SYSTEM, value=key, record_id=record
            )

    # organisations

    async def _find_schools(self) -> None:
        records = self._roster.table("orgs")
        by_key = {one.key: self._id(ExternalKind.ORGANISATION, one.key) for one in records}
        found = await self._store.organisations(
            [one for one in by_key.values() if one], [one.get("identifier") for one in records]
        )
        by_id, by_code = {one.id: one for one in found}, {one.code: one for one in found}
        for record in records:
            wanted = by_key[record.key]
            school = by_id.get(wanted) if wanted else None
            if school is None or not self._asker.covers(school):
                # Two systems may have called two schools alike: the code says which is meant.
                school = by_code.get(record.get("identifier")) or school
            if school is not None:
                self._schools[record.key] = school

    def _school(self, record: Record) -> Outcome:
        school = self._schools.get(record.key)
        if record.deleted:
            raise Refused(NOT_BY_ROSTER, "status")
        if school is None:
            return self._new_school(record)
        if not self._asker.covers(school):
            # A roster may name the bureau above its schools without changing it.
            return Outcome.UNCHANGED
        self._remember(ExternalKind.ORGANISATION, record.key, school.id)
        return Outcome.UNCHANGED

    def _new_school(self, record: Record) -> Outcome:
        """Only the operator founds schools by a roster; anything above a school is left alone."""
        if record.get("type").lower() != "school":
            return Outcome.UNCHANGED
        if self._asker.principal is not None:
            raise Refused(NOT_ALLOWED, "sourcedId", value=record.key)
        name, code = record.get("name"), record.get("identifier") or record.key
        for column, text, limit in (("name", name, 120), ("identifier", code, 32)):
            check_text(column, text, limit)
        parent = self._schools.get(record.get("parentSourcedId"))
        school = Organisation(
            id=uuid7(),
            code=code,
            name=name,
            kind=OrganisationKind.SCHOOL,
            region_id=parent.region_id if parent else None,
            region_path=parent.region_path if parent else "/",
        )
        columns = ("id", "code", "name", "kind", "region_id", "region_path")
        self.result.changes.add(Organisation, **{one: getattr(school, one) for one in columns})
        self._schools[record.key] = school
        self._remember(ExternalKind.ORGANISATION, record.key, school.id)
        return Outcome.NEW

    def _school_of(self, record: Record, column: str, key: str) -> Organisation:
        school = self._schools.get(key)
        if school is None:
            raise Refused(NO_REFERENCE, column, value=key or "—")
        if not self._asker.covers(school):
            raise Refused(NOT_ALLOWED, column, value=key)
        return school

    # years

    def _year(self, record: Record, known: Sequence[AcademicYear]) -> Outcome:
        if record.get("type") != "schoolYear":
            self._terms[record.key] = record.get("parentSourcedId")
            return Outcome.UNCHANGED
        if record.deleted:
            raise Refused(NOT_BY_ROSTER, "status")
        title = record.get("title")
        check_text("title", title, 40)
        starts_on, ends_on = day_of(record, "startDate"), day_of(record, "endDate")
        if starts_on is None or ends_on is None:
            raise Refused(EMPTY, "startDate" if starts_on is None else "endDate")
        wanted = self._id(ExternalKind.YEAR, record.key)
        same = (
            y for y in known if y.id == wanted or (y.starts_on, y.ends_on) == (starts_on, ends_on)
        )
        year = next(same, None)
        if year is None and not self._may_set_years():
            middle = starts_on + (ends_on - starts_on) / 2
            there = (*known, *self._years.values())
            year = next((y for y in there if y.starts_on <= middle <= y.ends_on), None)
            # Where nobody has said otherwise, it is the one that any first class would make.
            title, starts_on, ends_on = usual_year(middle)
        if year is None:
            year = AcademicYear(id=uuid7(), name=title, starts_on=starts_on, ends_on=ends_on)
            self.result.changes.add(
                AcademicYear, id=year.id, name=title, starts_on=starts_on, ends_on=ends_on
            )
        new = year not in known and year not in self._years.values()
        self._years[record.key] = year
        self._remember(ExternalKind.YEAR, record.key, year.id)
        return Outcome.NEW if new else Outcome.UNCHANGED

    def _may_set_years(self) -> bool:
        """A year made here is everybody's."""
        by = self._asker.principal
        return by is None or YEARS.allows_everywhere(by)

    def _year_of(self, record: Record) -> AcademicYear:
        keys = record.keys("termSourcedIds")
        for key in keys:
            for _ in range(4):  # term, semester, year: deeper is a circle
                if key in self._years:
                    return self._years[key]
                key = self._terms.get(key, "")
        raise Refused(NO_REFERENCE, "termSourcedIds", value=",".join(keys)[:60] or "—")

    # classes

    async def _plan_classes(self) -> None:
        schools = [one.id for one in self._schools.values()]
        known = {one.id: one for one in await self._store.classes(schools)}
        years = await self._store.class_years(schools)
        self._class_years = {(one.class_id, one.year_id): one for one in years}
        await self._each("classes", lambda record: self._class(record, known))

    def _class(self, record: Record, known: dict[UUID, SchoolClass]) -> Outcome:
        school = self._school_of(record, "schoolSourcedId", record.get("schoolSourcedId"))
        wanted = self._id(ExternalKind.CLASS, record.key)
        found = known.get(wanted) if wanted else None
        if found is not None and found.organisation_id != school.id:
            raise Refused(NOT_ALLOWED, "sourcedId", value=record.key)
        if record.deleted:
            return self._end_class(found)
        title = record.get("title")
        check_text("title", title, 80)
        grade, year = _grade(record), self._year_of(record)
        outcome = Outcome.UNCHANGED
        if found is None:
            found = SchoolClass(
                id=uuid7(), organisation_id=school.id, name=title, starts_on=year.starts_on
            )
            self.result.changes.add(
                SchoolClass, id=found.id, organisation_id=school.id, name=title,
                starts_on=year.starts_on,
            )  # fmt: skip
            outcome = Outcome.NEW
        self._classes[record.key] = found
        self._remember(ExternalKind.CLASS, record.key, found.id)
        changed = self._class_in_year(found, year, grade, title)
        return Outcome.CHANGED if changed and outcome is Outcome.UNCHANGED else outcome

    def _class_in_year(self, one: SchoolClass, year: AcademicYear, grade: int, title: str) -> bool:
        there = self._class_years.get((one.id, year.id))
        if there is None:
            there = ClassYear(id=uuid7(), class_id=one.id, year_id=year.id, grade=grade, name=title)
            self._class_years[one.id, year.id] = there
            self.result.changes.add(
                ClassYear, id=there.id, class_id=one.id, year_id=year.id, grade=grade, name=title,
                size=0,
            )  # fmt: skip
            return True
        if (there.grade, there.name) == (grade, title):
            return False
        self.result.changes.change(ClassYear, there.id, grade=grade, name=title)
        return True

    def _end_class(self, found: SchoolClass | None) -> Outcome:
        if found is None or found.ends_on is not None:
            return Outcome.UNCHANGED
        self.result.changes.change(SchoolClass, found.id, ends_on=self._today)
        return Outcome.CHANGED


def named(record: Record) -> str:
    """What a person knows the row by."""
    person = joined(record.get("givenName"), record.get("familyName"))
    return (record.get("title") or record.get("name") or person or record.key)[:120]


def check_text(column: str, text: str, limit: int) -> None:
    if not text:
        raise Refused(EMPTY, column)
    if len(text) > limit:
        raise Refused(TOO_LONG, column, limit=limit)


def day_of(record: Record, column: str) -> date | None:
    text = record.get(column)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Refused(BAD_DAY, column, value=text[:40]) from None


def _grade(record: Record) -> int:
    """The first of the grades; a class of several is taught as the lowest."""
    text = (record.keys("grades") or [""])[0]
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 12):
        raise Refused(BAD_GRADE, "grades", value=text[:20] or "—")
    return int(text)
