"""All SQL about search entries; that of the inverted index is in ``engines``."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, delete, insert, select, update

from tongke_courses.search.models import SearchEntry, SearchText
from tongke_courses.search.tokens import FACETS
from tongke_platform.database import ReadSession, take_turn

_ENTRIES: Any = SearchEntry.__table__
_TEXTS: Any = SearchText.__table__
_ENTRY = tuple(_ENTRIES.columns)
_TEXT = tuple(one for one in _TEXTS.columns if one.name != "number")
# Values of one IN; every statement of one length is compiled once.
CHUNK = 500
Values = Mapping[str, Any]
_THESE = SearchEntry.number.in_(bindparam("numbers", expanding=True))
_OBJECT = select(SearchEntry.number, SearchEntry.kind, SearchEntry.object_id).where(_THESE)
_FACETS = select(SearchEntry.kind, *(getattr(SearchEntry, name) for name in FACETS)).where(_THESE)


class EntryRepository:
    """Rows, not records: a thousand are read for a query, and none is changed in place."""

    def __init__(self, session: ReadSession) -> None:
        self.session = session

    async def alone_with(self, kind: str, object_id: UUID) -> None:
        """Until this transaction ends nobody else writes this object (on SQLite nobody writes)."""
        await self.alone_with_all(kind, [object_id])

    async def alone_with_all(self, kind: str, ids: Sequence[UUID]) -> None:
        turns = [(one.int ^ hash_of(kind)) & ((1 << 63) - 1) for one in ids]
        await take_turn(self.session, *turns)

    async def alone_at(self, number: int) -> None:
        """The same for whoever wants this number."""
        await take_turn(self.session, -1 - number)

    async def whole(self, kind: str, object_id: UUID) -> Row[Any] | None:
        """Entry and texts."""
        statement = (
            select(*_ENTRY, *_TEXT)
            .join(SearchText, SearchText.number == SearchEntry.number)
            .where(SearchEntry.kind == kind, SearchEntry.object_id == object_id)
        )
        found: Any = (await self.session.execute(statement)).one_or_none()
        return found if isinstance(found, Row) else None

    async def known(self, kind: str, ids: Sequence[UUID]) -> set[UUID]:
        statement = select(SearchEntry.object_id).where(
            SearchEntry.kind == kind, SearchEntry.object_id.in_(ids)
        )
        return set((await self.session.execute(statement)).scalars())

    async def taken(self, numbers: Sequence[int]) -> set[int]:
        statement = select(SearchEntry.number).where(SearchEntry.number.in_(numbers))
        return set((await self.session.execute(statement)).scalars())

    async def add(self, entries: Sequence[Values], texts: Sequence[Values]) -> None:
        await self.session.execute(insert(_ENTRIES), list(entries))
        await self.session.execute(insert(_TEXTS), list(texts))

    async def set_audience(self, number: int, audience: str, *, open_: bool) -> None:
        for statement in (
            update(_TEXTS).where(_TEXTS.c.number == number).values(audience=audience),
            update(_ENTRIES).where(_ENTRIES.c.number == number).values(open=open_),
        ):
            await self.session.execute(statement)

    async def remove(self, number: int) -> None:
        for table in (_ENTRIES, _TEXTS):
            await self.session.execute(delete(table).where(table.c.number == number))

    async def clear(self) -> None:
        for table in (_ENTRIES, _TEXTS):
            await self.session.execute(delete(table))

    async def objects(self, numbers: Sequence[int]) -> Sequence[Row[Any]]:
        """Number, kind and object id."""
        return await self._of(numbers, _OBJECT)

    async def facets(self, numbers: Sequence[int]) -> Sequence[Row[Any]]:
        """Kind and facets."""
        return await self._of(numbers, _FACETS)

    async def _of(self, numbers: Sequence[int], statement: Any) -> list[Row[Any]]:
        found: list[Row[Any]] = []
        for start in range(0, len(numbers), CHUNK):
            chunk = {"numbers": list(numbers[start : start + CHUNK])}
            found += (await self.session.execute(statement, chunk)).all()
        return found

    async def shown(self, numbers: Sequence[int]) -> dict[int, Row[Any]]:
        """All that a result shows, by number."""
        statement: Any = (
            select(*_ENTRY, SearchText.summary, SearchText.body)
            .join(SearchText, SearchText.number == SearchEntry.number)
            .where(SearchEntry.number.in_(numbers))
        )
        return {row.number: row for row in await self.session.execute(statement)}


def hash_of(kind: str) -> int:
    """The same in every process, as ``hash`` is not."""
    return int.from_bytes(kind.encode()[:8], "big")
