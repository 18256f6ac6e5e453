"""All SQL about search entries; that of the inverted index is in ``engines``."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, insert, select, text, update

from tongke_courses.search.models import SearchEntry, SearchText
from tongke_courses.search.tokens import FACETS
from tongke_platform.database import ReadSession

_ENTRY = tuple(SearchEntry.__table__.columns)
_TEXT = tuple(one for one in SearchText.__table__.columns if one.name != "number")
_LOCK = text("SELECT pg_advisory_xact_lock(one) FROM unnest(CAST(:keys AS bigint[])) AS one")
# Values of one IN; every statement of one length is compiled once.
CHUNK = 500
Values = Mapping[str, Any]


class EntryRepository:
    """Rows, not records: a thousand are read for a query, and none is changed in place."""

    def __init__(self, session: ReadSession) -> None:
        self.session = session

    async def alone_with(self, kind: str, object_id: UUID) -> None:
        """Until this transaction ends nobody else writes this object (on SQLite nobody writes)."""
        await self.alone_with_all(kind, [object_id])

    async def alone_with_all(self, kind: str, ids: Sequence[UUID]) -> None:
        if self.session.get_bind().dialect.name != "sqlite":
            keys = sorted((one.int ^ hash_of(kind)) & ((1 << 63) - 1) for one in ids)
            await self.session.execute(_LOCK, {"keys": keys})

    async def alone_at(self, number: int) -> None:
        """The same for whoever wants this number."""
        if self.session.get_bind().dialect.name != "sqlite":
            await self.session.execute(_LOCK, {"keys": [-1 - number]})

    async def whole(self, kind: str, object_id: UUID) -> Row[Any] | None:
        """Entry and texts."""
        statement = (
            select(*_ENTRY, *_TEXT)
            .join(SearchText, SearchText.number == SearchEntry.number)
            .where(SearchEntry.kind == kind, SearchEntry.object_id == object_id)
        )
        return (await self.session.execute(statement)).one_or_none()

    async def known(self, kind: str, ids: Sequence[UUID]) -> set[UUID]:
        statement = select(SearchEntry.object_id).where(
            SearchEntry.kind == kind, SearchEntry.object_id.in_(ids)
        )
        return set((await self.session.execute(statement)).scalars())

    async def taken(self, numbers: Sequence[int]) -> set[int]:
        statement = select(SearchEntry.number).where(SearchEntry.number.in_(numbers))
        return set((await self.session.execute(statement)).scalars())

    async def add(self, entries: Sequence[Values], texts: Sequence[Values]) -> None:
        await self.session.execute(insert(SearchEntry.__table__), list(entries))
        await self.session.execute(insert(SearchText.__table__), list(texts))

    async def set_audience(self, number: int, audience: str) -> None:
        await self.session.execute(
            update(SearchText.__table__)
            .where(SearchText.__table__.c.number == number)
            .values(audience=audience)
        )

    async def remove(self, number: int) -> None:
        for table in (SearchEntry.__table__, SearchText.__table__):
            await self.session.execute(delete(table).where(table.c.number == number))

    async def clear(self) -> None:
        for table in (SearchEntry.__table__, SearchText.__table__):
            await self.session.execute(delete(table))

    async def found(self, numbers: Sequence[int]) -> dict[int, Row[Any]]:
        """Number, kind, object id and facets of entries, by number."""
        columns = (
            SearchEntry.number,
            SearchEntry.kind,
            SearchEntry.object_id,
            *(getattr(SearchEntry, name) for name in FACETS),
        )
        found: dict[int, Row[Any]] = {}
        for start in range(0, len(numbers), CHUNK):
            statement = select(*columns).where(
                SearchEntry.number.in_(numbers[start : start + CHUNK])
            )
            found |= {row.number: row for row in await self.session.execute(statement)}
        return found

    async def shown(self, numbers: Sequence[int]) -> dict[int, Row[Any]]:
        """All that a result shows, by number."""
        statement = (
            select(*_ENTRY, SearchText.summary, SearchText.body)
            .join(SearchText, SearchText.number == SearchEntry.number)
            .where(SearchEntry.number.in_(numbers))
        )
        return {row.number: row for row in await self.session.execute(statement)}


def hash_of(kind: str) -> int:
    """The same in every process, as ``hash`` is not."""
    return int.from_bytes(kind.encode()[:8], "big")
