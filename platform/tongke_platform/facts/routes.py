"""JSON API of facts: what happened, its daily sums, and from every sum the way to its facts."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.requests import Request

from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.facts import reading
from tongke_platform.facts.kinds import named
from tongke_platform.facts.models import FactRecord, Rollup
from tongke_platform.facts.repository import Days
from tongke_platform.facts.schemas import FactOut, FactsOut, RollupOut, RollupsOut
from tongke_platform.fields import Day
from tongke_platform.frame import Frame, Reading, TheFrame

router = APIRouter(prefix="/api", tags=["facts"])

KindName = Annotated[str, Query(max_length=64, pattern=r"^[a-z_.]*$")]
Limit = Annotated[int, Query(ge=1, le=200)]


def _label(request: Request, frame: Frame, kind: str) -> str:
    found = named(kind)
    return frame.translate(request, found.label) if found else kind


def _facts(request: Request, frame: Frame, found: Sequence[FactRecord], limit: int) -> FactsOut:
    facts = [FactOut.model_validate(one) for one in found[:limit]]
    for one in facts:
        one.label = _label(request, frame, one.kind)
    return FactsOut(facts=facts, next=facts[-1].id if len(found) > limit else None)


def _rollup(request: Request, frame: Frame, found: Rollup) -> RollupOut:
    out = RollupOut.model_validate(found)
    out.label = _label(request, frame, out.kind)
    out.facts = f"/api/rollups/{out.id}/facts"
    return out


@router.get("/facts")
async def facts(
    request: Request,
    session: Reading,
    principal: RequiredPrincipal,
    frame: TheFrame,
    kind: KindName = "",
    school: UUID | None = None,
    first_day: Day | None = None,
    last_day: Day | None = None,
    before: UUID | None = None,
    limit: Limit = 50,
) -> FactsOut:
    """Days are the schools', both included."""
    wanted = Days(kind, school, first_day, last_day)
    found = await reading.facts(
        session, principal, wanted, frame.settings.zone, before=before, limit=limit + 1
    )
    return _facts(request, frame, found, limit)


@router.get("/facts/{fact_id}")
async def fact(
    request: Request,
    fact_id: UUID,
    session: Reading,
    principal: RequiredPrincipal,
    frame: TheFrame,
) -> FactOut:
    out = FactOut.model_validate(await reading.fact(session, principal, fact_id))
    out.label = _label(request, frame, out.kind)
    return out


@router.get("/rollups")
async def rollups(
    request: Request,
    session: Reading,
    principal: RequiredPrincipal,
    frame: TheFrame,
    kind: KindName = "",
    school: UUID | None = None,
    first_day: Day | None = None,
    last_day: Day | None = None,
    before: UUID | None = None,
    limit: Limit = 50,
) -> RollupsOut:
    """A minute or so behind what happens."""
    wanted = Days(kind, school, first_day, last_day)
    found = await reading.rollups(session, principal, wanted, before=before, limit=limit + 1)
    return RollupsOut(
        rollups=[_rollup(request, frame, one) for one in found[:limit]],
        next=found[limit - 1].id if len(found) > limit else None,
    )


@router.get("/rollups/{rollup_id}")
async def rollup(
    request: Request,
    rollup_id: UUID,
    session: Reading,
    principal: RequiredPrincipal,
    frame: TheFrame,
) -> RollupOut:
    return _rollup(request, frame, await reading.rollup(session, principal, rollup_id))


@router.get("/rollups/{rollup_id}/facts")
async def facts_of_rollup(
    request: Request,
    rollup_id: UUID,
    session: Reading,
    principal: RequiredPrincipal,
    frame: TheFrame,
    before: UUID | None = None,
    limit: Limit = 50,
) -> FactsOut:
    """What a sum is made of, and what has come since."""
    found = await reading.facts_of(
        session, principal, rollup_id, frame.settings.zone, before=before, limit=limit + 1
    )
    return _facts(request, frame, found, limit)
