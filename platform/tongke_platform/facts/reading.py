"""Facts and sums as those may read them who may."""

from collections.abc import Sequence
from uuid import UUID
from zoneinfo import ZoneInfo

from tongke_platform.database import ReadSession
from tongke_platform.errors import N_, Forbidden, NotFound
from tongke_platform.facts.models import FactRecord, Rollup
from tongke_platform.facts.repository import Days, FactRepository, Filter, RollupRepository
from tongke_platform.facts.rights import READ
from tongke_platform.facts.sums import Group, bounds
from tongke_platform.rights import Principal


def _check(principal: Principal) -> None:
    """Raises Forbidden to those who may read of no school at all."""
    if not READ.allows_anywhere(principal):
        raise Forbidden


async def facts(
    session: ReadSession,
    principal: Principal,
    wanted: Days,
    zone: ZoneInfo,
    *,
    before: UUID | None,
    limit: int,
) -> Sequence[FactRecord]:
    """The newest first. Raises Forbidden."""
    _check(principal)
    start = bounds(wanted.first, zone)[0] if wanted.first else None
    end = bounds(wanted.last, zone)[1] if wanted.last else None
    asked = Filter(wanted.kind, wanted.school_id, start, end)
    return await FactRepository(session).search(principal, asked, before=before, limit=limit)


async def fact(session: ReadSession, principal: Principal, fact_id: UUID) -> FactRecord:
    """Raises Forbidden, NotFound."""
    _check(principal)
    found = await FactRepository(session).one_readable(principal, fact_id)
    if found is None:
        raise NotFound(N_("There is no such fact."), code="no_fact")
    return found


async def rollups(
    session: ReadSession, principal: Principal, wanted: Days, *, before: UUID | None, limit: int
) -> Sequence[Rollup]:
    """The last day first. Raises Forbidden, NotFound."""
    _check(principal)
    seen = await rollup(session, principal, before) if before is not None else None
    return await RollupRepository(session).search(principal, wanted, before=seen, limit=limit)


async def rollup(session: ReadSession, principal: Principal, rollup_id: UUID) -> Rollup:
    """Raises Forbidden, NotFound."""
    _check(principal)
    found = await RollupRepository(session).one_readable(principal, rollup_id)
    if found is None:
        raise NotFound(N_("There is no such sum."), code="no_rollup")
    return found


async def facts_of(
    session: ReadSession,
    principal: Principal,
    rollup_id: UUID,
    zone: ZoneInfo,
    *,
    before: UUID | None,
    limit: int,
) -> Sequence[FactRecord]:
    """What a sum is made of. Raises Forbidden, NotFound."""
    found = await rollup(session, principal, rollup_id)
    state = await RollupRepository(session).zone()
    group = Group(**{name: getattr(found, name) for name in Group.__dataclass_fields__})
    span = bounds(found.day, ZoneInfo(state) if state else zone)
    return await FactRepository(session).of_group(group, span, before=before, limit=limit)
