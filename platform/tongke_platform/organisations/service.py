"""Rules of regions, organisations and classrooms.

``by`` is who asks: their rights are checked and the change goes into the organisation's history.
Without it a program of ours asks, which has checked already or makes the demo.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.errors import N_, Conflict, Invalid, NotFound
from tongke_platform.organisations.models import (
    ChangeKind,
    Organisation,
    OrganisationKind,
    Region,
    Room,
)
from tongke_platform.organisations.repository import (
    ChangeRepository,
    OrganisationRepository,
    RegionRepository,
    RoomRepository,
)
from tongke_platform.organisations.rights import MANAGE, READ, check_region
from tongke_platform.organisations.schemas import OrganisationIn
from tongke_platform.people.repository import SignInNameRepository
from tongke_platform.rights import Principal

NO_REGION = N_("There is no such region.")
NO_ORGANISATION = N_("There is no such organisation.")
MOST_DEEP = 255


async def create_region(
    session: WriteSession,
    *,
    code: str,
    name: str,
    parent: Region | None = None,
    by: Principal | None = None,
) -> Region:
    """Raises Conflict ``region_exists``, Forbidden, Invalid ``too_deep``."""
    if by is not None:
        check_region(MANAGE, by, parent)
    regions = RegionRepository(session)
    if await regions.by_code(code) is not None:
        raise Conflict(N_("There is already a region with this code."), code="region_exists")
    path = (parent.path if parent else "/") + f"{code}/"
    _check_depth(path)
    return await regions.add(
        Region(code=code, name=name, path=path, parent_id=parent.id if parent else None)
    )


def _check_depth(path: str) -> None:
    if len(path) > MOST_DEEP:
        raise Invalid(N_("Regions lie too deep in each other."), code="too_deep")


async def region(session: ReadSession, key: UUID) -> Region:
    """Raises NotFound."""
    found = await RegionRepository(session).by_id(key)
    if found is None:
        raise unknown_region()
    return found


def unknown_region() -> NotFound:
    return NotFound(NO_REGION, code="no_region")


async def region_or_none(session: ReadSession, key: UUID | None) -> Region | None:
    """Raises NotFound for a key that names nothing."""
    return await region(session, key) if key is not None else None


async def rename_region(session: WriteSession, found: Region, name: str, *, by: Principal) -> None:
    """Raises Forbidden."""
    check_region(MANAGE, by, found)
    found.name = name


async def move_region(
    session: WriteSession, found: Region, parent: Region | None, *, by: Principal
) -> None:
    """With everything in it. Raises Forbidden, Invalid ``region_in_itself``, ``too_deep``."""
    check_region(MANAGE, by, found)
    check_region(MANAGE, by, parent)
    if parent is not None and parent.path.startswith(found.path):
        raise Invalid(N_("A region cannot lie in itself."), code="region_in_itself")
    old, new = found.path, (parent.path if parent else "/") + f"{found.code}/"
    regions = RegionRepository(session)
    inside = await regions.within(Region.path.startswith(old, autoescape=True))
    _check_depth(new + max((one.path[len(old) :] for one in inside), key=len, default=""))
    found.parent_id = parent.id if parent else None
    await session.flush()
    await regions.move(old, new)
    await session.refresh(found)


async def organisation(session: ReadSession, key: UUID) -> Organisation:
    """With region and centre. Raises NotFound."""
    found = await OrganisationRepository(session).full(key)
    if found is None:
        raise NotFound(NO_ORGANISATION, code="no_organisation")
    return found


async def organisation_seen(session: ReadSession, key: UUID, by: Principal) -> Organisation:
    """Raises NotFound, also for one that ``by`` may not see."""
    found = await organisation(session, key)
    if not READ.allows(by, found):
        raise NotFound(NO_ORGANISATION, code="no_organisation")
    return found


async def organisation_to_change(session: WriteSession, key: UUID, by: Principal) -> Organisation:
    """Locked. Raises NotFound, Forbidden, Conflict ``closed``."""
    await organisation_seen(session, key, by)
    found = await OrganisationRepository(session).to_change(key)
    if found is None:
        raise NotFound(NO_ORGANISATION, code="no_organisation")
    MANAGE.check(by, found)
    check_open(found)
    return found


def check_open(found: Organisation) -> None:
    """Raises Conflict ``closed``."""
    if found.closed_on is not None:
        raise Conflict(N_("%(name)s is closed."), code="closed", name=found.name)


async def create_organisation(
    session: WriteSession,
    *,
    code: str,
    name: str,
    kind: OrganisationKind = OrganisationKind.SCHOOL,
    region: Region | None = None,
    parent: Organisation | None = None,
    first_grade: int = 1,
    last_grade: int = 6,
    opened_on: date | None = None,
    by: Principal | None = None,
) -> Organisation:
    """Raises Conflict ``organisation_exists``, Forbidden, Invalid ``wrong_grades``,
    ``wrong_parent``.
    """
    if by is not None:
        check_region(MANAGE, by, region)
    check_grades(first_grade, last_grade)
    await _check_code(session, code)
    made = Organisation(
        code=code,
        name=name,
        kind=kind,
        region_id=region.id if region else None,
        region_path=region.path if region else "/",
        parent_id=parent.id if parent else None,
        first_grade=first_grade,
        last_grade=last_grade,
        opened_on=opened_on,
    )
    check_parent(made, parent, by)
    await OrganisationRepository(session).add(made)
    if by is not None:
        await ChangeRepository(session).write(
            made, ChangeKind.CREATED, opened_on or by.today, after={"name": name}, by_id=by.id
        )
    return made


async def create_wanted(
    session: WriteSession, wanted: OrganisationIn, *, by: Principal
) -> Organisation:
    """Raises what ``create_organisation`` does, and NotFound for ids that name nothing."""
    parent = None
    if wanted.parent_id is not None:
        parent = await organisation_seen(session, wanted.parent_id, by)
    return await create_organisation(
        session,
        code=wanted.code,
        name=wanted.name,
        kind=wanted.kind,
        region=await region_or_none(session, wanted.region_id),
        parent=parent,
        first_grade=wanted.first_grade,
        last_grade=wanted.last_grade,
        opened_on=wanted.opened_on,
        by=by,
    )


async def _check_code(session: ReadSession, code: str) -> None:
    if await OrganisationRepository(session).by_code(code) is not None:
        raise Conflict(
            N_("There is already an organisation with this code."), code="organisation_exists"
        )


def check_grades(first: int, last: int) -> None:
    if not 1 <= first <= last <= 12:
        raise Invalid(N_("The last grade lies before the first."), code="wrong_grades")


def check_parent(
    found: Organisation, parent: Organisation | None, by: Principal | None = None
) -> None:
    """Only a teaching point has a centre: what manages it manages nothing through a third."""
    if parent is None:
        return
    point = found.kind is OrganisationKind.TEACHING_POINT
    if not point or parent.id == found.id or parent.kind is OrganisationKind.TEACHING_POINT:
        raise Invalid(
            N_("Only a teaching point is managed by another school."), code="wrong_parent"
        )
    check_open(parent)
    if by is not None:
        MANAGE.check(by, parent)


async def change_organisation(
    session: WriteSession, found: Organisation, wanted: dict[str, Any], *, by: Principal
) -> None:
    """``found`` as ``organisation_to_change`` gives it; ``wanted`` holds columns by their names.

    Raises Conflict ``organisation_exists``, Forbidden, NotFound, Invalid ``wrong_grades``,
    ``wrong_parent``.
    """
    before = _told(found)
    if wanted.get("code", found.code) != found.code:
        await _check_code(session, wanted["code"])
        await SignInNameRepository(session).recode(found.code, wanted["code"])
    if "region_id" in wanted and wanted["region_id"] != found.region_id:
        target = await region_or_none(session, wanted["region_id"])
        check_region(MANAGE, by, target)
        found.region_path = target.path if target else "/"
    for key, value in wanted.items():
        setattr(found, key, value)
    if found.kind is not OrganisationKind.TEACHING_POINT:
        found.parent_id = None
    parent = await organisation(session, found.parent_id) if found.parent_id else None
    check_parent(found, parent, by if "parent_id" in wanted else None)
    check_grades(found.first_grade, found.last_grade)
    await session.flush()
    await _write_change(session, found, before, by)


def _told(found: Organisation) -> dict[str, Any]:
    """What its history tells of it, as JSON."""
    names = ("code", "name", "kind", "region_path", "parent_id", "first_grade", "last_grade")
    plain = {key: getattr(found, key) for key in names}
    return {key: str(one) if isinstance(one, UUID) else one for key, one in plain.items()}


async def _write_change(
    session: WriteSession, found: Organisation, before: dict[str, Any], by: Principal
) -> None:
    after = _told(found)
    changed = {key for key in after if after[key] != before[key]}
    if not changed:
        return
    moved = changed & {"region_path", "parent_id"}
    await ChangeRepository(session).write(
        found,
        ChangeKind.MOVED if moved else ChangeKind.RENAMED,
        by.today,
        before={key: before[key] for key in changed},
        after={key: after[key] for key in changed},
        by_id=by.id,
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
