"""The inverted index on the two databases: rows of tokens by rank, found in the order of rank.

SQLite keeps FTS5 without the text, so a row can only be deleted by saying again what is in it.
PostgreSQL keeps tsvectors of our tokens under GIN, out of line: what is walked are narrow rows.
Both answer with the same rows: the tokens are made here, and neither engine cuts words or ranks.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Any, NamedTuple, Protocol

from sqlalchemy import BigInteger, TextClause, TextualSelect, column, text

from tongke_courses.search.segmenter import Term
from tongke_courses.search.tokens import first_of, last_of, tier_in
from tongke_platform.database import ReadSession

Rows = Mapping[int, Iterable[str]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """All ``terms``, and of each group one token at least. ``scarce``: there are no more than some
    thousands of rows with one of the last group, whatever a database believes.
    """

    terms: tuple[Term, ...]
    groups: tuple[tuple[str, ...], ...] = ()
    scarce: bool = False


class Walk(NamedTuple):
    """Ranks, ascending; ``more``: others may come after the last."""

    ranks: Sequence[int]
    more: bool


class Engine(Protocol):
    async def add(self, session: ReadSession, rows: Rows) -> None: ...

    async def drop(self, session: ReadSession, rows: Rows) -> None:
        """With the very tokens they were added with."""
        ...

    async def prepare(self, session: ReadSession) -> None:
        """Once in a transaction, before anything is looked for."""
        ...

    async def walk(self, session: ReadSession, wanted: Wanted, after: int, until: int) -> Walk:
        """The rows after rank ``after``, up to and with ``until``; about 1,000 at once."""
        ...

    def matching(self, wanted: Wanted) -> TextualSelect:
        """The ranks of all rows, in no order, as a part of another statement; after ``prepare``."""
        ...

    async def clear(self, session: ReadSession) -> None: ...

    async def begin_bulk(self, session: ReadSession) -> None: ...

    async def end_bulk(self, session: ReadSession) -> None: ...


def engine_of(session: ReadSession) -> Engine:
    return SQLITE if session.get_bind().dialect.name == "sqlite" else POSTGRESQL


class Fts5:
    # An object may answer with each of its rows.
    AT_ONCE = 2002
    _ADD = text("INSERT INTO search_index (rowid, words) VALUES (:rank, :words)")
    _DROP = text(
        "INSERT INTO search_index (search_index, rowid, words) VALUES ('delete', :rank, :words)"
    )
    _CLEAR = text("INSERT INTO search_index (search_index) VALUES ('delete-all')")
    _SETTING = text("INSERT INTO search_index (search_index, rank) VALUES (:name, :value)")
    _FIND = text(
        "SELECT rowid FROM search_index WHERE search_index MATCH :wanted AND rowid > :after"
        " AND rowid <= :until ORDER BY rowid LIMIT :most"
    )
    _MATCHING = "SELECT rowid AS rank FROM search_index WHERE search_index MATCH :wanted"
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

    async def prepare(self, session: ReadSession) -> None:
        pass

    async def walk(self, session: ReadSession, wanted: Wanted, after: int, until: int) -> Walk:
        values = {
            "wanted": self.expression(wanted), "after": after, "until": until, "most": self.AT_ONCE,
        }  # fmt: skip
        found = (await session.execute(self._FIND, values)).scalars().all()
        return Walk(found, len(found) == self.AT_ONCE)

    def matching(self, wanted: Wanted) -> TextualSelect:
        return _ranks(self._MATCHING, self.expression(wanted))

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
    everywhere that is too many. So each tier is a partition, and its ranks are cut into stretches,
    each with a token of its own: of a tier where a query has many answers, the stretches are gone
    through in order until there are enough.
    """

    STRETCH_BITS = 51  # 50 days of one tier
    # Rows of a tier, as the planner expects them, up to which they are looked up at once.
    FEW, FEW_OF_SCARCE = 1000, 50_000
    AT_ONCE, BY_STRETCH = 2002, 1001
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
    _MATCHING = "SELECT rank FROM search_index WHERE words @@ CAST(:wanted AS tsquery)"
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

    async def prepare(self, session: ReadSession) -> None:
        await session.execute(self._PREPARE)

    async def walk(self, session: ReadSession, wanted: Wanted, after: int, until: int) -> Walk:
        values = {"wanted": self.expression(wanted), "after": after, "until": until}
        tiers = range(tier_in(max(after, 0)), tier_in(until) + 1)
        found: list[int] = []
        for run, at_once in await self._runs(session, wanted, tiers):
            most = (self.AT_ONCE if at_once else self.BY_STRETCH) - len(found)
            if most <= 0:
                return Walk(found, True)
            statement = _find(*run) if at_once else _find_by_stretch(*run)
            new = (await session.execute(statement, {**values, "most": most})).scalars().all()
            found += new
            if len(new) == most:
                return Walk(found, True)
        return Walk(found, False)

    async def _runs(
        self, session: ReadSession, wanted: Wanted, tiers: Iterable[int]
    ) -> list[tuple[list[int], bool]]:
        """Neighbouring tiers, and whether they are looked up at once; others are by themselves."""
        few = self.FEW_OF_SCARCE if wanted.scarce else self.FEW
        guess = await session.execute(self._GUESS, {"wanted": self.expression(wanted)})
        rows = dict(_rows_by_table(guess.scalar_one()[0]["Plan"]))
        found: list[tuple[list[int], bool]] = []
        for at_once, run in groupby(tiers, lambda one: rows.get(_partition(one), 0) < few):
            together = [*run]
            found += [(together, True)] if at_once else [([one], False) for one in together]
        return found

    def matching(self, wanted: Wanted) -> TextualSelect:
        return _ranks(self._MATCHING, self.expression(wanted))

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


def _ranks(statement: str, wanted: str) -> TextualSelect:
    return text(statement).bindparams(wanted=wanted).columns(column("rank", BigInteger))


def _partition(tier: int) -> str:
    return f"search_index_{tier}"


def _rows_by_table(plan: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """How many rows the planner expects of each table."""
    if "Relation Name" in plan:
        yield plan["Relation Name"], plan["Plan Rows"]
    for one in plan.get("Plans", ()):
        yield from _rows_by_table(one)


# The sums keep it from walking the primary key row by row.
_ROWS = (
    "SELECT rank FROM {table} WHERE rank + 0 > :after AND rank + 0 <= :until AND words @@ {wanted}"
)


@cache
def _find(*tiers: int) -> TextClause:
    wanted = "CAST(:wanted AS tsquery)"
    each = (_ROWS.format(table=_partition(one), wanted=wanted) for one in tiers)
    return text(" UNION ALL ".join(each) + " ORDER BY rank LIMIT :most")


@cache
def _find_by_stretch(tier: int) -> TextClause:
    bits = Gin.STRETCH_BITS
    wanted = (
        "(CAST(:wanted AS tsquery)"
        r" && CAST('''\\:t' || to_hex(each.stretch) || '''' AS tsquery))"
    )
    return text(
        "SELECT found.rank FROM (SELECT stretch FROM search_index_stretches"
        f" WHERE stretch BETWEEN {first_of(tier) >> bits} AND {last_of(tier) >> bits}"
        f" AND stretch BETWEEN CAST(:after AS bigint) >> {bits} AND CAST(:until AS bigint) >> {bits}"
        " ORDER BY stretch) AS each CROSS JOIN LATERAL"
        f" ({_ROWS.format(table=_partition(tier), wanted=wanted)}"
        " ORDER BY rank + 0 LIMIT :most) AS found LIMIT :most"
    )


SQLITE, POSTGRESQL = Fts5(), Gin()
