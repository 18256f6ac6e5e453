"""Find objects: the same ones in the same order on every database, and none the asker may not see.

The index says which rows answer and are labelled for the asker; every object is then asked for at its
own kind, before it is counted. A label may say too much for a while, an answer may not.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
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
) -> Found:
    """``principal`` None is somebody not signed in. ``facets``: of ``tokens.FACETS``, empty ones do
    not count. Nothing is found by a text without a letter or digit.
    """
    asked = terms(text)
    wanted = await _wanted(session, principal, asked, kinds, facets or {})
    if not asked or wanted is None:
        return Found()
    found = await _answers(session, principal, wanted)
    counted = found[:MOST]
    page = counted[max(offset, 0) : max(offset, 0) + min(max(limit, 0), MAX_LIMIT)]
    return Found(
        results=await _shown(session, page, asked),
        total=len(counted),
        more=len(found) > MOST,
        facet_counts=_counts(counted),
    )


async def _wanted(
    session: ReadSession,
    principal: Principal | None,
    asked: tuple[Term, ...],
    kinds: Collection[str],
    facets: Mapping[str, str],
) -> Wanted | None:
    """None when nothing can answer."""
    known = [one for one in dict.fromkeys(kinds) if registry.get(one)]
    if (kinds and not known) or set(facets) - set(FACETS):
        return None
    chosen = [(facet_token(name, value),) for name, value in facets.items() if value]
    if known:
        chosen.append(tuple(kind_token(one) for one in known))
    audience = await asker(session, principal)
    if audience is not None:
        chosen.append(tuple(audience_token(one) for one in sorted(audience)))
    return Wanted(asked, tuple(chosen))


async def _answers(
    session: ReadSession, principal: Principal | None, wanted: Wanted
) -> list[Row[Any]]:
    """Of all that may be seen the first ``MOST`` and one."""
    engine, after = engine_of(session), -1
    seen: set[int] = set()
    found: list[Row[Any]] = []
    for _ in range(_ROUNDS):
        ranks = await engine.ranks(session, wanted, after, MOST + 1)
        new = [one for one in dict.fromkeys(map(number_in, ranks)) if one not in seen]
        seen.update(new)
        found += await _readable(session, principal, new)
        if len(ranks) <= MOST or len(found) > MOST:
            break
        after = ranks[-1]
    return found[: MOST + 1]


async def _readable(
    session: ReadSession, principal: Principal | None, numbers: Sequence[int]
) -> list[Row[Any]]:
    entries = await EntryRepository(session).found(numbers)
    by_kind: dict[str, list[UUID]] = {}
    for row in entries.values():
        by_kind.setdefault(row.kind, []).append(row.object_id)
    readable: dict[str, set[UUID]] = {}
    for name, ids in by_kind.items():
        kind = registry.get(name)
        readable[name] = await kind.readable_ids(session, principal, ids) if kind else set()
    rows = (entries[one] for one in numbers if one in entries)
    return [row for row in rows if row.object_id in readable[row.kind]]


async def _shown(
    session: ReadSession, page: Sequence[Row[Any]], asked: Sequence[Term]
) -> list[Result]:
    rows = await EntryRepository(session).shown([one.number for one in page])
    return [_result(rows[one.number], asked) for one in page if one.number in rows]


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


def _counts(rows: Sequence[Row[Any]]) -> Counts:
    counts: dict[str, dict[str, int]] = {"kind": Counter(row.kind for row in rows)}
    for name in FACETS:
        values = Counter(getattr(row, name) for row in rows)
        values.pop("", None)
        counts[name] = dict(values.most_common())
    return counts
