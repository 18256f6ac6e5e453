"""A school as a roster; reading it back changes nothing."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from uuid import UUID

from tongke_platform.database import ReadSession
from tongke_platform.imports.oneroster.files import write_roster
from tongke_platform.imports.oneroster.store import RosterStore
from tongke_platform.imports.oneroster.words import parted, word_of
from tongke_platform.organisations.models import (
    AcademicYear,
    ClassEntry,
    ClassYear,
    Organisation,
    Pupil,
    SchoolClass,
)
from tongke_platform.people.models import Membership, NameKind, Person, SignInName

Rows = list[Mapping[str, str]]


async def export_school(
    session: ReadSession, school: Organisation, version: str, today: date
) -> bytes:
    """The zip; ``version`` is 1.1 or 1.2."""
    return await export_schools(session, [school], version, today, {school.id})


async def export_schools(
    session: ReadSession,
    schools: Sequence[Organisation],
    version: str,
    today: date,
    listed: Collection[UUID],
) -> bytes:
    """The zip of several; pupils and who is in which class only of the schools in ``listed``."""
    merged: dict[str, dict[str, Mapping[str, str]]] = {}
    for school in schools:
        tables = await _tables(session, school, version, today, school.id in listed)
        for name, rows in tables.items():
            there = merged.setdefault(name, {})
            for row in rows:
                there[row["sourcedId"]] = _joined(there.get(row["sourcedId"]), row)
    return write_roster(version, {name: [*rows.values()] for name, rows in merged.items()})


def _joined(known: Mapping[str, str] | None, row: Mapping[str, str]) -> Mapping[str, str]:
    """A year, or somebody who works at two schools, is one row."""
    if known is None or "orgSourcedIds" not in row:
        return known or row
    keys = dict.fromkeys([*known["orgSourcedIds"].split(","), row["orgSourcedIds"]])
    return {**known, "orgSourcedIds": ",".join(keys)}


async def _tables(
    session: ReadSession, school: Organisation, version: str, today: date, listed: bool
) -> dict[str, Rows]:
    store = RosterStore(session)
    classes = await store.classes([school.id])
    class_years = await store.class_years([school.id])
    used = {one.year_id for one in class_years}
    years = [one for one in await store.years() if one.id in used]
    pupils = [one for one in await store.pupils([school.id]) if one.left_on is None and listed]
    entries = await store.entries([school.id]) if listed else []
    staff = await store.staff(school.id, today)
    names = await store.sign_in_names([person.id for person, _ in staff])
    ids: set[UUID] = {school.id}
    for group in (years, classes, pupils, [person for person, _ in staff]):
        ids.update(one.id for one in group)
    roster = _Outgoing(school, version, await store.names_of(ids))
    tables: dict[str, Rows] = {
        "orgs": [roster.org()],
        "academicSessions": [roster.year(one) for one in years],
        "courses": [roster.course()] if classes else [],
        "classes": roster.classes(classes, class_years, today, years),
        "users": [*roster.staff(staff, names), *(roster.pupil(one) for one in pupils)],
        "enrollments": roster.enrolments(entries, {one.id for one in pupils}),
    }
    if version == "1.2":
        tables["roles"] = roster.roles(staff, pupils)
    return tables


class _Outgoing:
    def __init__(self, school: Organisation, version: str, names: Mapping[UUID, str]) -> None:
        self._school = school
        self._version = version
        self._names = names

    def key(self, record: UUID) -> str:
        return self._names.get(record, str(record))

    def org(self) -> Mapping[str, str]:
        school = self._school
        return {
            "sourcedId": self.key(school.id),
            "name": school.name,
            "type": "school",
            "identifier": school.code,
        }

    def year(self, one: AcademicYear) -> Mapping[str, str]:
        return {
            "sourcedId": self.key(one.id),
            "title": one.name,
            "type": "schoolYear",
            "startDate": one.starts_on.isoformat(),
            "endDate": one.ends_on.isoformat(),
            "schoolYear": str(one.ends_on.year),
        }

    def course(self) -> Mapping[str, str]:
        """A class belongs to a course in OneRoster; ours are whole classes, with one for all."""
        return {
            "sourcedId": f"course-{self.key(self._school.id)}",
            "title": self._school.name,
            "orgSourcedId": self.key(self._school.id),
        }

    def classes(
        self,
        classes: Sequence[SchoolClass],
        class_years: Sequence[ClassYear],
        today: date,
        years: Sequence[AcademicYear],
    ) -> Rows:
        """Each class as it is in its latest year."""
        starts = {one.id: one.starts_on for one in years}
        latest: dict[UUID, ClassYear] = {}
        for one in sorted(class_years, key=lambda one: starts[one.year_id]):
            latest[one.class_id] = one
        return [
            {
                "sourcedId": self.key(one.id),
                "title": latest[one.id].name,
                "grades": f"{latest[one.id].grade:02}",
                "courseSourcedId": f"course-{self.key(self._school.id)}",
                "classType": "homeroom",
                "schoolSourcedId": self.key(self._school.id),
                "termSourcedIds": self.key(latest[one.id].year_id),
            }
            for one in classes
            if one.id in latest and (one.ends_on is None or one.ends_on >= today)
        ]

    def staff(
        self, staff: Sequence[tuple[Person, Membership]], names: Sequence[SignInName]
    ) -> Rows:
        posts: dict[UUID, list[Membership]] = {}
        people: dict[UUID, Person] = {}
        for person, post in staff:
            if word_of(post.role, self._version):
                people[person.id] = person
                posts.setdefault(person.id, []).append(post)
        return [self._user(one, posts[one.id], names) for one in people.values()]

    def _user(
        self, person: Person, posts: Sequence[Membership], names: Sequence[SignInName]
    ) -> Mapping[str, str]:
        said = {
            one.kind: one.value
            for one in names
            if one.person_id == person.id and one.organisation_code in ("", self._school.code)
        }
        number = said.get(NameKind.STAFF, "")
        row = {
            **self._called(person.id, person.display_name),
            "enabledUser": "false" if person.deactivated_at else "true",
            "username": number or next(iter(said.values()), str(person.id)),
            "identifier": number,
            "email": said.get(NameKind.MAIL, ""),
            "sms": said.get(NameKind.PHONE, ""),
        }
        if self._version == "1.1":
            row["role"] = word_of(posts[0].role, "1.1") or ""
        return row

    def _called(self, key: UUID, name: str) -> dict[str, str]:
        given, family = parted(name)
        called = {"sourcedId": self.key(key), "givenName": given, "familyName": family}
        column = "orgSourcedIds" if self._version == "1.1" else "primaryOrgSourcedId"
        return {**called, column: self.key(self._school.id)}

    def pupil(self, one: Pupil) -> Mapping[str, str]:
        """No more of a child than the class list says."""
        row = {
            **self._called(one.id, one.name),
            "enabledUser": "false",
            "username": one.number or str(one.id),
            "identifier": one.number or "",
        }
        return {**row, "role": "student"} if self._version == "1.1" else row

    def roles(self, staff: Sequence[tuple[Person, Membership]], pupils: Iterable[Pupil]) -> Rows:
        rows = [
            self._role(post.id, person.id, word)
            for person, post in staff
            if (word := word_of(post.role, "1.2"))
        ]
        return [*rows, *(self._role(one.id, one.id, "student") for one in pupils)]

    def _role(self, key: UUID, user: UUID, word: str) -> Mapping[str, str]:
        return {
            "sourcedId": f"role-{key}",
            "userSourcedId": self.key(user),
            "roleType": "primary",
            "role": word,
            "orgSourcedId": self.key(self._school.id),
        }

    def enrolments(self, entries: Sequence[ClassEntry], pupils: set[UUID]) -> Rows:
        return [
            {
                "sourcedId": str(one.id),
                "classSourcedId": self.key(one.class_id),
                "schoolSourcedId": self.key(self._school.id),
                "userSourcedId": self.key(one.pupil_id),
                "role": "student",
                "primary": "true",
                "beginDate": one.starts_on.isoformat() if one.starts_on else "",
                "endDate": "",
            }
            for one in entries
            if one.pupil_id in pupils and one.ends_on is None
        ]
