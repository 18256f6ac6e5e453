"""Facts added up by day: pure functions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from tongke_platform.facts.models import FactRecord

_NAMESPACE = UUID("0bd8f6a2-5d0c-4a55-9f2e-7a1c6f1f3c11")


@dataclass(frozen=True)
class Group:
    """What the facts of one sum have in common; the fields are columns of Rollup."""

    day: date
    kind: str
    version: int
    unit: str
    school_id: UUID | None
    counterpart_id: UUID | None
    partnership_id: UUID | None
    room_id: UUID | None

    @property
    def id(self) -> UUID:
        return uuid5(_NAMESPACE, "|".join(str(value) for value in vars(self).values()))


@dataclass
class Sum:
    """``count`` is facts less reversals."""

    quantity: int = 0
    count: int = 0


def day_of(instant: datetime, zone: ZoneInfo) -> date:
    return instant.astimezone(zone).date()


def bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The instants from which and before which it is ``day`` in ``zone``, in UTC.

    A day near the ends of the calendar is taken as one a little further in.
    """
    day = min(max(day, date(2, 1, 1)), date(9998, 12, 31))
    start = datetime.combine(day, time.min, zone)
    end = datetime.combine(day + timedelta(days=1), time.min, zone)
    return start.astimezone(UTC), end.astimezone(UTC)


def group_of(fact: FactRecord, zone: ZoneInfo) -> Group:
    return Group(
        day=day_of(fact.occurred_at, zone),
        kind=fact.kind,
        version=fact.version,
        unit=fact.unit,
        school_id=fact.school_id,
        counterpart_id=fact.counterpart_id,
        partnership_id=fact.partnership_id,
        room_id=fact.room_id,
    )


def add_up(facts: Iterable[FactRecord], zone: ZoneInfo) -> dict[Group, Sum]:
    found: dict[Group, Sum] = {}
    for fact in facts:
        so_far = found.setdefault(group_of(fact, zone), Sum())
        so_far.quantity += fact.quantity
        so_far.count += 1 if fact.reverses_id is None else -1
    return found


def rows(sums: Mapping[Group, Sum], now: datetime) -> list[dict[str, Any]]:
    """As rows of Rollup, in the order of their ids: writers that take locks in one order wait for
    each other instead of dying.
    """
    made = [
        {"id": group.id, "created_at": now, **vars(group), **vars(one)}
        for group, one in sums.items()
    ]
    return sorted(made, key=lambda row: row["id"])
