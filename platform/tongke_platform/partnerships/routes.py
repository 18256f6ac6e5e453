"""JSON API of partnerships."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.errors import Forbidden
from tongke_platform.frame import Reading, TheFrame, Writing
from tongke_platform.organisations.models import Organisation
from tongke_platform.partnerships import rights, service
from tongke_platform.partnerships.models import Act, Partnership, PartnershipState
from tongke_platform.partnerships.schemas import (
    ActIn,
    AnswerIn,
    PartnerOut,
    PartnershipFull,
    PartnershipIn,
    PartnershipOut,
    PartnershipPage,
    RightOut,
)

router = APIRouter(prefix="/api/partnerships", tags=["partnerships"])


def _full(found: Partnership) -> PartnershipFull:
    return PartnershipFull.model_validate(found)


@router.get("")
async def list_partnerships(
    session: Reading,
    principal: RequiredPrincipal,
    state: PartnershipState | None = None,
    before: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> PartnershipPage:
    """Those the principal may see, the newest first."""
    if not rights.SEE.allows_anywhere(principal):
        raise Forbidden
    found, following = await service.page(
        session, principal, state=state, before=before, limit=limit
    )
    return PartnershipPage(
        items=[PartnershipOut.model_validate(one) for one in found], next=following
    )


@router.post("", status_code=201)
async def propose(
    body: PartnershipIn, session: Writing, principal: RequiredPrincipal, frame: TheFrame
) -> PartnershipFull:
    if not rights.PROPOSE.allows_anywhere(principal):
        raise Forbidden
    return _full(await service.propose(frame, session, principal, body))


@router.get("/schools")
async def find_schools(
    session: Reading,
    principal: RequiredPrincipal,
    q: Annotated[str, Query(max_length=80)] = "",
) -> list[PartnerOut]:
    """Schools by code or a piece of their name, for those who may propose a partnership."""
    return [_partner(one) for one in await service.schools_called(session, principal, q)]


def _partner(school: Organisation) -> PartnerOut:
    return PartnerOut(
        id=school.id,
        code=school.code,
        name=school.name,
        kind=school.kind,
        region=school.region.name if school.region else "",
    )


@router.get("/rights")
async def entrustable_rights(principal: RequiredPrincipal) -> list[RightOut]:
    """The rights that entrusted management can lend."""
    if not rights.PROPOSE.allows_anywhere(principal):
        raise Forbidden
    return [RightOut(name=one.name, says=one.says) for one in rights.entrustable().values()]


@router.get("/{partnership_id}")
async def get(
    partnership_id: UUID, session: Reading, principal: RequiredPrincipal
) -> PartnershipFull:
    return _full(await service.get(session, principal, partnership_id))


@router.post("/{partnership_id}/accept")
async def accept(
    partnership_id: UUID,
    session: Writing,
    principal: RequiredPrincipal,
    frame: TheFrame,
    body: AnswerIn | None = None,
) -> PartnershipFull:
    return await _answer(frame, session, principal, partnership_id, Act.ACCEPT, body)


@router.post("/{partnership_id}/decline")
async def decline(
    partnership_id: UUID,
    session: Writing,
    principal: RequiredPrincipal,
    frame: TheFrame,
    body: AnswerIn | None = None,
) -> PartnershipFull:
    return await _answer(frame, session, principal, partnership_id, Act.DECLINE, body)


async def _answer(
    frame: TheFrame,
    session: Writing,
    principal: RequiredPrincipal,
    key: UUID,
    act: Act,
    body: AnswerIn | None,
) -> PartnershipFull:
    said = body or AnswerIn()
    return _full(
        await service.answer(
            frame, session, principal, key, act, side_id=said.organisation_id, reason=said.reason
        )
    )


@router.post("/{partnership_id}/withdraw")
async def withdraw(
    partnership_id: UUID,
    body: ActIn,
    session: Writing,
    principal: RequiredPrincipal,
    frame: TheFrame,
) -> PartnershipFull:
    return await _change(frame, session, principal, partnership_id, Act.WITHDRAW, body)


@router.post("/{partnership_id}/pause")
async def pause(
    partnership_id: UUID,
    body: ActIn,
    session: Writing,
    principal: RequiredPrincipal,
    frame: TheFrame,
) -> PartnershipFull:
    return await _change(frame, session, principal, partnership_id, Act.PAUSE, body)


@router.post("/{partnership_id}/resume")
async def resume(
    partnership_id: UUID,
    body: ActIn,
    session: Writing,
    principal: RequiredPrincipal,
    frame: TheFrame,
) -> PartnershipFull:
    return await _change(frame, session, principal, partnership_id, Act.RESUME, body)


@router.post("/{partnership_id}/end")
async def end(
    partnership_id: UUID,
    body: ActIn,
    session: Writing,
    principal: RequiredPrincipal,
    frame: TheFrame,
) -> PartnershipFull:
    return await _change(frame, session, principal, partnership_id, Act.END, body)


async def _change(
    frame: TheFrame,
    session: Writing,
    principal: RequiredPrincipal,
    key: UUID,
    act: Act,
    body: ActIn,
) -> PartnershipFull:
    return _full(
        await service.change(
            frame,
            session,
            principal,
            key,
            act,
            reason=body.reason,
            side_id=body.organisation_id,
        )
    )
