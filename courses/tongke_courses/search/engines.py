"""The inverted index on the two databases: rows of tokens by rank, found in the order of rank.

SQLite keeps FTS5 without the text, so a row can only be deleted by saying again what is in it.
PostgreSQL keeps tsvectors of our tokens under GIN, out of line: what is walked are narrow rows.
Both answer with the same rows: the tokens are made here, and neither engine cuts words or ranks.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import text

from tongke_courses.search.segmenter import Term
from tongke_platform.database import ReadSession

Rows = Mapping[int, Iterable[str]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """All ``terms``, and of each group one token at least."""

    terms: tuple[Term, ...]
    groups: tuple[tuple[str, ...], ...] = ()


class Engine(Protocol):
    async def add(self, session: ReadSession, rows: Rows) -> None: ...

    async def drop(self, session: ReadSession, rows: Rows) -> None:
        """With the very tokens they were added with."""
        ...

    async def ranks(
        self, session: ReadSession, wanted: Wanted, after: int, limit: int
    ) -> Sequence[int]:
        """Those of the first ``limit`` rows after rank ``after``, ascending."""
        ...

    async def clear(self, session: ReadSession) -> None: ...

    async def begin_bulk(self, session: ReadSession) -> None: ...

    async def end_bulk(self, session: ReadSession) -> None: ...


def engine_of(session: ReadSession) -> Engine:
    return SQLITE if session.get_bind().dialect.name == "sqlite" else POSTGRESQL


class Fts5:
    _ADD = text("INSERT INTO search_index (rowid, words) VALUES (:rank, :words)")
    _DROP = text(
        "INSERT INTO search_index (search_index, rowid, words) VALUES ('delete', :rank, :words)"
    )
    _CLEAR = text("INSERT INTO search_index (search_index) VALUES ('delete-all')")
    _SETTING = text("INSERT INTO search_index (search_index, rank) VALUES (:name, :value)")
    _FIND = text(
        "SELECT rowid FROM search_index WHERE search_index MATCH :wanted AND rowid > :after"
        " ORDER BY rowid LIMIT :most"
    )
    HASH_BYTES, BULK_HASH_BYTES = 1 << 20, 64 << 20

    async def add(self, session: ReadSession, rows: Rows) -> None:
        await self._write(session, self._ADD, rows)

    async def drop(self, session: ReadSession, rows: Rows) -> None:
        await self._write(session, self._DROP, rows)

    async def _write(self, session: ReadSession, statement: object, rows: Rows) -> None:
        # A row before the last one written would send everything held so far to the disk.
        values = [{"rank": rank, "words": " ".join(rows[rank])} for rank in sorted(rows)]
        if values:
            await session.execute(statement, values)  # type: ignore[call-overload]

    async def ranks(
        self, session: ReadSession, wanted: Wanted, after: int, limit: int
    ) -> Sequence[int]:
        values = {"wanted": self.expression(wanted), "after": after, "most": limit}
        return (await session.execute(self._FIND, values)).scalars().all()

    def expression(self, wanted: Wanted) -> str:
        words = [f'"{one.token}"{" *" if one.prefix else ""}' for one in wanted.terms]
        groups = ["(" + " OR ".join(f'"{one}"' for one in group) + ")" for group in wanted.groups]
        return " AND ".join([*words, *groups])

    async def clear(self, session: ReadSession) -> None:
        await session.execute(self._CLEAR)

    async def begin_bulk(self, session: ReadSession) -> None:
        await session.execute(self._SETTING, {"name": "hashsize", "value": self.BULK_HASH_BYTES})

    async def end_bulk(self, session: ReadSession) -> None:
        await session.execute(self._SETTING, {"name": "hashsize", "value": self.HASH_BYTES})
        await session.execute(text("INSERT INTO search_index (search_index) VALUES ('optimize')"))


class Gin:
    """GIN gives all rows that match before the first can be put in order: for a word that stands
    everywhere that is too many. So the ranks are cut into stretches, each with a token of its own;
    a frequent query goes through them in order and stops when it has enough.
    """

    STRETCH_BITS = 51  # 50 days of one tier
    FEW = 6000
    _ADD = text(
        "INSERT INTO search_index (rank, words) VALUES (:rank, array_to_tsvector(CAST(:words AS text[])))"
    )
    _STRETCH = text(
        "INSERT INTO search_index_stretches (stretch) VALUES (:stretch) ON CONFLICT DO NOTHING"
    )
    _DROP = text("DELETE FROM search_index WHERE rank = :rank")
    # It knows nothing of how long a tsvector takes to be read from where it lies.
    _PREPARE = text(
        "SELECT set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true),"
        " set_config('max_parallel_workers_per_gather', '0', true)"
    )
    _GUESS = text(
        "EXPLAIN (FORMAT JSON) SELECT FROM search_index WHERE words @@ CAST(:wanted AS tsquery)"
    )
    # The sum keeps it from walking the primary key row by row.
    _FIND = text(
        "SELECT rank FROM search_index WHERE words @@ CAST(:wanted AS tsquery) AND rank > :after"
        " ORDER BY rank + 0 LIMIT :most"
    )
    _FIND_BY_STRETCH = text(
        "SELECT found.rank FROM"
        " (SELECT stretch FROM search_index_stretches WHERE stretch >= :first ORDER BY stretch)"
        " AS each CROSS JOIN LATERAL"
        " (SELECT rank FROM search_index WHERE words @@ (CAST(:wanted AS tsquery)"
        r" && CAST('''\\:t' || to_hex(each.stretch) || '''' AS tsquery)) AND rank > :after"
        " ORDER BY rank + 0 LIMIT :most) AS found LIMIT :most"
    )
    CREATE_INDEX = (
        "CREATE INDEX IF NOT EXISTS ix_search_index_words ON search_index"
        " USING gin (words) WITH (fastupdate = off)"
    )

    async def add(self, session: ReadSession, rows: Rows) -> None:
        values = [
            {"rank": rank, "words": [*rows[rank], self.stretch_token(rank)]}
            for rank in sorted(rows)
        ]
        if values:
            stretches = sorted({rank >> self.STRETCH_BITS for rank in rows})
            await session.execute(self._STRETCH, [{"stretch": one} for one in stretches])
            await session.execute(self._ADD, values)

    def stretch_token(self, rank: int) -> str:
        return f":t{rank >> self.STRETCH_BITS:x}"

    async def drop(self, session: ReadSession, rows: Rows) -> None:
        if rows:
            await session.execute(self._DROP, [{"rank": rank} for rank in rows])

    async def ranks(
        self, session: ReadSession, wanted: Wanted, after: int, limit: int
    ) -> Sequence[int]:
        expression = self.expression(wanted)
        await session.execute(self._PREPARE)
        guess = await session.execute(self._GUESS, {"wanted": expression})
        values: dict[str, Any] = {"wanted": expression, "after": after, "most": limit}
        if guess.scalar_one()[0]["Plan"]["Plan Rows"] < self.FEW:
            return (await session.execute(self._FIND, values)).scalars().all()
        values["first"] = max(after, 0) >> self.STRETCH_BITS
        return (await session.execute(self._FIND_BY_STRETCH, values)).scalars().all()

    def expression(self, wanted: Wanted) -> str:
        words = [f"'{one.token}'{':*' if one.prefix else ''}" for one in wanted.terms]
        groups = ["(" + " | ".join(f"'{one}'" for one in group) + ")" for group in wanted.groups]
        return " & ".join([*words, *groups])

    async def clear(self, session: ReadSession) -> None:
        for name in ("search_index", "search_index_stretches"):
            await session.execute(text(f"DELETE FROM {name}"))

    async def begin_bulk(self, session: ReadSession) -> None:
        await session.execute(text("DROP INDEX IF EXISTS ix_search_index_words"))

    async def end_bulk(self, session: ReadSession) -> None:
        await session.execute(text(self.CREATE_INDEX))
        await session.execute(text("ANALYZE search_index"))


SQLITE, POSTGRESQL = Fts5(), Gin()
