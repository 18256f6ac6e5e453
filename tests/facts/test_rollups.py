"""Daily sums: added up as facts come, made anew from the facts, and the same either way."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.facts.test_facts import STROLL, stroll, take_back, tell
from tongke_platform.facts import Fact, Kind, rollups
from tongke_platform.facts.models import Rollup
from tongke_platform.facts.repository import RollupRepository
from tongke_platform.facts.sums import bounds, day_of
from tongke_platform.frame import Frame

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
NAP = Kind("test.sleep", 2, "hour", "Sleep")

Sums = dict[UUID, tuple[object, ...]]


async def sums(frame: Frame) -> Sums:
    async with frame.database.read() as session:
        found: Sequence[Rollup] = await RollupRepository(session).all(
            RollupRepository(session).base()
        )
    names = [one.key for one in Rollup.__table__.columns if one.key not in ("id", "created_at")]
    return {one.id: tuple(getattr(one, name) for name in names) for one in found}


async def quantities(frame: Frame) -> dict[tuple[date, UUID | None], tuple[int, int]]:
    async with frame.database.read() as session:
        found = await RollupRepository(session).all(RollupRepository(session).base())
    return {(one.day, one.school_id): (one.quantity, one.count) for one in found}


async def test_a_day_is_the_schools_day(frame: Frame) -> None:
    school = uuid4()
    for hour in (15, 16, 17):  # 23:00, and 00:00 and 01:00 of the next day
        when = datetime(2026, 11, 23, hour, tzinfo=UTC)
        await tell(frame, stroll(occurred_at=when, quantity=hour, school_id=school))
    assert await rollups.sum_up(frame.database, SHANGHAI) == 3
    assert await quantities(frame) == {
        (date(2026, 11, 23), school): (15, 1),
        (date(2026, 11, 24), school): (33, 2),
    }


async def test_nothing_is_added_twice(frame: Frame) -> None:
    for _ in range(7):
        await tell(frame, stroll(occurred_at=NOON))
    assert await rollups.sum_up(frame.database, SHANGHAI, batch=3) == 7
    assert await rollups.sum_up(frame.database, SHANGHAI) == 0
    assert await quantities(frame) == {(date(2026, 11, 23), None): (280, 7)}


async def test_a_reversal_subtracts_from_its_day(frame: Frame) -> None:
    fact = await tell(frame, stroll(occurred_at=NOON - timedelta(days=3)))
    await rollups.sum_up(frame.database, SHANGHAI)
    await take_back(frame, fact.id, "back")
    await rollups.sum_up(frame.database, SHANGHAI)
    assert await quantities(frame) == {(date(2026, 11, 20), None): (0, 0)}


async def test_many_add_up_at_once(frame: Frame) -> None:
    async def tell_some() -> None:
        for _ in range(10):
            await tell(frame, stroll(occurred_at=NOON))
            await rollups.sum_up(frame.database, SHANGHAI, batch=2)

    await asyncio.gather(tell_some(), tell_some(), rollups.rebuild(frame.database, SHANGHAI))
    assert await quantities(frame) == {(date(2026, 11, 23), None): (800, 20)}


async def test_another_zone_makes_all_anew(frame: Frame) -> None:
    await tell(frame, stroll(occurred_at=datetime(2026, 11, 23, 17, tzinfo=UTC)))
    await rollups.sum_up(frame.database, SHANGHAI)
    await rollups.sum_up(frame.database, ZoneInfo("UTC"))
    assert await quantities(frame) == {(date(2026, 11, 23), None): (40, 1)}


def test_days_with_a_change_of_clocks() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    start, end = bounds(date(2026, 3, 29), berlin)
    assert end - start == timedelta(hours=23)
    assert day_of(start, berlin) == day_of(end - timedelta(microseconds=1), berlin)
    assert day_of(end, berlin) == date(2026, 3, 30)


@dataclass(frozen=True)
class Told:
    fact: Fact


@dataclass(frozen=True)
class TakenBack:
    index: int


ids = st.sampled_from([None, *(UUID(int=n) for n in range(1, 4))])
told = st.builds(
    Told,
    st.builds(
        Fact,
        key=st.uuids().map(str),
        kind=st.sampled_from([STROLL, NAP]),
        occurred_at=st.integers(-200, 200).map(lambda hours: NOON + timedelta(hours=hours)),
        quantity=st.integers(-(10**9), 10**9),
        source=st.just("test"),
        school_id=ids,
        counterpart_id=ids,
        partnership_id=ids,
        room_id=ids,
    ),
)
steps = st.lists(
    st.one_of(
        told, told, st.builds(TakenBack, st.integers(0, 50)), st.sampled_from(["sum", "new"])
    ),
    max_size=25,
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=steps)
async def test_made_anew_is_what_was_added_up(
    frame: Frame, steps: list[Told | TakenBack | str]
) -> None:
    """Whatever comes when, late or taken back, with sums made in between. Facts of the examples
    before stay: they cannot be removed.
    """
    known: list[UUID] = []
    for step in steps:
        if isinstance(step, Told):
            known.append((await tell(frame, step.fact)).id)
        elif isinstance(step, TakenBack) and known:
            fact = known[step.index % len(known)]
            await take_back(frame, fact, f"back {fact}")
        elif step == "sum":
            await rollups.sum_up(frame.database, SHANGHAI, batch=3)
        elif step == "new":
            await rollups.rebuild(frame.database, SHANGHAI)
    await rollups.sum_up(frame.database, SHANGHAI)
    added_up = await sums(frame)
    await rollups.rebuild(frame.database, SHANGHAI)
    assert await sums(frame) == added_up
    assert await from_the_facts(frame) == {key: row[-2:] for key, row in added_up.items()}


async def from_the_facts(frame: Frame) -> dict[UUID, tuple[int, int]]:
    """The same in the plainest way."""
    from tests.facts.test_facts import all_of
    from tongke_platform.facts.sums import group_of

    found: dict[UUID, tuple[int, int]] = {}
    for fact in await all_of(frame):
        key = group_of(fact, SHANGHAI).id
        quantity, count = found.get(key, (0, 0))
        found[key] = (quantity + fact.quantity, count + (-1 if fact.reverses_id else 1))
    return found
