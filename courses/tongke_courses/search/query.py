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

from sqlalchemy import BigInteger, Row, Select, func, literal, select

from tongke_courses.search import audience
from tongke_courses.search import kinds as registry
from tongke_courses.search.engines import Wanted, engine_of
from tongke_courses.search.kinds import Kind, Place
from tongke_courses.search.models import SearchEntry
from tongke_courses.search.repository import EntryRepository
from tongke_courses.search.segmenter import Term, terms
from tongke_courses.search.snippets import Marked, mark, snippet
from tongke_courses.search.tokens import (
    FACETS,
    LAST_RANK,
    NUMBER,
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
    group: UUID | None = None,
    limit: int = 20,
    offset: int = 0,
    counts: bool = False,
) -> Found:
    """``principal`` None is somebody not signed in. ``facets``: of ``tokens.FACETS``, empty ones do
    not count. ``group``: only what is of that group. ``counts``: ``facet_counts`` are wanted. Nothing is found by a text without a letter
    or digit.
    """
    asked = terms(text)
    if (
        not asked
        or (kinds and not any(map(registry.get, kinds)))
        or set(facets or {}) - set(FACETS)
    ):
        return Found()
    who = await audience.asker(session, principal)
    own = audience.groups(principal) if principal is not None else frozenset[str]()
    chosen = _chosen(facets or {}, group)
    first, last = max(offset, 0), max(offset, 0) + min(max(limit, 0), MAX_LIMIT)
    shown = range(first, last)
    search = _Search(session, principal, _roads(asked, kinds, chosen, who, own), shown)
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


async def answering(
    session: ReadSession, text: str, *, kinds: Collection[str], group: UUID
) -> Select[UUID] | None:
    """What of a group answers, all of it and in no order, as a part of another statement: the ids of
    what the objects belong to, their own where they belong to nothing. For who may read all there is
    in the group; labels may say too much for a while. None for a text without a letter or digit.
    """
    asked = terms(text)
    if not asked:
        return None
    engine = engine_of(session)
    await engine.prepare(session)
    wanted = Wanted(asked, (*_chosen({}, group), _of_kinds(kinds)), scarce=True)
    rows = engine.matching(wanted).subquery()
    numbers = select(rows.c.rank.bitwise_and(literal(NUMBER, BigInteger)))
    return select(func.coalesce(SearchEntry.parent_id, SearchEntry.object_id)).where(
        SearchEntry.number.in_(numbers)
    )


class Trust(Enum):
    """Which labels are believed."""

    OPEN = "those that let in everybody"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class _Road:
    """Rows to be walked; ``trusted``: their labels are believed, see ``Trust.OPEN``."""

    wanted: Wanted
    trusted: bool


class _Search:
    """One query of one asker, who may find what stands along any of the roads. What will be
    ``shown``, by its place among the answers, is asked for together with what is not trusted.
    """

    def __init__(
        self,
        session: ReadSession,
        principal: Principal | None,
        roads: Sequence[_Road],
        shown: Collection[int],
    ) -> None:
        self._shown = shown
        self._principal = principal
        self._session = session
        self._roads = roads
        self._asked: set[int] = set()
        self._engine, self._entries = engine_of(session), EntryRepository(session)

    async def answers(self, trust: Trust) -> list[int]:
        """The numbers of the first ``MOST`` and one that may be seen, in their order."""
        await self._engine.prepare(self._session)
        seen, found, after = set[int](), list[int](), -1
        for _ in range(_ROUNDS):
            numbers, doubtful, until = await self._next(after)
            new = [one for one in numbers if one not in seen]
            seen.update(new)
            while new and len(found) <= MOST:
                here, new = new[: MOST + 1 - len(found)], new[MOST + 1 - len(found) :]
                if trust is Trust.NONE:
                    hidden = set(here) - await self.readable(here)
                else:
                    hidden = await self._hidden(here, doubtful, len(found))
                found += [one for one in here if one not in hidden]
            if until is None or len(found) > MOST:
                break
            after = until
        return found

    async def _next(self, after: int) -> tuple[list[int], set[int], int | None]:
        """Objects in the order of their first rows after rank ``after``, those of them whose labels
        are not trusted, and how far this goes; None: there are no others.
        """
        trusted: dict[int, bool] = {}
        until, more = LAST_RANK, False
        for road in self._roads:
            walk = await self._engine.walk(self._session, road.wanted, after, until)
            if walk.more:
                until, more = walk.ranks[-1], True
            for one in walk.ranks:
                trusted[one] = trusted.get(one, False) or road.trusted
        ranks = sorted(one for one in trusted if one <= until)
        doubtful = {number_in(one) for one in ranks if not trusted[one]}
        return list(dict.fromkeys(map(number_in, ranks))), doubtful, until if more else None

    async def _hidden(
        self, numbers: Sequence[int], doubtful: Collection[int], before: int
    ) -> set[int]:
        """Those of the doubtful that may not be seen; ``before`` answers come before ``numbers``."""
        asked = [
            one
            for place, one in enumerate(numbers, before)
            if one in doubtful or place in self._shown
        ]
        readable = await self.readable(asked)
        self._asked |= readable
        return {one for one in asked if one in doubtful and one not in readable}

    async def all_readable(self, numbers: Sequence[int]) -> bool:
        """Those that were asked already are not asked again."""
        unasked = [one for one in numbers if one not in self._asked]
        return not unasked or await self.readable(unasked) == set(unasked)

    async def readable(self, numbers: Sequence[int]) -> set[int]:
        """Those whose kind says that they may be seen."""
        return await self._readable(await self._entries.objects(numbers)) if numbers else set()

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


def _chosen(facets: Mapping[str, str], group: UUID | None) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = [
        (facet_token(name, value),) for name, value in facets.items() if value
    ]
    return [*found, (audience_token(audience.group(group)),)] if group is not None else found


def _roads(
    asked: tuple[Term, ...],
    kinds: Collection[str],
    chosen: list[tuple[str, ...]],
    who: frozenset[str] | None,
    own: frozenset[str],
) -> list[_Road]:
    """What everybody may find is one road, what a great part of all is labelled with another: a
    database finds neither quickly among forty labels, of which the others stand on little.
    """
    if who is None:
        return _everywhere(asked, kinds, chosen, own)
    if kinds:
        chosen = [*chosen, _of_kinds(kinds)]
    wide = {one for one in who - audience.OPEN if audience.is_wide(one)}
    roads = [(who & audience.OPEN, True, False), (wide, False, False)]
    roads.append((who - audience.OPEN - wide, False, True))
    return [
        _Road(Wanted(asked, (*chosen, _labelled(some)), scarce), trusted)
        for some, trusted, scarce in roads
        if some
    ]


def _everywhere(
    asked: tuple[Term, ...],
    kinds: Collection[str],
    chosen: list[tuple[str, ...]],
    own: frozenset[str],
) -> list[_Road]:
    """Of who sees all there is but for what is said in groups: that is for their members."""
    wanted = [one for one in registry.all_kinds() if not kinds or one.name in kinds]
    open_ = [one.name for one in wanted if not one.closed]
    closed = [one.name for one in wanted if one.closed]
    roads: list[_Road] = []
    if open_:
        roads.append(_Road(Wanted(asked, (*chosen, _of_kinds(open_))), trusted=True))
    if closed and own:
        groups = (*chosen, _of_kinds(closed), _labelled(own))
        roads.append(_Road(Wanted(asked, groups, scarce=True), trusted=False))
    return roads


def _of_kinds(kinds: Collection[str]) -> tuple[str, ...]:
    return tuple(kind_token(one) for one in dict.fromkeys(kinds) if registry.get(one))


def _labelled(who: Collection[str]) -> tuple[str, ...]:
    return tuple(map(audience_token, sorted(who)))


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
