"""Find objects: the same ones in the same order on every database, and none the asker may not see.

The index says which rows answer and are labelled for the asker. What is shown is asked for at its own
kind first, and so is what is counted, but for what is labelled for everybody: such a label changes with
its object, while others may say too much for a while. When one of a page may not be seen after all,
everything is asked.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from tongke_courses.search import kinds as registry
from tongke_courses.search.audience import asker
from tongke_courses.search.engines import Wanted, engine_of
from tongke_courses.search.kinds import Kind, Place
from tongke_courses.search.repository import EntryRepository
from tongke_courses.search.segmenter import Term, terms
from tongke_courses.search.snippets import Marked, mark, snippet
from tongke_courses.search.tokens import (
    FACETS,
    audience_token,
    facet_token,
    kind_token,
    number_in,
)
from tongke_platform.database import ReadSession
from tongke_platform.rights import Principal

MOST = 1000
MAX_LIMIT = 100
# Rows looked through for one query, however many of them the asker may not see after all.
_ROUNDS = 12
Counts = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True)
class Result:
    """``title`` and ``snippet`` are plain text with the places that answer."""

    kind: Kind
    id: UUID
    title: Marked
    snippet: Marked
    at: datetime
    href: str
    facets: Mapping[str, str]
    parent_id: UUID | None = None
    at_seconds: int | None = None


@dataclass(frozen=True)
class Found:
    """``total`` is ``MOST`` at most; ``more``: there are others. ``facet_counts``: of what was
    counted, how many have which value.
    """

    results: Sequence[Result] = ()
    total: int = 0
    more: bool = False
    facet_counts: Counts = field(default_factory=dict)


async def find(
    session: ReadSession,
    principal: Principal | None,
    text: str,
    *,
    kinds: Collection[str] = (),
    facets: Mapping[str, str] | None = None,
    limit: int = 20,
    offset: int = 0,
    counts: bool = False,
) -> Found:
    """``principal`` None is somebody not signed in. ``facets``: of ``tokens.FACETS``, empty ones do
    not count. ``counts``: ``facet_counts`` are wanted. Nothing is found by a text without a letter
    or digit.
    """
    asked = terms(text)
    if (
        not asked
        or (kinds and not any(map(registry.get, kinds)))
        or set(facets or {}) - set(FACETS)
    ):
        return Found()
    audience = await asker(session, principal)
    search = _Search(session, principal, _wanted(asked, kinds, facets or {}, audience), audience)
    first, last = max(offset, 0), max(offset, 0) + min(max(limit, 0), MAX_LIMIT)
    found = await search.answers(Trust.OPEN)
    page = found[first : min(last, MOST)]
    if not await search.all_readable(page):
        found = await search.answers(Trust.NONE)
        page = found[first : min(last, MOST)]
    return Found(
        results=await _shown(session, page, asked),
        total=min(len(found), MOST),
        more=len(found) > MOST,
        facet_counts=await _counts(session, found[:MOST]) if counts else {},
    )


class Trust(Enum):
    """Which labels are believed."""

    OPEN = "those that let in everybody"
    NONE = "none"


class _Search:
    """One query of one asker. ``audience`` None is no limit."""

    def __init__(
        self,
        session: ReadSession,
        principal: Principal | None,
        wanted: Wanted,
        audience: frozenset[str] | None,
    ) -> None:
        self._principal = principal
        self._session = session
        self._wanted = wanted
        self._asked: set[int] = set()
        self._all_open = audience is None or principal is None
        self._engine, self._entries = engine_of(session), EntryRepository(session)

    async def answers(self, trust: Trust) -> list[int]:
        """The numbers of the first ``MOST`` and one that may be seen, in their order."""
        seen, found, after = set[int](), list[int](), -1
        for _ in range(_ROUNDS):
            ranks = await self._engine.ranks(self._session, self._wanted, after, MOST + 1)
            new = [one for one in dict.fromkeys(map(number_in, ranks)) if one not in seen]
            seen.update(new)
            found += await self._believed(new, trust)
            if len(ranks) <= MOST or len(found) > MOST:
                break
            after = ranks[-1]
        return found[: MOST + 1]

    async def _believed(self, numbers: Sequence[int], trust: Trust) -> Sequence[int]:
        if trust is Trust.NONE:
            readable = await self.readable(numbers)
            return [one for one in numbers if one in readable]
        if self._all_open or not numbers:
            return numbers
        doubtful = await self._entries.restricted(numbers)
        readable = await self._readable(doubtful)
        self._asked |= readable
        hidden = {row.number for row in doubtful} - readable
        return [one for one in numbers if one not in hidden] if hidden else numbers

    async def all_readable(self, numbers: Sequence[int]) -> bool:
        """Those that were asked already are not asked again."""
        unasked = [one for one in numbers if one not in self._asked]
        return not unasked or await self.readable(unasked) == set(unasked)

    async def readable(self, numbers: Sequence[int]) -> set[int]:
        """Those whose kind says that they may be seen."""
        return await self._readable(await self._entries.objects(numbers))

    async def _readable(self, rows: Sequence[Row[Any]]) -> set[int]:
        by_kind: dict[str, dict[UUID, int]] = {}
        for row in rows:
            by_kind.setdefault(row.kind, {})[row.object_id] = row.number
        found: set[int] = set()
        for name, numbers in by_kind.items():
            kind = registry.get(name)
            if kind is not None:
                ids = await kind.readable_ids(self._session, self._principal, list(numbers))
                found.update(numbers[one] for one in ids)
        return found


def _wanted(
    asked: tuple[Term, ...],
    kinds: Collection[str],
    facets: Mapping[str, str],
    audience: frozenset[str] | None,
) -> Wanted:
    chosen: list[tuple[str, ...]] = [
        (facet_token(name, value),) for name, value in facets.items() if value
    ]
    if kinds:
        chosen.append(tuple(kind_token(one) for one in dict.fromkeys(kinds) if registry.get(one)))
    if audience is not None:
        chosen.append(tuple(audience_token(one) for one in sorted(audience)))
    return Wanted(asked, tuple(chosen))


async def _shown(session: ReadSession, page: Sequence[int], asked: Sequence[Term]) -> list[Result]:
    rows = await EntryRepository(session).shown(page) if page else {}
    return [_result(rows[one], asked) for one in page if one in rows]


def _result(row: Row[Any], asked: Sequence[Term]) -> Result:
    kind = registry.get(row.kind)
    assert kind is not None  # what is of no kind was readable for nobody
    return Result(
        kind=kind,
        id=row.object_id,
        title=mark(row.title, asked),
        snippet=snippet(asked, (row.summary, row.body)),
        at=row.at,
        href=kind.href(Place(row.object_id, row.parent_id, row.at_seconds)),
        facets={name: getattr(row, name) for name in FACETS if getattr(row, name)},
        parent_id=row.parent_id,
        at_seconds=row.at_seconds,
    )


async def _counts(session: ReadSession, numbers: Sequence[int]) -> Counts:
    rows = await EntryRepository(session).facets(numbers)
    counts: dict[str, dict[str, int]] = {"kind": dict(Counter(row.kind for row in rows))}
    for name in FACETS:
        values = Counter(getattr(row, name) for row in rows)
        values.pop("", None)
        counts[name] = dict(values.most_common())
    return counts
