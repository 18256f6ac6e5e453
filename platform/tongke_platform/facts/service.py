"""Rules of facts: told once, never changed, taken back by another fact."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from tongke_platform.database import ReadSession, WriteSession, utc_now, uuid7
from tongke_platform.errors import N_, Conflict, Invalid, NotFound
from tongke_platform.facts.kinds import Kind
from tongke_platform.facts.models import FactRecord
from tongke_platform.facts.repository import FactRepository, PersonRepository

# What both databases hold in a BigInteger.
LARGEST = (1 << 63) - 1


@dataclass(frozen=True)
class Fact:
    """``key`` is the same whenever the same thing is told again. ``quantity`` is in ``kind.unit``;
    ``source`` names who saw it. ``person_id`` is kept as a pseudonym only.
    """

    key: str
    kind: Kind
    occurred_at: datetime
    quantity: int
    source: str
    school_id: UUID | None = None
    counterpart_id: UUID | None = None
    partnership_id: UUID | None = None
    person_id: UUID | None = None
    room_id: UUID | None = None
    subject_type: str = ""
    subject_id: UUID | None = None


async def record(session: WriteSession, fact: Fact) -> FactRecord:
    """Write a fact in the transaction it reports; told again, the fact there is."""
    await record_all(session, [fact])
    found = await FactRepository(session).by_key(fact.key)
    assert found is not None, "it has just been there"
    return found


async def record_all(session: WriteSession, facts: Sequence[Fact]) -> int:
    """Many at once; how many of them were new. Raises Invalid ``bad_fact``."""
    for fact in facts:
        _check(fact)
    people = await pseudonyms_of(session, [one.person_id for one in facts if one.person_id])
    now = utc_now()
    # In one order: two that tell the same things at once must not wait for each other in a ring.
    unique = sorted({fact.key: fact for fact in facts}.values(), key=lambda fact: fact.key)
    return len(await FactRepository(session).append([_row(one, people, now) for one in unique]))


def _check(fact: Fact) -> None:
    if not fact.key or abs(fact.quantity) > LARGEST:
        raise Invalid(N_("This fact has no key, or its quantity is too large."), code="bad_fact")


def _row(fact: Fact, people: dict[UUID, UUID], now: datetime) -> dict[str, Any]:
    row = {name: value for name, value in vars(fact).items() if name != "person_id"}
    return row | {
        "id": uuid7(),
        "created_at": now,
        "recorded_at": now,
        "kind": fact.kind.name,
        "version": fact.kind.version,
        "unit": fact.kind.unit,
        "person": people[fact.person_id] if fact.person_id else None,
        "reverses_id": None,
    }


async def reverse(session: WriteSession, fact_id: UUID, *, key: str, source: str) -> FactRecord:
    """Take a fact back, on the day it happened. Told again under ``key``, the same reversal.

    Raises NotFound ``no_fact``, Conflict ``reversal`` (what takes back cannot be taken back: tell
    the fact anew) and ``reversed``.
    """
    facts = FactRepository(session)
    taken_back = await facts.by_id(fact_id)
    if taken_back is None:
        raise NotFound(N_("There is no such fact."), code="no_fact")
    if taken_back.reverses_id is not None:
        raise Conflict(N_("A correction cannot itself be taken back."), code="reversal")
    await facts.append([_reversal(taken_back, key, source)])
    found = await facts.by_key(key)
    if found is None or found.reverses_id != fact_id:
        raise Conflict(N_("This has been corrected already."), code="reversed")
    return found


def _reversal(fact: FactRecord, key: str, source: str) -> dict[str, Any]:
    now = utc_now()
    row = {column.key: getattr(fact, column.key) for column in FactRecord.__table__.columns}
    return row | {
        "id": uuid7(),
        "created_at": now,
        "recorded_at": now,
        "key": key,
        "source": source,
        "quantity": -fact.quantity,
        "reverses_id": fact.id,
    }


async def pseudonyms_of(session: WriteSession, people: Sequence[UUID]) -> dict[UUID, UUID]:
    """By person; whoever has none gets one."""
    if not people:
        return {}
    known = PersonRepository(session)
    found = await known.of(people)
    if missing := set(people) - set(found):
        await known.name({person: uuid4() for person in missing})
        found = await known.of(people)
    return found


async def pseudonym_of(session: ReadSession, person_id: UUID) -> UUID | None:
    """None for somebody no fact is about, or no longer."""
    return (await PersonRepository(session).of([person_id])).get(person_id)


async def forget(session: WriteSession, person_id: UUID) -> None:
    """Erase the only way from a person to their facts."""
    await PersonRepository(session).forget(person_id)
