"""Academic years as they are looked at and put right; making them is in service."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from tongke_platform.classes.repository import ClassYearRepository, YearRepository
from tongke_platform.classes.service import check_days
from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.errors import N_, Conflict, NotFound
from tongke_platform.organisations import rights as places
from tongke_platform.organisations.models import AcademicYear, Region
from tongke_platform.organisations.repository import RegionRepository
from tongke_platform.rights import Principal
from tongke_platform.undo.service import takes_back

NO_YEAR = N_("There is no such academic year.")
USED = N_("Classes stand in this year already: it can be corrected, but no longer be removed.")


@dataclass(frozen=True)
class Shown:
    """A year in a list: where it counts (None: everywhere), its classes, whether one may change it."""

    year: AcademicYear
    region: Region | None
    classes: int
    may_change: bool


async def shown(session: ReadSession, by: Principal) -> Sequence[Shown]:
    """Everybody's, those of their regions and those their schools live by; the newest first."""
    paths = [place.region_path for place in by.places.values()]
    found = await YearRepository(session).relevant(places.regions(places.READ, by), paths)
    counts = await ClassYearRepository(session).counts([year.id for year, _ in found])
    return [
        Shown(year, region, counts.get(year.id, 0), places.over_region(places.YEARS, by, region))
        for year, region in found
    ]


async def to_correct(session: ReadSession, key: UUID, by: Principal) -> Shown:
    """Raises NotFound, Forbidden."""
    year = await YearRepository(session).by_id(key)
    if year is None:
        raise NotFound(NO_YEAR, code="no_year")
    region = await _region(session, year)
    places.check_region(places.YEARS, by, region)
    counts = await ClassYearRepository(session).counts([key])
    return Shown(year, region, counts.get(key, 0), may_change=True)


async def _region(session: ReadSession, year: AcademicYear) -> Region | None:
    if year.region_id is None:
        return None
    return await RegionRepository(session).by_id(year.region_id)


async def correct(
    session: WriteSession, key: UUID, *, name: str, starts_on: date, ends_on: date, by: Principal
) -> dict[str, Any]:
    """What ``years.correct`` needs to take it back. Raises NotFound, Forbidden, Invalid."""
    year = (await to_correct(session, key, by)).year
    check_days(starts_on, ends_on)
    days = [year.starts_on.isoformat(), year.ends_on.isoformat()]
    kept = {"year": str(key), "name": year.name, "days": days}
    year.name, year.starts_on, year.ends_on = name, starts_on, ends_on
    await session.flush()
    return kept


@takes_back("years.correct")
async def _as_before(session: WriteSession, by: Principal, data: dict[str, Any]) -> None:
    first, last = (date.fromisoformat(day) for day in data["days"])
    key = UUID(data["year"])
    await correct(session, key, name=data["name"], starts_on=first, ends_on=last, by=by)


@takes_back("years.create")
async def _remove(session: WriteSession, by: Principal, data: dict[str, Any]) -> None:
    """Raises Conflict ``year_used`` once classes stand in it."""
    found = await to_correct(session, UUID(data["year"]), by)
    if found.classes:
        raise Conflict(USED, code="year_used")
    await YearRepository(session).remove(found.year)
