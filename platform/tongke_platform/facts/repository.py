"""All SQL about facts and their sums. It adds and reads: nothing here can change a fact."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, func, insert, or_, select, update

from tongke_platform.database import Repository, WriteSession, upsert, utc_now, uuid7
from tongke_platform.facts.models import FactPerson, FactRecord, PendingFact, Rollup, RollupState
from tongke_platform.facts.rights import READ
from tongke_platform.facts.sums import Group, Sum, rows
from tongke_platform.organisations.models import Organisation
from tongke_platform.rights import Principal

CHUNK = 200
SUMS = "sums"


@dataclass(frozen=True)
class Filter:
    """``start`` is included, ``end`` is not."""

    kind: str = ""
    school_id: UUID | None = None
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True)
class Days:
    """Both days are included."""

    kind: str = ""
    school_id: UUID | None = None
    first: date | None = None
    last: date | None = None


def _ours(table: type[FactRecord] | type[Rollup], principal: Principal) -> Any:
    mine = select(Organisation.id).where(READ.clause(principal))
    return or_(table.school_id.in_(mine), table.counterpart_id.in_(mine))


class FactRepository(Repository[FactRecord]):
    model = FactRecord

    def readable(self, principal: Principal) -> Select[Any]:
        """Of the schools whose facts they may read, at either end."""
        if READ.allows_everywhere(principal):
            return self.base()
        return self.base().where(_ours(FactRecord, principal))

    async def one_readable(self, principal: Principal, key: UUID) -> FactRecord | None:
        return await self.one_or_none(self.readable(principal).where(FactRecord.id == key))

    async def by_key(self, key: str) -> FactRecord | None:
        return await self.one_or_none(self.base().where(FactRecord.key == key))

    async def append(self, facts: Sequence[Mapping[str, Any]]) -> list[UUID]:
        """The ids of those that were new; the others conflict with facts there are."""
        added: list[UUID] = []
        for start in range(0, len(facts), CHUNK):
            statement = upsert(self.session, FactRecord).values(facts[start : start + CHUNK])
            statement = statement.on_conflict_do_nothing().returning(FactRecord.id)
            added += (await self.session.execute(statement)).scalars()
        if added:
            now = utc_now()
            waiting = [{"id": one, "created_at": now} for one in added]
            await self.session.execute(insert(PendingFact), waiting)
        return added

    async def search(
        self, principal: Principal, wanted: Filter, *, before: UUID | None, limit: int
    ) -> Sequence[FactRecord]:
        """The newest first, recorded before the fact ``before``."""
        statement = _filtered(self.readable(principal), wanted)
        if before is not None:
            statement = statement.where(FactRecord.id < before)
        return await self.all(statement.order_by(FactRecord.id.desc()).limit(limit))

    async def of_group(
        self, group: Group, span: tuple[datetime, datetime], *, before: UUID | None, limit: int
    ) -> Sequence[FactRecord]:
        """What a sum is made of; ``span`` is its day."""
        same = [
            getattr(FactRecord, name).is_not_distinct_from(value)
            for name, value in vars(group).items()
            if name != "day"
        ]
        statement = self.base().where(
            FactRecord.occurred_at >= span[0], FactRecord.occurred_at < span[1], *same
        )
        if before is not None:
            statement = statement.where(FactRecord.id < before)
        return await self.all(statement.order_by(FactRecord.id.desc()).limit(limit))

    async def about(self, kind: str, subject_id: UUID) -> Sequence[FactRecord]:
        return await self.all(
            self.base().where(FactRecord.subject_id == subject_id, FactRecord.kind == kind)
        )

    async def summed_between(
        self, start: datetime, end: datetime, *, after: UUID | None, limit: int
    ) -> Sequence[FactRecord]:
        """Facts of a time that are in the sums, by id."""
        waiting = select(PendingFact.id).where(PendingFact.id == FactRecord.id)
        statement = self.base().where(
            FactRecord.occurred_at >= start, FactRecord.occurred_at < end, ~waiting.exists()
        )
        if after is not None:
            statement = statement.where(FactRecord.id > after)
        return await self.all(statement.order_by(FactRecord.id).limit(limit))

    async def span(self) -> tuple[datetime, datetime] | None:
        """When the first and the last fact happened."""
        statement = select(func.min(FactRecord.occurred_at), func.max(FactRecord.occurred_at))
        first, last = (await self.session.execute(statement)).one()
        return None if first is None else (first, last)


def _filtered(statement: Select[Any], wanted: Filter) -> Select[Any]:
    if wanted.kind:
        statement = statement.where(FactRecord.kind == wanted.kind)
    if wanted.school_id is not None:
        statement = statement.where(FactRecord.school_id == wanted.school_id)
    if wanted.start is not None:
        statement = statement.where(FactRecord.occurred_at >= wanted.start)
    if wanted.end is not None:
        statement = statement.where(FactRecord.occurred_at < wanted.end)
    return statement


class PersonRepository(Repository[FactPerson]):
    model = FactPerson

    async def of(self, people: Sequence[UUID]) -> dict[UUID, UUID]:
        """Pseudonyms by person."""
        found = await self.all(self.base().where(FactPerson.person_id.in_(people)))
        return {one.person_id: one.pseudonym for one in found}

    async def name(self, pseudonyms: Mapping[UUID, UUID]) -> None:
        """Whoever has a pseudonym keeps it."""
        now = utc_now()
        named = [
            {"id": uuid7(), "created_at": now, "person_id": person, "pseudonym": pseudonym}
            for person, pseudonym in sorted(pseudonyms.items())
        ]
        statement = upsert(self.session, FactPerson).values(named)
        await self.session.execute(
            statement.on_conflict_do_nothing(index_elements=[FactPerson.person_id])
        )

    async def forget(self, person_id: UUID) -> None:
        await self.session.execute(delete(FactPerson).where(FactPerson.person_id == person_id))


class RollupRepository(Repository[Rollup]):
    model = Rollup

    def readable(self, principal: Principal) -> Select[Any]:
        if READ.allows_everywhere(principal):
            return self.base()
        return self.base().where(_ours(Rollup, principal))

    async def one_readable(self, principal: Principal, key: UUID) -> Rollup | None:
        return await self.one_or_none(self.readable(principal).where(Rollup.id == key))

    async def search(
        self, principal: Principal, wanted: Days, *, before: Rollup | None, limit: int
    ) -> Sequence[Rollup]:
        """The last day first."""
        statement = self.readable(principal)
        if wanted.kind:
            statement = statement.where(Rollup.kind == wanted.kind)
        if wanted.school_id is not None:
            statement = statement.where(Rollup.school_id == wanted.school_id)
        if wanted.first is not None:
            statement = statement.where(Rollup.day >= wanted.first)
        if wanted.last is not None:
            statement = statement.where(Rollup.day <= wanted.last)
        if before is not None:
            later = (Rollup.day == before.day) & (Rollup.id < before.id)
            statement = statement.where(or_(Rollup.day < before.day, later))
        statement = statement.order_by(Rollup.day.desc(), Rollup.id.desc()).limit(limit)
        return await self.all(statement)

    async def lock(self, zone: str) -> RollupState:
        """Until this transaction ends nobody else adds up. A new state is of ``zone``."""
        if not isinstance(self.session, WriteSession):
            raise TypeError("a reading session cannot lock")
        made = {"id": uuid7(), "created_at": utc_now(), "name": SUMS, "zone": zone}
        statement = upsert(self.session, RollupState).values(made)
        await self.session.execute(statement.on_conflict_do_nothing())
        found = await self.session.execute(
            select(RollupState)
            .where(RollupState.name == SUMS)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        return found.scalar_one()

    async def zone(self) -> str | None:
        """The zone whose days there are; None before the first sum."""
        found = await self.session.execute(select(RollupState.zone).where(RollupState.name == SUMS))
        return found.scalar_one_or_none()

    async def set_state(self, **values: Any) -> None:
        await self.session.execute(
            update(RollupState).where(RollupState.name == SUMS).values(**values)
        )

    async def take(self, limit: int) -> Sequence[FactRecord]:
        """Facts that are in no sum yet; from now on they wait no more."""
        oldest = select(PendingFact.id).order_by(PendingFact.id).limit(limit)
        taken = await self.session.execute(
            delete(PendingFact).where(PendingFact.id.in_(oldest)).returning(PendingFact.id)
        )
        found = await self.session.execute(
            select(FactRecord).where(FactRecord.id.in_(taken.scalars().all()))
        )
        return found.scalars().all()

    async def add_up(self, sums: Mapping[Group, Sum]) -> None:
        made = rows(sums, utc_now())
        for start in range(0, len(made), CHUNK):
            statement = upsert(self.session, Rollup).values(made[start : start + CHUNK])
            statement = statement.on_conflict_do_update(
                index_elements=[Rollup.id],
                set_={
                    "quantity": Rollup.quantity + statement.excluded.quantity,
                    "count": Rollup.count + statement.excluded.count,
                },
            )
            await self.session.execute(statement)

    async def clear(self, day: date) -> None:
        await self.session.execute(delete(Rollup).where(Rollup.day == day))

    async def clear_outside(self, first: date, last: date) -> None:
        await self.session.execute(delete(Rollup).where(or_(Rollup.day < first, Rollup.day > last)))
