"""The JSON API of classrooms; their addresses are given out with the devices."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query

from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.frame import Reading, Writing
from tongke_platform.organisations import service as organisations
from tongke_platform.paging import LIMIT, MOST, Window
from tongke_platform.rooms import rights, service
from tongke_platform.rooms.schemas import RoomChange, RoomIn, RoomList, RoomOut

router = APIRouter(prefix="/api", tags=["rooms"])
Words = Annotated[str, Query(max_length=80, pattern=r"^[^\x00]*$")]


@router.get("/rooms")
async def list_rooms(
    session: Reading,
    principal: RequiredPrincipal,
    q: Words = "",
    school_id: UUID | None = None,
    class_id: UUID | None = None,
    state: Literal["open", "revoked", "all"] = "open",
    after: Annotated[str, Query(max_length=1000)] = "",
    limit: Annotated[int, Query(ge=1, le=MOST)] = LIMIT,
) -> RoomList:
    """Those the asker may see, in the order of names."""
    found = await service.page(
        session, principal, Window.of(after, limit),
        q=q.strip(), school_id=school_id, class_id=class_id, state=state,
    )  # fmt: skip
    items = [RoomOut.model_validate(room) for room, _ in found.items]
    return RoomList(items=items, next=found.next, total=found.total)


@router.get("/organisations/{organisation_id}/rooms")
async def rooms_of(
    organisation_id: UUID,
    session: Reading,
    principal: RequiredPrincipal,
    after: Annotated[str, Query(max_length=1000)] = "",
    limit: Annotated[int, Query(ge=1, le=MOST)] = LIMIT,
) -> RoomList:
    school = await organisations.organisation_seen(session, organisation_id, principal)
    rights.READ.check(principal, school)
    found = await service.page(
        session, principal, Window.of(after, limit), school_id=school.id, state="all"
    )
    items = [RoomOut.model_validate(room) for room, _ in found.items]
    return RoomList(items=items, next=found.next, total=found.total)


@router.post("/organisations/{organisation_id}/rooms", status_code=201)
async def create_room(
    organisation_id: UUID, wanted: RoomIn, session: Writing, principal: RequiredPrincipal
) -> RoomOut:
    school = await organisations.organisation_seen(session, organisation_id, principal)
    made = await service.add(
        session, school, name=wanted.name, class_size=wanted.class_size,
        class_id=wanted.class_id, by=principal,
    )  # fmt: skip
    return RoomOut.model_validate(made)


@router.get("/rooms/{room_id}")
async def get_room(room_id: UUID, session: Reading, principal: RequiredPrincipal) -> RoomOut:
    return RoomOut.model_validate(await service.seen(session, room_id, principal))


@router.patch("/rooms/{room_id}")
async def change_room(
    room_id: UUID, wanted: RoomChange, session: Writing, principal: RequiredPrincipal
) -> RoomOut:
    room = await service.to_change(session, room_id, principal)
    keeps = "class_id" not in wanted.model_fields_set
    await service.change(
        session,
        room,
        name=wanted.name or room.name,
        class_size=room.class_size if wanted.class_size is None else wanted.class_size,
        class_id=room.class_id if keeps else wanted.class_id,
    )
    return RoomOut.model_validate(room)
