"""Rules of regions, organisations and classrooms."""

from collections.abc import Sequence
from uuid import UUID

from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.errors import N_, Conflict, Invalid, NotFound
from tongke_platform.organisations.models import Organisation, OrganisationKind, Region, Room
from tongke_platform.organisations.repository import (
    OrganisationRepository,
    RegionRepository,
    RoomRepository,
)


async def create_region(
    session: WriteSession, *, code: str, name: str, parent: Region | None = None
) -> Region:
    """Raises Conflict ``region_exists``."""
    regions = RegionRepository(session)
    if await regions.by_code(code) is not None:
        raise Conflict(N_("There is already a region with this code."), code="region_exists")
    path = (parent.path if parent else "/") + f"{code}/"
    return await regions.add(
        Region(code=code, name=name, path=path, parent_id=parent.id if parent else None)
    )


async def create_organisation(
    session: WriteSession,
    *,
    code: str,
    name: str,
    kind: OrganisationKind = OrganisationKind.SCHOOL,
    region: Region | None = None,
    parent: Organisation | None = None,
) -> Organisation:
    """Raises Conflict ``organisation_exists``."""
    organisations = OrganisationRepository(session)
    if await organisations.by_code(code) is not None:
        raise Conflict(
            N_("There is already an organisation with this code."), code="organisation_exists"
        )
    return await organisations.add(
        Organisation(
            code=code,
            name=name,
            kind=kind,
            region_id=region.id if region else None,
            region_path=region.path if region else "/",
            parent_id=parent.id if parent else None,
        )
    )


async def create_room(
    session: WriteSession, *, name: str, school: Organisation, class_size: int
) -> Room:
    return await RoomRepository(session).add(
        Room(name=name, school_id=school.id, school=school, class_size=class_size)
    )


async def rooms_named(session: ReadSession, keys: Sequence[UUID]) -> Sequence[Room]:
    """Raises Invalid ``no_room`` when one of them does not exist."""
    rooms = await RoomRepository(session).by_ids(keys)
    if len(rooms) != len(set(keys)):
        raise Invalid(N_("One of the classrooms does not exist."), code="no_room")
    return rooms


async def room_of_token(session: ReadSession, token: str) -> Room:
    """Raises NotFound ``no_room`` for an unknown or revoked token."""
    room = await RoomRepository(session).by_token(token)
    if room is None:
        raise NotFound(N_("This classroom address is not valid any more."), code="no_room")
    return room
