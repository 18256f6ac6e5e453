"""What a row would change, given what the database says: pure, so preview and writing agree."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from tongke_platform.database import uuid7
from tongke_platform.errors import N_
from tongke_platform.imports.cells import Problem
from tongke_platform.imports.models import Outcome
from tongke_platform.imports.titles import LABELS, Field
from tongke_platform.people.models import NameKind
from tongke_platform.people.roles import NAMES, Role

TWO_PEOPLE = N_("Staff number, phone and mail belong to different people here. Please check them.")
ELSEWHERE = N_("Somebody of another school has this phone number or mail address. Only an "
               "administrator responsible for both schools can add them here.")  # fmt: skip
ANOTHER_NAME = N_("The person with this phone number or mail address has another name here.")
INACTIVE = N_("This person's account is switched off. Please switch it on first.")


@dataclass(frozen=True)
class Place:
    """A school rows may be written to."""

    id: UUID
    code: str
    name: str


@dataclass
class Name:
    """A sign-in name there is, or is to be."""

    id: UUID
    person_id: UUID
    kind: NameKind
    value: str
    code: str


@dataclass
class Held:
    """A post at a school, in force or to come."""

    id: UUID
    person_id: UUID
    organisation_id: UUID | None
    role: Role
    post: str
    starts_on: date | None


@dataclass
class Known:
    """A person of the database. ``ours``: every post they hold is where the importer may write."""

    id: UUID
    display_name: str
    inactive: bool
    ours: bool
    names: list[Name] = field(default_factory=list)
    posts: list[Held] = field(default_factory=list)


@dataclass
class Knowledge:
    """What the database says about the names of a batch of rows, kept up to date by its plans."""

    by_name: dict[tuple[str, str], Known] = field(default_factory=dict)
    people: dict[UUID, Known] = field(default_factory=dict)


@dataclass
class Writes:
    """Rows to insert and to update, by table; each list is one statement."""

    people: list[dict[str, Any]] = field(default_factory=list)
    names: list[dict[str, Any]] = field(default_factory=list)
    posts: list[dict[str, Any]] = field(default_factory=list)
    renamed: list[dict[str, Any]] = field(default_factory=list)
    new_values: list[dict[str, Any]] = field(default_factory=list)
    new_posts: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Planned:
    outcome: Outcome
    changes: Sequence[Sequence[str]] = ()
    problems: Sequence[Problem] = ()


# Matched in this order: a staff number is surest, mail is often shared.
_KINDS = (
    (Field.NUMBER, NameKind.STAFF),
    (Field.PHONE, NameKind.PHONE),
    (Field.MAIL, NameKind.MAIL),
)


def names_of(data: Mapping[str, Any], place: Place) -> list[tuple[Field, NameKind, str, str]]:
    """The sign-in names of a row: field, kind, value, and the code it is unique in."""
    found = []
    for name, kind in _KINDS:
        if value := data.get(name):
            found.append((name, kind, value, place.code if kind is NameKind.STAFF else ""))
    return found


class Planner:
    """Plans rows one after another; ``writes`` gathers what they do."""

    def __init__(self, knowledge: Knowledge, by: UUID | None, today: date) -> None:
        self._known = knowledge.by_name
        self._by = by
        self._today = today
        self.writes = Writes()

    def find(self, data: Mapping[str, Any], place: Place) -> Known | None:
        """The person of the row's first name that is somebody's."""
        found = (self._known.get((value, code)) for _, _, value, code in names_of(data, place))
        return next((one for one in found if one is not None), None)

    def plan(
        self,
        data: Mapping[str, Any],
        place: Place,
        titles: Mapping[str, str],
        sure: Known | None = None,
    ) -> Planned:
        """``titles`` are the file's own, by field, for what is said of a cell; ``sure`` is the
        person where the file names a record of ours.
        """
        names = names_of(data, place)
        person, problems = self._find(names, titles, sure)
        if person is None and not problems:
            self._make(data, names, place)
            return Planned(Outcome.NEW)
        if person is not None and not problems:
            problems = _objections(person, data, names, place, titles)
        if problems or person is None:
            return Planned(Outcome.WRONG, problems=problems)
        changes = [*self._rename(person, data), *self._say_names(person, names)]
        changes += self._give_posts(person, data, place)
        return Planned(Outcome.CHANGED if changes else Outcome.UNCHANGED, changes)

    def _find(
        self,
        names: Sequence[tuple[Field, NameKind, str, str]],
        titles: Mapping[str, str],
        sure: Known | None,
    ) -> tuple[Known | None, list[Problem]]:
        found = [(f, self._known.get((value, code))) for f, _, value, code in names]
        people = {one.id: one for one in (sure, *(one for _, one in found)) if one is not None}
        if len(people) > 1:
            last = next(f for f, one in reversed(found) if one is not None)
            return None, [_problem(TWO_PEOPLE, last, titles)]
        return next(iter(people.values()), None), []

    def _make(
        self,
        data: Mapping[str, Any],
        names: Sequence[tuple[Field, NameKind, str, str]],
        place: Place,
    ) -> None:
        person = Known(uuid7(), data[Field.NAME], inactive=False, ours=True)
        self.writes.people.append({"id": person.id, "display_name": person.display_name})
        for _, kind, value, code in names:
            self._add_name(person, kind, value, code)
        self._give_posts(person, data, place)

    def _add_name(self, person: Known, kind: NameKind, value: str, code: str) -> None:
        name = Name(uuid7(), person.id, kind, value, code)
        person.names.append(name)
        self._known[value, code] = person
        self.writes.names.append(
            {
                "id": name.id,
                "person_id": person.id,
                "kind": kind,
                "value": value,
                "organisation_code": code,
            }
        )

    def _rename(self, person: Known, data: Mapping[str, Any]) -> list[list[str]]:
        before, after = person.display_name, data[Field.NAME]
        if before == after:
            return []
        person.display_name = after
        self.writes.renamed.append({"id": person.id, "display_name": after})
        return [[LABELS[Field.NAME], before, after]]

    def _say_names(
        self, person: Known, names: Sequence[tuple[Field, NameKind, str, str]]
    ) -> list[list[str]]:
        changes = []
        for label, kind, value, code in names:
            of_kind = [one for one in person.names if (one.kind, one.code) == (kind, code)]
            if any(one.value == value for one in of_kind):
                continue
            if len(of_kind) == 1:
                changes.append([LABELS[label], of_kind[0].value, value])
                self._revalue(person, of_kind[0], value)
            else:
                changes.append([LABELS[label], "", value])
                self._add_name(person, kind, value, code)
        return changes

    def _revalue(self, person: Known, name: Name, value: str) -> None:
        self._known.pop((name.value, name.code), None)
        name.value = value
        self._known[value, name.code] = person
        self.writes.new_values.append({"id": name.id, "value": value})

    def _give_posts(self, person: Known, data: Mapping[str, Any], place: Place) -> list[list[str]]:
        changes = []
        starts = data.get(Field.STARTS_ON)
        starts_on = date.fromisoformat(starts) if starts else None
        post = data.get(Field.POST) or ""
        for role in map(Role, data["roles"]):
            held = [p for p in person.posts if (p.organisation_id, p.role) == (place.id, role)]
            if held:
                changes += self._change_post(held[0], post, starts_on)
            else:
                self._add_post(person, place, role, post, starts_on)
                changes.append([LABELS[Field.ROLE], "", NAMES[role]])
        return changes

    def _add_post(
        self, person: Known, place: Place, role: Role, post: str, starts_on: date | None
    ) -> None:
        held = Held(uuid7(), person.id, place.id, role, post, starts_on or self._today)
        person.posts.append(held)
        self.writes.posts.append(
            {
                "id": held.id,
                "person_id": person.id,
                "organisation_id": place.id,
                "role": role,
                "post": post,
                "starts_on": held.starts_on,
                "granted_by_id": self._by,
            }
        )

    def _change_post(self, held: Held, post: str, starts_on: date | None) -> list[list[str]]:
        """An empty cell says nothing; it takes nothing away."""
        changes = []
        if post and post != held.post:
            changes.append([LABELS[Field.POST], held.post, post])
            held.post = post
        if starts_on and starts_on != held.starts_on:
            before = held.starts_on.isoformat() if held.starts_on else ""
            changes.append([LABELS[Field.STARTS_ON], before, starts_on.isoformat()])
            held.starts_on = starts_on
        if changes:
            self.writes.new_posts.append(
                {"id": held.id, "post": held.post, "starts_on": held.starts_on}
            )
        return changes


def _objections(
    person: Known,
    data: Mapping[str, Any],
    names: Sequence[tuple[Field, NameKind, str, str]],
    place: Place,
    titles: Mapping[str, str],
) -> list[Problem]:
    """Why this row may not say so of this person.

    Who holds posts elsewhere is not renamed, given other ways to sign in, or taken on from here:
    that would be a way into what they may do there.
    """
    if person.inactive:
        return [_problem(INACTIVE, Field.NAME, titles)]
    here = any(one.organisation_id == place.id for one in person.posts)
    said = {(one.value, one.code) for one in person.names}
    # Known by neither, they are known by a roster's own word for them, as sure as a number.
    matched = next((f for f, _, v, c in names if (v, c) in said), Field.NUMBER)
    if not person.ours and not here:
        return [_problem(ELSEWHERE, matched, titles)]
    renamed = person.display_name != data[Field.NAME]
    # A number typed for somebody else is likelier than a person who changed their name.
    if renamed and (matched is not Field.NUMBER or not person.ours):
        return [_problem(ANOTHER_NAME, Field.NAME, titles)]
    if not person.ours:
        for label, kind, value, code in names:
            if kind is not NameKind.STAFF and (value, code) not in said:
                return [_problem(ELSEWHERE, label, titles)]
    return []


def _problem(message: str, name: Field, titles: Mapping[str, str], **params: Any) -> Problem:
    column = titles.get(name, "")
    return Problem(message, column, params, label="" if column else LABELS[name])
