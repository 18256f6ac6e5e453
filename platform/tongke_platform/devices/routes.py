"""JSON API of classroom PCs and of classrooms' addresses."""

from uuid import UUID

from fastapi import APIRouter

from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.devices import service
from tongke_platform.devices.rights import APPROVE, SEE
from tongke_platform.devices.schemas import AddressOut, ApprovalIn, ApprovalOut, DeviceOut
from tongke_platform.errors import Forbidden
from tongke_platform.frame import Reading, TheFrame, Writing
from tongke_platform.organisations.models import Room

router = APIRouter(prefix="/api", tags=["devices"])


@router.post("/device-approvals", status_code=201)
async def approve(
    body: ApprovalIn, session: Writing, principal: RequiredPrincipal, frame: TheFrame
) -> ApprovalOut:
    """The PC that shows the code becomes the classroom's."""
    if not APPROVE.allows_anywhere(principal):
        raise Forbidden
    found, room = await service.approve(frame, session, principal, body.code, body.room_id)
    return ApprovalOut(room_id=room.id, room=room.name, agent=found.agent)


@router.get("/rooms/{room_id}/devices")
async def list_devices(
    room_id: UUID, session: Reading, principal: RequiredPrincipal
) -> list[DeviceOut]:
    """PCs that have opened the classroom's page, the one seen last first."""
    room = await service.room_for(session, principal, SEE, room_id)
    found = await service.devices_of(session, room)
    return [DeviceOut.model_validate(one) for one in found]


@router.get("/rooms/{room_id}/address")
async def address(room_id: UUID, session: Reading, principal: RequiredPrincipal) -> AddressOut:
    """What opens the classroom's page without a login."""
    return _address(await service.room_for(session, principal, APPROVE, room_id))


@router.post("/rooms/{room_id}/address/renew")
async def renew(
    room_id: UUID, session: Writing, principal: RequiredPrincipal, frame: TheFrame
) -> AddressOut:
    """A new address; the old one is dead at once."""
    return _address(await service.renew(frame, session, principal, room_id))


@router.post("/rooms/{room_id}/address/revoke")
async def revoke(
    room_id: UUID, session: Writing, principal: RequiredPrincipal, frame: TheFrame
) -> AddressOut:
    """The address is dead at once; the classroom has none until one is renewed."""
    return _address(await service.revoke(frame, session, principal, room_id))


def _address(room: Room) -> AddressOut:
    return AddressOut(address=None if room.revoked_at else f"/room/{room.token}")
