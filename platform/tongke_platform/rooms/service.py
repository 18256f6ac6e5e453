"""Rules of classrooms as their administrators see them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from tongke_platform.classes.repository import ClassRepository
from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.devices import service as devices
from tongke_platform.devices.repository import never_opened
from tongke_platform.errors import N_, Conflict, Invalid, NotFound
from tongke_platform.frame import Frame
from tongke_platform.organisations.models import Organisation, Room
from tongke_platform.organisations.repository import RoomRepository
from tongke_platform.organisations.service import check_open, create_room
from tongke_platform.paging import Listing, Window
from tongke_platform.rights import Principal
from tongke_platform.rooms.rights import MANAGE, READ
from tongke_platform.undo.service import takes_back

NO_ROOM = N_("There is no such classroom.")


async def page(
    session: ReadSession,
    by: Principal,
    window: Window,
    *,
    q: str = "",
    school_id: UUID | None = None,
    class_id: UUID | None = None,
    state: str = "",
) -> Listing[tuple[Room, str | None]]:
    """Rooms ``by`` may see, with the name of the class that sits in each.

    ``state`` is open, revoked, no-pc (open, and never opened by a PC) or all.
    """
    readable = READ.clause(by)
    if state == "no-pc":
        readable &= never_opened()
    return await RoomRepository(session).page(
        readable, window, q=q, school_id=school_id, class_id=class_id, state=state
    )


async def seen(session: ReadSession, key: UUID, by: Principal) -> Room:
    """Raises NotFound, also for one ``by`` may not see."""
    found = await RoomRepository(session).by_id(key)
    if found is None or not READ.allows(by, found.school):
        raise NotFound(NO_ROOM)
    return found


async def to_change(session: WriteSession, key: UUID, by: Principal) -> Room:
    """Raises NotFound, Forbidden."""
    found = await seen(session, key, by)
    MANAGE.check(by, found.school)
    return found


async def add(
    session: WriteSession,
    school: Organisation,
    *,
    name: str,
    class_size: int,
    class_id: UUID | None = None,
    by: Principal,
) -> Room:
    """Raises Forbidden, Conflict ``closed``, Invalid ``wrong_class``."""
    MANAGE.check(by, school)
    check_open(school)
    await _check_class(session, school.id, class_id)
    room = await create_room(session, name=name, school=school, class_size=class_size)
    room.class_id = class_id
    await session.flush()
    return room


async def change(
    session: WriteSession, room: Room, *, name: str, class_size: int, class_id: UUID | None
) -> None:
    """``room`` as ``to_change`` gives it. Raises Invalid ``wrong_class``."""
    if class_id != room.class_id:
        await _check_class(session, room.school_id, class_id)
    room.name, room.class_size, room.class_id = name, class_size, class_id
    await session.flush()


async def _check_class(session: ReadSession, school_id: UUID, class_id: UUID | None) -> None:
    if class_id is None:
        return
    found = await ClassRepository(session).by_id(class_id)
    if found is None or found.organisation_id != school_id:
        raise Invalid(N_("This class is not of the same school."), code="wrong_class")


async def revoke(
    frame: Frame, session: WriteSession, keys: Sequence[UUID], by: Principal
) -> dict[str, Any]:
    """Their addresses open nothing any more. What ``rooms.revoke`` needs to take it back.

    Raises NotFound, Forbidden; then none is revoked.
    """
    kept: dict[str, str] = {}
    for key in keys:
        room = await to_change(session, key, by)
        if room.revoked_at is None:
            kept[room.id.hex] = room.token
            await devices.revoke(frame, session, by, room.id)
    return {"rooms": kept}


@takes_back("rooms.revoke")
async def _take_back(session: WriteSession, by: Principal, data: dict[str, Any]) -> None:
    """The address printed on the wall works again."""
    for key, token in data["rooms"].items():
        room = await to_change(session, UUID(key), by)
        if room.revoked_at is None:
            raise Conflict(
                N_("The classroom %(name)s has a new address by now."),
                code="renewed", name=room.name,
            )  # fmt: skip
        room.token, room.revoked_at = token, None
        session.tell(devices.ADDRESS_CHANGED, room=str(room.id))
    await session.flush()
