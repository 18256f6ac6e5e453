"""All SQL of rosters: what there is of some schools, in one statement a table."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import insert, or_, select, update

from tongke_platform.database import ReadSession, Record, WriteSession, utc_now
from tongke_platform.organisations.models import (
    AcademicYear,
    ClassEntry,
    ClassYear,
    ExternalId,
    ExternalKind,
    Organisation,
    Pupil,
    SchoolClass,
)
from tongke_platform.people.models import Membership, Person, SignInName
from tongke_platform.people.roles import Scope

SYSTEM = "oneroster"
_SOME = 5000


@dataclass
class Changes:
    """Rows to insert and update, by table, written in this order."""

    new: dict[type[Record], dict[UUID, dict[str, Any]]] = field(default_factory=dict)
    changed: dict[type[Record], dict[UUID, dict[str, Any]]] = field(default_factory=dict)

    def add(self, model: type[Record], **values: Any) -> None:
        self.new.setdefault(model, {})[values["id"]] = values

    def change(self, model: type[Record], key: UUID, **values: Any) -> None:
        """A row that is only about to be made is made with these values at once."""
        if key in self.new.get(model, {}):
            self.new[model][key].update(values)
            return
        self.changed.setdefault(model, {}).setdefault(key, {}).update(values)


# Those pointed at come before those that point.
ORDER: Sequence[type[Record]] = (
    AcademicYear, SchoolClass, ClassYear, Pupil, ClassEntry, Membership, ExternalId,
)  # fmt: skip


async def write(session: WriteSession, changes: Changes, models: Sequence[type[Record]]) -> None:
    now = utc_now()
    for model in models:
        if rows := changes.new.get(model):
            # One statement: every row names every column that one of them names.
            columns = dict.fromkeys(column for row in rows.values() for column in row)
            filled = [{**columns, "created_at": now, **row} for row in rows.values()]
            await session.execute(insert(model), filled)
        for key, values in changes.changed.get(model, {}).items():
            await session.execute(update(model).where(model.id == key).values(**values))


class RosterStore:
    def __init__(self, session: ReadSession) -> None:
        self._session = session

    async def external(self, values: Iterable[str]) -> dict[tuple[ExternalKind, str], UUID]:
        found: dict[tuple[ExternalKind, str], UUID] = {}
        listed = sorted(set(values))
        for start in range(0, len(listed), _SOME):
            rows = await self._session.execute(
                select(ExternalId.kind, ExternalId.value, ExternalId.record_id).where(
                    ExternalId.system == SYSTEM, ExternalId.value.in_(listed[start : start + _SOME])
                )
            )
            found.update({(kind, value): record for kind, value, record in rows})
        return found

    async def names_of(self, ids: Iterable[UUID]) -> dict[UUID, str]:
        """The sourcedIds of records that came from a roster."""
        found: dict[UUID, str] = {}
        listed = list(ids)
        for start in range(0, len(listed), _SOME):
            rows = await self._session.execute(
                select(ExternalId.record_id, ExternalId.value).where(
                    ExternalId.system == SYSTEM,
                    ExternalId.record_id.in_(listed[start : start + _SOME]),
                )
            )
            found.update({record: value for record, value in rows})
        return found

    async def _all(self, model: type[Any], *where: Any) -> Sequence[Any]:
        return (await self._session.execute(select(model).where(*where))).scalars().all()

    async def organisations(self, ids: Iterable[UUID], codes: Iterable[str]) -> list[Organisation]:
        known = or_(Organisation.id.in_(list(ids)), Organisation.code.in_(list(codes)))
        return list(await self._all(Organisation, known))

    async def years(self) -> list[AcademicYear]:
        return list(await self._all(AcademicYear))

    async def classes(self, schools: Sequence[UUID]) -> list[SchoolClass]:
        return list(await self._all(SchoolClass, SchoolClass.organisation_id.in_(schools)))

    async def class_years(self, schools: Sequence[UUID]) -> list[ClassYear]:
        of = select(SchoolClass.id).where(SchoolClass.organisation_id.in_(schools))
        return list(await self._all(ClassYear, ClassYear.class_id.in_(of)))

    async def pupils(self, schools: Sequence[UUID]) -> list[Pupil]:
        return list(await self._all(Pupil, Pupil.organisation_id.in_(schools)))

    async def entries(self, schools: Sequence[UUID]) -> list[ClassEntry]:
        of = select(SchoolClass.id).where(SchoolClass.organisation_id.in_(schools))
        return list(await self._all(ClassEntry, ClassEntry.class_id.in_(of)))

    async def staff(self, school: UUID, today: date) -> list[tuple[Person, Membership]]:
        rows = await self._session.execute(
            select(Person, Membership)
            .join(Membership, Membership.person_id == Person.id)
            .where(
                Membership.scope == Scope.ORGANISATION,
                Membership.organisation_id == school,
                or_(Membership.ends_on.is_(None), Membership.ends_on >= today),
                Person.erased_at.is_(None),
            )
            .order_by(Membership.id)
        )
        return [(person, post) for person, post in rows]

    async def sign_in_names(self, people: Sequence[UUID]) -> list[SignInName]:
        return list(await self._all(SignInName, SignInName.person_id.in_(people)))
