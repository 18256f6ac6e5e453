"""A roster against the database: planned as a whole, then written in one transaction.

Delta and bulk files are read alike: what a file does not mention stays as it is, and what it marks
``tobedeleted`` ends today and keeps its history.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import false

from tongke_platform.classes.repository import YearRepository
from tongke_platform.database import WriteSession, uuid7
from tongke_platform.imports import repository
from tongke_platform.imports.cells import read_row
from tongke_platform.imports.models import Outcome
from tongke_platform.imports.oneroster.files import Record
from tongke_platform.imports.oneroster.places import (
    BAD_ROLE,
    NO_REFERENCE,
    NOT_ALLOWED,
    Places,
    Refused,
    Result,
    check_text,
    day_of,
)
from tongke_platform.imports.oneroster.store import ORDER, write
from tongke_platform.imports.oneroster.words import LEFT_OUT, ROLES, joined, word_of
from tongke_platform.imports.planning import Known, Place, Planner, names_of
from tongke_platform.imports.repository import KnowledgeRepository
from tongke_platform.imports.table import Row
from tongke_platform.imports.titles import Field, Titles
from tongke_platform.organisations.models import (
    AcademicYear,
    ClassEntry,
    ExternalKind,
    Organisation,
    Pupil,
)
from tongke_platform.people.models import Membership

_FIELDS = (Field.NAME, Field.NUMBER, Field.PHONE, Field.MAIL)


class Incoming(Places):
    """Plans a roster; ``result`` tells and holds what is to be written."""

    async def plan(self) -> Result:
        tables = self._roster.tables
        self._external = await self._store.external(
            record.key for rows in tables.values() for record in rows
        )
        await self._find_schools()
        await self._each("orgs", self._school)
        known = await self._years_known()
        await self._each("academicSessions", lambda record: self._year(record, known))
        await self._plan_classes()
        await self._plan_users()
        await self._plan_enrolments()
        for name in ("courses", "roles", "userProfiles"):
            await self._each(name, lambda record: Outcome.UNCHANGED)
        return self.result

    async def _years_known(self) -> Sequence[AcademicYear]:
        """Of other counties' years only the operator knows."""
        if self._asker.principal is None:
            return await self._store.years()
        paths = [school.region_path for school in self._schools.values()]
        found = await YearRepository(self._session).relevant(false(), paths)
        return [year for year, _ in found]

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

        await self._each("users", plan)
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
        check_text("identifier", number, 64)
        found = known.get(wanted) if wanted else None
        found = found or self._by_number.get((school.id, number))
        name = joined(record.get("givenName"), record.get("familyName"))
        check_text("givenName", name, 80)
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
        await self._each("enrollments", lambda record: self._enrolment(record, known, ended))

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
        starts_on, ends_on = day_of(record, "beginDate"), day_of(record, "endDate")
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


async def write_result(session: WriteSession, result: Result) -> None:
    """Schools before the posts at them; the caller commits all of it or nothing."""
    await write(session, result.changes, [Organisation])
    await repository.write(session, result.people)
    await write(session, result.changes, ORDER)
