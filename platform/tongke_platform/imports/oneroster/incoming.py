"""A roster against the database: planned as a whole, then written in one transaction.

Delta and bulk files are read alike: what a file does not mention stays as it is, and what it marks
``tobedeleted`` ends today and keeps its history.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from tongke_platform.database import ReadSession, WriteSession, uuid7
from tongke_platform.errors import N_
from tongke_platform.imports import repository
from tongke_platform.imports.asker import Asker
from tongke_platform.imports.cells import Problem, read_row
from tongke_platform.imports.models import Outcome
from tongke_platform.imports.oneroster.files import Record, Roster
from tongke_platform.imports.oneroster.store import ORDER, SYSTEM, Changes, RosterStore, write
from tongke_platform.imports.oneroster.words import LEFT_OUT, ROLES, joined, word_of
from tongke_platform.imports.planning import Known, Place, Planner, Writes, names_of
from tongke_platform.imports.repository import KnowledgeRepository
from tongke_platform.imports.table import Row
from tongke_platform.imports.titles import Field, Titles
from tongke_platform.organisations.models import (
    AcademicYear,
    ClassEntry,
    ClassYear,
    ExternalId,
    ExternalKind,
    Organisation,
    OrganisationKind,
    Pupil,
    SchoolClass,
)
from tongke_platform.people.models import Membership

NO_REFERENCE = N_("%(value)s is not in the roster and not known here.")
NOT_ALLOWED = N_("You may not change the school %(value)s.")
NOT_BY_ROSTER = N_("Schools and years are not removed by a roster; please close them by hand.")
BAD_DAY = N_("%(value)s is not a day written like 2026-09-01.")
BAD_GRADE = N_("%(value)s is not a grade from 1 to 12.")
BAD_ROLE = N_("There is no role called %(value)s in OneRoster.")
EMPTY = N_("This cell must not be empty.")
TOO_LONG = N_("This is too long: at most %(limit)s characters.")

_FIELDS = (Field.NAME, Field.NUMBER, Field.PHONE, Field.MAIL)


@dataclass
class Result:
    """``rows`` of all tables, and what is wrong with which; ``table`` goes before the column."""

    rows: int = 0
    wrong: list[tuple[int, Problem]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=lambda: {o.value: 0 for o in Outcome})
    changes: Changes = field(default_factory=Changes)
    people: Writes = field(default_factory=Writes)


class Refused(Exception):
    def __init__(self, message: str, column: str, **params: Any) -> None:
        super().__init__(message)
        self.problem = Problem(message, column, params)


class Incoming:
    """Plans a roster; ``result`` tells and holds what is to be written."""

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

    async def plan(self) -> Result:
        tables = self._roster.tables
        self._external = await self._store.external(
            record.key for rows in tables.values() for record in rows
        )
        await self._find_schools()
        self._each("orgs", self._school)
        known = await self._store.years()
        self._each("academicSessions", lambda record: self._year(record, known))
        await self._plan_classes()
        await self._plan_users()
        await self._plan_enrolments()
        for name in ("courses", "roles", "userProfiles"):
            self._each(name, lambda record: Outcome.UNCHANGED)
        return self.result

    def _each(self, table: str, plan: Callable[[Record], Outcome]) -> None:
        for record in self._roster.table(table):
            self._one(table, record, plan)

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
            school = school or by_code.get(record.get("identifier"))
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
            _check_text(column, text, limit)
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
        _check_text("title", title, 40)
        starts_on, ends_on = _day(record, "startDate"), _day(record, "endDate")
        if starts_on is None or ends_on is None:
            raise Refused(EMPTY, "startDate" if starts_on is None else "endDate")
        wanted = self._id(ExternalKind.YEAR, record.key)
        same = (
            y for y in known if y.id == wanted or (y.starts_on, y.ends_on) == (starts_on, ends_on)
        )
        year = next(same, None)
        if year is None:
            year = AcademicYear(id=uuid7(), name=title, starts_on=starts_on, ends_on=ends_on)
            self.result.changes.add(
                AcademicYear, id=year.id, name=title, starts_on=starts_on, ends_on=ends_on
            )
        new = year not in known
        self._years[record.key] = year
        self._remember(ExternalKind.YEAR, record.key, year.id)
        return Outcome.NEW if new else Outcome.UNCHANGED

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
        self._each("classes", lambda record: self._class(record, known))

    def _class(self, record: Record, known: dict[UUID, SchoolClass]) -> Outcome:
        school = self._school_of(record, "schoolSourcedId", record.get("schoolSourcedId"))
        wanted = self._id(ExternalKind.CLASS, record.key)
        found = known.get(wanted) if wanted else None
        if found is not None and found.organisation_id != school.id:
            raise Refused(NOT_ALLOWED, "sourcedId", value=record.key)
        if record.deleted:
            return self._end_class(found)
        title = record.get("title")
        _check_text("title", title, 80)
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

    # users

    async def _plan_users(self) -> None:
        schools = [one.id for one in self._schools.values()]
        pupils = {one.id: one for one in await self._store.pupils(schools)}
        self._by_number = {(p.organisation_id, p.number): p for p in pupils.values()}
        planner, known = await self._people_planner()
        roles = self._roles()

        def plan(record: Record) -> Outcome:
            posts = roles.get(record.key, [])
            if any(role == "student" for role, _, _ in posts):
                return self._pupil(record, pupils, next(p for p in posts if p[0] == "student")[1:])
            self._staff.add(record.key)
            return self._person(record, posts, planner, known)

        self._each("users", plan)
        self.result.people = planner.writes

    def _roles(self) -> dict[str, list[tuple[str, str, str]]]:
        """By user: a role in small letters, the school's sourcedId, the column that says so."""
        found: dict[str, list[tuple[str, str, str]]] = {}
        for one in self._roster.table("users"):
            role = one.get("role").lower()
            for org in one.keys("orgSourcedIds") or ([""] if role else []):
                found.setdefault(one.key, []).append((role, org, "orgSourcedIds"))
        for one in self._roster.table("roles"):
            if not one.deleted:
                post = (one.get("role").lower(), one.get("orgSourcedId"), "roles.orgSourcedId")
                found.setdefault(one.get("userSourcedId"), []).append(post)
        return found

    async def _people_planner(self) -> tuple[Planner, dict[UUID, Known]]:
        """Knows everybody the roster names: by number, phone or mail, or by sourcedId."""
        store = KnowledgeRepository(self._session, self._asker, self._today)
        keys: set[tuple[str, str]] = set()
        for record in self._roster.table("users"):
            data = _names(record)
            for school in self._schools.values():
                place = Place(school.id, school.code, school.name)
                keys.update((value, code) for _, _, value, code in names_of(data, place))
        ids = {self._id(ExternalKind.PERSON, one.key) for one in self._roster.table("users")}
        knowledge = await store.about(keys, [one for one in ids if one is not None])
        return Planner(knowledge, self._asker.id, self._today), knowledge.people

    def _pupil(self, record: Record, known: dict[UUID, Pupil], where: tuple[str, str]) -> Outcome:
        school = self._school_of(record, where[1], where[0])
        wanted = self._id(ExternalKind.PUPIL, record.key)
        number = record.get("identifier") or record.key
        _check_text("identifier", number, 64)
        found = known.get(wanted) if wanted else None
        found = found or self._by_number.get((school.id, number))
        name = joined(record.get("givenName"), record.get("familyName"))
        _check_text("givenName", name, 80)
        if found is not None and found.organisation_id != school.id:
            raise Refused(NOT_ALLOWED, "sourcedId", value=record.key)
        if record.deleted:
            return self._pupil_leaves(found)
        if found is None:
            found = Pupil(id=uuid7(), organisation_id=school.id, number=number, name=name)
            self._by_number[school.id, number] = found
            self.result.changes.add(
                Pupil, id=found.id, organisation_id=school.id, number=number, name=name
            )
            outcome = Outcome.NEW
        elif (found.name, found.left_on) == (name, None):
            outcome = Outcome.UNCHANGED
        else:
            self.result.changes.change(Pupil, found.id, name=name, left_on=None)
            outcome = Outcome.CHANGED
        self._pupils[record.key] = found
        self._remember(ExternalKind.PUPIL, record.key, found.id)
        return outcome

    def _pupil_leaves(self, found: Pupil | None) -> Outcome:
        if found is None or found.left_on is not None:
            return Outcome.UNCHANGED
        self.result.changes.change(Pupil, found.id, left_on=self._today)
        return Outcome.CHANGED

    def _person(
        self,
        record: Record,
        posts: Sequence[tuple[str, str, str]],
        planner: Planner,
        known: dict[UUID, Known],
    ) -> Outcome:
        outcomes = [
            self._at_school(record, *post, planner, known)
            for post in posts
            if post[0] not in LEFT_OUT
        ]
        for outcome in (Outcome.NEW, Outcome.CHANGED):
            if outcome in outcomes:
                return outcome
        return Outcome.UNCHANGED

    def _at_school(
        self,
        record: Record,
        word: str,
        org: str,
        column: str,
        planner: Planner,
        known: dict[UUID, Known],
    ) -> Outcome:
        school = self._school_of(record, column, org)
        role = ROLES.get(word)
        if role is None or not self._asker.may_give(role):
            raise Refused(BAD_ROLE, "role", value=word[:40] or "—")
        data = _read_names(record)
        place = Place(school.id, school.code, school.name)
        wanted = self._id(ExternalKind.PERSON, record.key)
        person = known.get(wanted) if wanted else None
        if record.deleted:
            return self._person_leaves(person or planner.find(data, place), school)
        there = person or planner.find(data, place)
        held = there is not None and self._holds(there, school, word)
        data["roles"] = [] if held else [role.value]
        planned = planner.plan(data, place, _COLUMNS, there)
        if planned.outcome is Outcome.WRONG:
            problem = planned.problems[0]
            raise Refused(problem.message, problem.column, **problem.params)
        made = planner.find(data, place)
        if made is not None:
            self._remember(ExternalKind.PERSON, record.key, made.id)
            known[made.id] = made
        return planned.outcome

    def _holds(self, person: Known, school: Organisation, word: str) -> bool:
        """Whether a post they hold is called the same in a roster: it is finer than its word."""
        words = {
            (word_of(p.role, version) or "").lower()
            for p in person.posts
            if p.organisation_id == school.id
            for version in ("1.1", "1.2")
        }
        return word in words

    def _person_leaves(self, person: Known | None, school: Organisation) -> Outcome:
        ending = [p for p in person.posts if p.organisation_id == school.id] if person else []
        for post in ending:
            self.result.changes.change(Membership, post.id, ends_on=self._today)
        return Outcome.CHANGED if ending else Outcome.UNCHANGED

    # enrolments

    async def _plan_enrolments(self) -> None:
        schools = [one.id for one in self._schools.values()]
        entries = await self._store.entries(schools)
        known = {(one.pupil_id, one.class_id): one for one in entries if one.ends_on is None}
        ended = {(one.pupil_id, one.class_id, one.ends_on) for one in entries}
        self._each("enrollments", lambda record: self._enrolment(record, known, ended))

    def _enrolment(
        self,
        record: Record,
        known: dict[tuple[UUID, UUID], ClassEntry],
        ended: set[tuple[UUID, UUID, date | None]],
    ) -> Outcome:
        user, class_key = record.get("userSourcedId"), record.get("classSourcedId")
        one = self._classes.get(class_key)
        if one is None:
            raise Refused(NO_REFERENCE, "classSourcedId", value=class_key or "—")
        pupil = self._pupils.get(user)
        if pupil is None:
            if user in self._staff:
                return Outcome.UNCHANGED
            raise Refused(NO_REFERENCE, "userSourcedId", value=user or "—")
        starts_on, ends_on = _day(record, "beginDate"), _day(record, "endDate")
        entry = known.get((pupil.id, one.id))
        if record.deleted:
            ends_on = ends_on or self._today
        if entry is not None:
            if ends_on is None:
                return Outcome.UNCHANGED
            self.result.changes.change(ClassEntry, entry.id, ends_on=ends_on)
            del known[pupil.id, one.id]
            return Outcome.CHANGED
        if record.deleted or (pupil.id, one.id, ends_on) in ended:
            return Outcome.UNCHANGED
        made = ClassEntry(id=uuid7(), pupil_id=pupil.id, class_id=one.id)
        self.result.changes.add(
            ClassEntry, id=made.id, pupil_id=pupil.id, class_id=one.id,
            starts_on=starts_on or one.starts_on, ends_on=ends_on,
        )  # fmt: skip
        known[pupil.id, one.id] = made
        return Outcome.NEW


_COLUMNS = {
    Field.NAME.value: "givenName",
    Field.NUMBER.value: "identifier",
    Field.PHONE.value: "phone",
    Field.MAIL.value: "email",
}
_TITLES = Titles(
    {one: place for place, one in enumerate(_FIELDS)},
    {one: _COLUMNS[one.value] for one in _FIELDS},
    0,
)


def _values(record: Record) -> list[str]:
    phone = record.get("sms") or record.get("phone")
    name = joined(record.get("givenName"), record.get("familyName"))
    mail, number = record.get("email"), record.get("identifier")
    if not (number or phone or mail):
        number = record.get("username")
    return [name, number, phone, mail]


def _names(record: Record) -> dict[str, Any]:
    """In normal form, as far as they are right."""
    return read_row(Row(record.line, _values(record)), _TITLES).values


def _read_names(record: Record) -> dict[str, Any]:
    draft = read_row(Row(record.line, _values(record)), _TITLES)
    if draft.problems:
        problem = draft.problems[0]
        raise Refused(problem.message, problem.column, **problem.params)
    return draft.values


def _check_text(column: str, text: str, limit: int) -> None:
    if not text:
        raise Refused(EMPTY, column)
    if len(text) > limit:
        raise Refused(TOO_LONG, column, limit=limit)


def _day(record: Record, column: str) -> date | None:
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


async def write_result(session: WriteSession, result: Result) -> None:
    """Schools before the posts at them; the caller commits all of it or nothing."""
    await write(session, result.changes, [Organisation])
    await repository.write(session, result.people)
    await write(session, result.changes, ORDER)
