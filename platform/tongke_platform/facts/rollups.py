"""Daily sums of facts: kept up by adding what is new, and made anew from the facts themselves.

Whoever adds up holds the lock of the one state row. A fact commits together with its place in the
queue and leaves it together with the sum it went into, so each is counted once whatever is killed.
"""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from tongke_platform.database import Database, utc_now
from tongke_platform.facts.repository import FactRepository, RollupRepository
from tongke_platform.facts.sums import add_up, bounds, day_of

BATCH = 2000


async def sum_up(database: Database, zone: ZoneInfo, batch: int = BATCH) -> int:
    """Add what is new; the number of facts added. In another zone than before all is made anew."""
    added = 0
    while True:
        async with database.write() as session:
            rollups = RollupRepository(session)
            state = await rollups.lock(zone.key)
            known = ZoneInfo(state.zone)
            facts = await rollups.take(batch)
            await rollups.add_up(add_up(facts, known))
        added += len(facts)
        if len(facts) < batch:
            break
    if known.key != zone.key:
        await rebuild(database, zone)
    return added


async def rebuild(
    database: Database, zone: ZoneInfo, on_day: Callable[[int, int], None] | None = None
) -> int:
    """Make every sum anew, day by day; the number of days. Recording goes on meanwhile.

    ``on_day`` hears how many of how many are done. Facts still in the queue are left to ``sum_up``: they are in no sum, old or new.
    """
    async with database.write() as session:
        rollups = RollupRepository(session)
        await rollups.lock(zone.key)
        await rollups.set_state(zone=zone.key)
        span = await FactRepository(session).span()
        first, last = (day_of(one, zone) for one in span or (utc_now(), utc_now()))
        await rollups.clear_outside(first, last)
    days = list(_days(first, last))
    for done, day in enumerate(days, 1):
        await _rebuild_day(database, zone, day)
        if on_day is not None:
            on_day(done, len(days))
    async with database.write() as session:
        await RollupRepository(session).set_state(rebuilt_at=utc_now())
    return len(days)


def _days(first: date, last: date) -> Iterator[date]:
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)


async def _rebuild_day(database: Database, zone: ZoneInfo, day: date) -> None:
    start, end = bounds(day, zone)
    async with database.write() as session:
        rollups, facts = RollupRepository(session), FactRepository(session)
        await rollups.lock(zone.key)
        await rollups.clear(day)
        after = None
        while found := await facts.summed_between(start, end, after=after, limit=BATCH):
            await rollups.add_up(add_up(found, zone))
            after = found[-1].id
            session.expunge_all()
