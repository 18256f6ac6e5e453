"""JSON API of a group's activities."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from tongke_courses.groups import activities, outs
from tongke_courses.groups.schemas import (
    ActivityChange,
    ActivityFull,
    ActivityIn,
    ActivityOut,
    ActivityPage,
    CancelIn,
    DoneIn,
    DueIn,
    DueOut,
    MinutesIn,
)
from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.fields import Instant
from tongke_platform.frame import Reading, TheFrame, Writing

router = APIRouter(prefix="/api", tags=["groups"])


@router.get("/groups/{group_id}/activities")
async def list_activities(
    group_id: UUID,
    session: Reading,
    principal: RequiredPrincipal,
    before: Instant | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 30,
) -> ActivityPage:
    """Also those that are over or cancelled."""
    found, following = await activities.page(
        session, principal, group_id, before=before, limit=limit
    )
    return ActivityPage(items=[ActivityOut.model_validate(one) for one in found], next=following)


@router.post("/groups/{group_id}/activities", status_code=201)
async def plan(
    group_id: UUID,
    body: ActivityIn,
    session: Writing,
    principal: RequiredPrincipal,
    frame: TheFrame,
) -> ActivityFull:
    return outs.activity_full(await activities.plan(session, frame, principal, group_id, body))


@router.get("/activities/{activity_id}")
async def get(activity_id: UUID, session: Reading, principal: RequiredPrincipal) -> ActivityFull:
    found, _ = await activities.get(session, principal, activity_id)
    return outs.activity_full(found)


@router.put("/activities/{activity_id}")
async def change(
    activity_id: UUID,
    body: ActivityChange,
    session: Writing,
    principal: RequiredPrincipal,
    frame: TheFrame,
) -> ActivityFull:
    return outs.activity_full(await activities.change(session, frame, principal, activity_id, body))


@router.post("/activities/{activity_id}/cancel")
async def cancel(
    activity_id: UUID,
    session: Writing,
    principal: RequiredPrincipal,
    frame: TheFrame,
    body: CancelIn | None = None,
) -> ActivityFull:
    reason = body.reason if body else ""
    return outs.activity_full(
        await activities.cancel(session, frame, principal, activity_id, reason)
    )


@router.put("/activities/{activity_id}/minutes")
async def write_minutes(
    activity_id: UUID,
    body: MinutesIn,
    session: Writing,
    principal: RequiredPrincipal,
    frame: TheFrame,
) -> ActivityFull:
    return outs.activity_full(
        await activities.write_minutes(session, frame, principal, activity_id, body)
    )


@router.post("/activities/{activity_id}/dues", status_code=201)
async def owe(
    activity_id: UUID, body: DueIn, session: Writing, principal: RequiredPrincipal
) -> DueOut:
    """Who brings what, until the end of which day."""
    return outs.due_out(await activities.owe(session, principal, activity_id, body))


@router.patch("/activities/{activity_id}/dues/{due_id}")
async def done(
    activity_id: UUID,
    due_id: UUID,
    body: DoneIn,
    session: Writing,
    principal: RequiredPrincipal,
    frame: TheFrame,
) -> DueOut:
    found = await activities.done(session, frame, principal, activity_id, due_id, body.done)
    return outs.due_out(found)


@router.delete("/activities/{activity_id}/dues/{due_id}", status_code=204)
async def drop(
    activity_id: UUID, due_id: UUID, session: Writing, principal: RequiredPrincipal
) -> None:
    await activities.drop(session, principal, activity_id, due_id)
