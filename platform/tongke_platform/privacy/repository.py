"""All SQL about personal data: by the schema itself, so that no table is forgotten."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Table, delete, or_, select, update
from sqlalchemy.orm import joinedload

from tongke_platform.database import ReadSession, Record, Repository, WriteSession
from tongke_platform.people.models import Membership, Person
from tongke_platform.privacy.decisions import Decision, Erase, decision_of, given_out
from tongke_platform.privacy.models import DataExport, Erasure, ExportState

MAX_ROWS = 20_000
ERASED = "已注销"


def columns_of_people() -> Iterator[tuple[Table, Column[Any]]]:
    """Every column of the schema that points to a person; tables are in the order to delete in."""
    for table in reversed(Record.metadata.sorted_tables):
        for column in table.columns:
            if any(key.target_fullname == "people.id" for key in column.foreign_keys):
                yield table, column


def decided(table: Table, column: Column[Any]) -> Decision:
    """Raises LookupError for a column nobody decided about."""
    found = decision_of(f"{table.name}.{column.name}")
    if found is None:
        raise LookupError(f"{table.name}.{column.name}: decide in privacy/decisions.py")
    return found


_OPEN = (ExportState.WAITING, ExportState.READY)


class ExportRepository(Repository[DataExport]):
    model = DataExport

    async def open_of(
        self, asker: UUID, now: datetime, person_id: UUID | None = None
    ) -> Sequence[DataExport]:
        """What somebody asked for and can fetch or will; with its person, the newest first."""
        statement = (
            self.base()
            .options(joinedload(DataExport.person))
            .where(
                DataExport.asked_by_id == asker,
                DataExport.state.in_(_OPEN),
                or_(DataExport.expires_at.is_(None), DataExport.expires_at > now),
            )
        )
        if person_id is not None:
            statement = statement.where(DataExport.person_id == person_id)
        return await self.all(statement.order_by(DataExport.id.desc()).limit(20))

    async def to_change(self, key: UUID) -> DataExport | None:
        return await self.locked(self.base().where(DataExport.id == key))

    async def over(self, now: datetime) -> Sequence[UUID]:
        """Ready ones that nobody fetched in time."""
        found = await self.session.execute(
            select(DataExport.id)
            .where(DataExport.state == ExportState.READY, DataExport.expires_at <= now)
            .limit(1000)
        )
        return found.scalars().all()

    async def expire(self, which: ColumnElement[bool]) -> Sequence[UUID]:
        """Open ones that fit can no longer be fetched; which they were."""
        statement = (
            update(DataExport)
            .where(which, DataExport.state.in_(_OPEN))
            .values(state=ExportState.EXPIRED)
            .returning(DataExport.id)
        )
        return (await self.session.execute(statement)).scalars().all()


class ErasureRepository(Repository[Erasure]):
    model = Erasure

    async def pending(self, person_id: UUID) -> Erasure | None:
        found = await self.all(
            self.base().where(
                Erasure.person_id == person_id,
                Erasure.done_at.is_(None),
                Erasure.cancelled_at.is_(None),
            )
        )
        return found[0] if found else None

    async def due(self, now: datetime) -> Sequence[Erasure]:
        return await self.all(
            self.base()
            .where(Erasure.due_at <= now, Erasure.done_at.is_(None), Erasure.cancelled_at.is_(None))
            .order_by(Erasure.due_at)
            .limit(100)
        )


async def rows_about(session: ReadSession, person_id: UUID) -> dict[str, list[dict[str, Any]]]:
    """By ``table.column``: the rows that name the person, without keys and hashes.

    Of rows about others only the key and the time are told.
    """
    found: dict[str, list[dict[str, Any]]] = {
        "people": await _rows(session, Person.__table__, "id", person_id, True)
    }
    for table, column in columns_of_people():
        whole = decided(table, column).whole
        rows = await _rows(session, table, column.name, person_id, whole)
        if rows:
            found[f"{table.name}.{column.name}"] = rows
    entries = Record.metadata.tables["audit_entries"]
    found["audit_entries.person_id"] = await _rows(session, entries, "person_id", person_id, True)
    return found


async def _rows(
    session: ReadSession, table: Any, column: str, person_id: UUID, whole: bool
) -> list[dict[str, Any]]:
    told = [
        one
        for one in table.columns
        if given_out(one.name) and (whole or one.name in ("id", "created_at"))
    ]
    statement = select(*told).where(table.c[column] == person_id)
    answer = await session.execute(statement.order_by(table.c.id).limit(MAX_ROWS))
    return [dict(row) for row in answer.mappings()]


async def erase(session: WriteSession, person_id: UUID, now: datetime, today: date) -> None:
    """Rows about the person go, posts end, and the row that others point to loses its name."""
    for table, column in columns_of_people():
        if decided(table, column).erase is Erase.DELETE:
            await session.execute(delete(table).where(column == person_id))
    lasting = or_(Membership.ends_on.is_(None), Membership.ends_on >= today)
    await session.execute(
        update(Membership)
        .where(Membership.person_id == person_id, lasting)
        .values(ends_on=date.fromordinal(today.toordinal() - 1))
    )
    person = await session.get(Person, person_id)
    if person is not None:
        # Through the row itself: the audit log and open pages watch it.
        person.display_name, person.language = ERASED, ""
        person.deactivated_at = person.deactivated_at or now
        person.erased_at = now
        await session.flush()
