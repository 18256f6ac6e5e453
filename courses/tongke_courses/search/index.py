"""Put objects into the index and take them out, inside the caller's transaction."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from tongke_courses.search.audience import OPEN
from tongke_courses.search.documents import Document
from tongke_courses.search.engines import engine_of
from tongke_courses.search.pinyin import initials
from tongke_courses.search.repository import EntryRepository
from tongke_courses.search.tokens import FACETS, labels, number_of, rank, rows
from tongke_platform.database import WriteSession

_ENTRY = ("parent_id", "at", "at_seconds", "open", "title", *FACETS)
_TEXT = ("summary", "body", "audience", "initials")


async def put(session: WriteSession, document: Document) -> None:
    """Find the object by this from now on. Putting the same again changes nothing."""
    entries = EntryRepository(session)
    await entries.alone_with(document.kind, document.id)
    old, new = await entries.whole(document.kind, document.id), _values(document)
    if old is not None:
        if all(getattr(old, name) == new[name] for name in (*_ENTRY, *_TEXT)):
            return
        await _take_out(session, old)
    new["number"] = await _free_number(entries, document)
    await _put_in(session, [new])


async def remove(session: WriteSession, kind: str, object_id: UUID) -> None:
    """The object is found no more; one that was not there is no error."""
    entries = EntryRepository(session)
    await entries.alone_with(kind, object_id)
    old = await entries.whole(kind, object_id)
    if old is not None:
        await _take_out(session, old)


async def set_audience(
    session: WriteSession, kind: str, object_id: UUID, audience: Iterable[str]
) -> None:
    """Who may find it from now on. Reads nothing but the index; the same again costs one query."""
    entries = EntryRepository(session)
    await entries.alone_with(kind, object_id)
    old = await entries.whole(kind, object_id)
    wanted = packed(audience)
    if old is None or old.audience == wanted:
        return
    engine = engine_of(session)
    await engine.drop(session, _rows(old._mapping))
    await entries.set_audience(old.number, wanted, open_=is_open(wanted.split()))
    await engine.add(session, _rows({**old._mapping, "audience": wanted}))


async def put_many(session: WriteSession, documents: Sequence[Document]) -> None:
    """Of one kind, each once: many at a time, as rebuilding has them."""
    if not documents:
        return
    entries, kind = EntryRepository(session), documents[0].kind
    ids = [one.id for one in documents]
    await entries.alone_with_all(kind, ids)
    known = await entries.known(kind, ids)
    for one in (one for one in documents if one.id in known):
        await put(session, one)
    new = {one.id: _values(one) for one in documents if one.id not in known}
    if new:
        await _number_all(entries, list(new.values()))
        await _put_in(session, list(new.values()))


async def clear(session: WriteSession) -> None:
    await EntryRepository(session).clear()
    await engine_of(session).clear(session)


def is_open(audience: Iterable[str]) -> bool:
    return not OPEN.isdisjoint(audience)


def packed(audience: Iterable[str]) -> str:
    return " ".join(sorted(set(audience)))


def _values(document: Document) -> dict[str, Any]:
    columns = document.columns()
    return {
        "kind": document.kind,
        "object_id": document.id,
        "parent_id": document.parent_id,
        "at": document.at,
        "at_seconds": document.at_seconds,
        "open": is_open(document.audience),
        "audience": packed(document.audience),
        "initials": packed(initials(columns["title"])),
        **columns,
    }


def _rows(values: Any) -> dict[int, frozenset[str]]:
    """The rows of the index of an entry with its texts, by rank."""
    made = rows(
        title=values["title"],
        initials=values["initials"].split(),
        summary=values["summary"],
        body=values["body"],
        labels=labels(
            values["kind"], {name: values[name] for name in FACETS}, values["audience"].split()
        ),
    )
    return {rank(tier, values["number"]): words for tier, words in made.items()}


async def _put_in(session: WriteSession, values: Sequence[dict[str, Any]]) -> None:
    entry = ("number", "kind", "object_id", *_ENTRY)
    await EntryRepository(session).add(
        [{name: one[name] for name in entry} for one in values],
        [{name: one[name] for name in ("number", *_TEXT)} for one in values],
    )
    made: dict[int, frozenset[str]] = {}
    for one in values:
        made |= _rows(one)
    await engine_of(session).add(session, made)


async def _take_out(session: WriteSession, old: Row[Any]) -> None:
    await engine_of(session).drop(session, _rows(old._mapping))
    await EntryRepository(session).remove(old.number)


async def _free_number(entries: EntryRepository, document: Document) -> int:
    number = number_of(document.at, document.id)
    while True:
        await entries.alone_at(number)
        if not await entries.taken([number]):
            return number
        number += 1


async def _number_all(entries: EntryRepository, values: Sequence[dict[str, Any]]) -> None:
    """Give each the next number that is free."""
    waiting, here = list(values), set[int]()
    for one in waiting:
        one["number"] = number_of(one["at"], one["object_id"])
    while waiting:
        taken = await entries.taken([one["number"] for one in waiting])
        again = []
        for one in waiting:
            if one["number"] in taken or one["number"] in here:
                one["number"] += 1
                again.append(one)
            else:
                here.add(one["number"])
        waiting = again
