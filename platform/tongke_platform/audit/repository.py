"""All SQL about the log. It adds and reads; nothing here can change an entry."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, insert, select
from sqlalchemy.orm import Session

from tongke_platform.audit.chain import first, link
from tongke_platform.audit.models import AuditDay, AuditEntry
from tongke_platform.audit.rights import READ
from tongke_platform.database import Repository, upsert, utc_now, uuid7
from tongke_platform.organisations.models import Organisation
from tongke_platform.people.models import Person
from tongke_platform.rights import Principal

# How many of the newest entries are looked through before all are.
DEPTHS = (5_000, 50_000)


@dataclass(frozen=True)
class Filter:
    """``act`` is an act or the thing before its dot; days are UTC, both included."""

    act: str = ""
    person_id: UUID | None = None
    subject_id: UUID | None = None
    organisation_id: UUID | None = None
    first_day: date | None = None
    last_day: date | None = None


@dataclass(frozen=True)
class Shown:
    """An entry with the names its ids have now."""

    entry: AuditEntry
    person: str | None
    organisation: str | None


class AuditRepository(Repository[AuditEntry]):
    model = AuditEntry

    def readable(self, principal: Principal) -> Select[Any]:
        statement = self.base()
        if READ.allows_everywhere(principal):
            return statement
        mine = select(Organisation.id).where(READ.clause(principal))
        return statement.where(AuditEntry.organisation_id.in_(mine))

    async def search(
        self, principal: Principal, wanted: Filter, *, before: UUID | None, limit: int
    ) -> Sequence[Shown]:
        """The newest first, older than the entry ``before``.

        Whoever reads for many schools finds enough in the newest entries of all; to sort all that
        many schools have ever done would take a tenth of a second.
        """
        statement = _filtered(self.readable(principal), wanted)
        if before is not None:
            statement = statement.where(AuditEntry.id < before)
        statement = statement.order_by(AuditEntry.id.desc()).limit(limit)
        if not READ.allows_everywhere(principal) and not _has_index(wanted):
            for depth in DEPTHS:
                floor = await self._floor(wanted, before, depth)
                if floor is None:
                    break
                found = await self._shown(statement.where(AuditEntry.id >= floor))
                if len(found) == limit:
                    return found
        return await self._shown(statement)

    async def _floor(self, wanted: Filter, before: UUID | None, depth: int) -> UUID | None:
        """The entry ``depth`` entries below the newest that is wanted, of whatever school."""
        newest = select(AuditEntry.id).order_by(AuditEntry.id.desc()).offset(depth).limit(1)
        if before is not None:
            newest = newest.where(AuditEntry.id < before)
        if wanted.last_day is not None:
            newest = newest.where(AuditEntry.id < _first_id(wanted.last_day, 1))
        return (await self.session.execute(newest)).scalar_one_or_none()

    async def one(self, principal: Principal, key: UUID) -> Shown | None:
        found = await self._shown(self.readable(principal).where(AuditEntry.id == key))
        return found[0] if found else None

    async def _shown(self, statement: Select[Any]) -> Sequence[Shown]:
        statement = (
            statement.outerjoin(Person, Person.id == AuditEntry.person_id)
            .outerjoin(Organisation, Organisation.id == AuditEntry.organisation_id)
            .add_columns(Person.display_name, Organisation.name)
        )
        rows: list[Any] = [*(await self.session.execute(statement)).all()]
        return [Shown(row[0], row[1], row[2]) for row in rows]

    async def of_day(self, day: date, after: int, limit: int) -> Sequence[AuditEntry]:
        return await self.all(
            self.base()
            .where(AuditEntry.day == day, AuditEntry.seq > after)
            .order_by(AuditEntry.seq)
            .limit(limit)
        )

    async def days(self) -> Sequence[AuditDay]:
        found = await self.session.execute(select(AuditDay).order_by(AuditDay.day))
        return found.scalars().all()

    async def remove_before(self, day: date) -> int:
        """Whole days that are over; the databases refuse it for the last 180. The entries gone."""
        old = select(AuditDay.day).where(AuditDay.day < day).order_by(AuditDay.day).limit(31)
        days = (await self.session.execute(old)).scalars().all()
        if not days:
            return 0
        gone = await self.session.execute(
            delete(AuditEntry).where(AuditEntry.day.in_(days)).returning(AuditEntry.seq)
        )
        count = len(gone.all())
        await self.session.execute(delete(AuditDay).where(AuditDay.day.in_(days)))
        return count


def _has_index(wanted: Filter) -> bool:
    """Whether few entries are left by what is wanted alone."""
    one = wanted.person_id or wanted.subject_id or wanted.organisation_id
    return one is not None or "." in wanted.act


def _filtered(statement: Select[Any], wanted: Filter) -> Select[Any]:
    if wanted.act:
        whole = AuditEntry.act == wanted.act
        part = AuditEntry.act.startswith(f"{wanted.act}.", autoescape=True)
        statement = statement.where(whole if "." in wanted.act else part)
    for column, value in (
        (AuditEntry.person_id, wanted.person_id),
        (AuditEntry.subject_id, wanted.subject_id),
        (AuditEntry.organisation_id, wanted.organisation_id),
    ):
        if value is not None:
            statement = statement.where(column == value)
    if wanted.first_day is not None:
        statement = statement.where(AuditEntry.id >= _first_id(wanted.first_day, 0))
    if wanted.last_day is not None:
        statement = statement.where(AuditEntry.id < _first_id(wanted.last_day, 1))
    return statement


def _first_id(day: date, later: int) -> UUID:
    """The smallest UUIDv7 of the midnight ``later`` days after ``day``: keys are in order of time."""
    midnight = datetime.fromordinal(day.toordinal() + later)
    milliseconds = int((midnight - datetime(1970, 1, 1)).total_seconds() * 1000)
    return UUID(int=max(0, milliseconds) << 80)


def write(session: Session, entries: Sequence[Mapping[str, Any]]) -> None:
    """Append entries to their day, as the last thing a transaction does.

    The row of the day is locked from here to the commit, which is at once: nobody who waits for it
    holds a lock that this transaction still wants.
    """
    now = utc_now()
    day = now.date()
    taken: Any = upsert(session, AuditDay).values(
        id=uuid7(), created_at=now, day=day, entries=len(entries), head=first(day)
    )
    taken = taken.on_conflict_do_update(
        index_elements=[AuditDay.day], set_={"entries": AuditDay.entries + len(entries)}
    ).returning(AuditDay.entries, AuditDay.head)
    found: Any = session.execute(taken).one()
    count, head = found
    rows: list[dict[str, Any]] = []
    for seq, entry in enumerate(entries, count - len(entries) + 1):
        row = {**entry, "id": uuid7(), "created_at": now, "day": day, "seq": seq, "previous": head}
        head = row["hash"] = link(head, row)
        rows.append(row)
    session.execute(insert(AuditEntry), rows)
    session.execute(AuditDay.__table__.update().where(AuditDay.day == day).values(head=head))  # type: ignore[attr-defined]  # Table, declared as FromClause
