"""The JSON API of regions and organisations."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.errors import Forbidden
from tongke_platform.frame import Reading, TheFrame, Writing
from tongke_platform.organisations import closing, lists, rights, service
from tongke_platform.organisations.models import Organisation, OrganisationKind, Region
from tongke_platform.organisations.repository import OrganisationFilter, OrganisationRow
from tongke_platform.organisations.schemas import (
    ChangeOut,
    CloseIn,
    MergeIn,
    OrganisationChangeIn,
    OrganisationDetail,
    OrganisationIn,
    OrganisationItem,
    OrganisationList,
    RegionChange,
    RegionIn,
    RegionOut,
    State,
    UndoOut,
)
from tongke_platform.paging import LIMIT, MOST, Window
from tongke_platform.undo import service as undos

router = APIRouter(prefix="/api", tags=["organisations"])
Words = Annotated[str, Query(max_length=80, pattern=r"^[^\x00]*$")]
After = Annotated[str, Query(max_length=1000)]
Limit = Annotated[int, Query(ge=1, le=MOST)]


@router.get("/regions")
async def list_regions(session: Reading, principal: RequiredPrincipal) -> list[RegionOut]:
    """Those whose organisations the asker may see, each before what lies in it."""
    found = await lists.regions(session, principal, rights.READ)
    return [RegionOut.model_validate(one) for one in found]


@router.post("/regions", status_code=201)
async def create_region(
    wanted: RegionIn, session: Writing, principal: RequiredPrincipal
) -> RegionOut:
    if not rights.MANAGE.allows_anywhere(principal):
        raise Forbidden
    parent = await service.region_or_none(session, wanted.parent_id)
    made = await service.create_region(
        session, code=wanted.code, name=wanted.name, parent=parent, by=principal
    )
    return RegionOut.model_validate(made)


@router.get("/regions/{region_id}")
async def get_region(region_id: UUID, session: Reading, principal: RequiredPrincipal) -> RegionOut:
    return RegionOut.model_validate(await _region(session, region_id, principal))


async def _region(session: Reading, key: UUID, principal: RequiredPrincipal) -> Region:
    """Raises NotFound, also for one the asker has nothing to do with."""
    found = await service.region(session, key)
    if not rights.over_region(rights.READ, principal, found):
        raise service.unknown_region()
    return found


@router.patch("/regions/{region_id}")
async def change_region(
    region_id: UUID, wanted: RegionChange, session: Writing, principal: RequiredPrincipal
) -> RegionOut:
    found = await _region(session, region_id, principal)
    rights.check_region(rights.MANAGE, principal, found)
    if wanted.name:
        await service.rename_region(session, found, wanted.name, by=principal)
    if "parent_id" in wanted.model_fields_set and wanted.parent_id != found.parent_id:
        parent = await service.region_or_none(session, wanted.parent_id)
        await service.move_region(session, found, parent, by=principal)
    return RegionOut.model_validate(found)


@router.get("/organisations")
async def list_organisations(
    session: Reading,
    principal: RequiredPrincipal,
    q: Words = "",
    kind: OrganisationKind | None = None,
    region: Words = "",
    parent_id: UUID | None = None,
    state: State = "open",
    after: After = "",
    limit: Limit = LIMIT,
) -> OrganisationList:
    """Those the asker may see, in the order of names; ``region`` is a region's ``path``."""
    wanted = OrganisationFilter(q.strip(), kind, region, parent_id, state)
    found = await lists.organisations(session, principal, wanted, Window.of(after, limit))
    return OrganisationList(
        items=[_item(row) for row in found.items], next=found.next, total=found.total
    )


def _item(row: OrganisationRow) -> OrganisationItem:
    plain = OrganisationDetail.model_validate(row.organisation).model_dump()
    return OrganisationItem(**plain, people=row.people, rooms=row.rooms, classes=row.classes)


@router.post("/organisations", status_code=201)
async def create_organisation(
    wanted: OrganisationIn, session: Writing, principal: RequiredPrincipal
) -> OrganisationDetail:
    if not rights.MANAGE.allows_anywhere(principal):
        raise Forbidden
    made = await service.create_wanted(session, wanted, by=principal)
    return OrganisationDetail.model_validate(made)


@router.get("/organisations/{organisation_id}")
async def get_organisation(
    organisation_id: UUID, session: Reading, principal: RequiredPrincipal
) -> OrganisationDetail:
    found = await service.organisation_seen(session, organisation_id, principal)
    return OrganisationDetail.model_validate(found)


@router.patch("/organisations/{organisation_id}")
async def change_organisation(
    organisation_id: UUID,
    wanted: OrganisationChangeIn,
    session: Writing,
    principal: RequiredPrincipal,
) -> OrganisationDetail:
    """Only what is sent changes; null where that means something."""
    found = await service.organisation_to_change(session, organisation_id, principal)
    nullable = {"region_id", "parent_id", "opened_on"}
    sent = wanted.model_dump(exclude_unset=True)
    sent = {key: value for key, value in sent.items() if value is not None or key in nullable}
    await service.change_organisation(session, found, sent, by=principal)
    return OrganisationDetail.model_validate(found)


@router.get("/organisations/{organisation_id}/changes")
async def history(
    organisation_id: UUID, session: Reading, principal: RequiredPrincipal
) -> list[ChangeOut]:
    """The newest first."""
    found = await service.organisation_seen(session, organisation_id, principal)
    detail = await lists.detail(session, principal, found)
    return [ChangeOut.model_validate(change) for change, _ in detail.changes]


@router.post("/organisations/{organisation_id}/close")
async def close(
    organisation_id: UUID,
    wanted: CloseIn,
    session: Writing,
    frame: TheFrame,
    principal: RequiredPrincipal,
) -> UndoOut:
    gone = await service.organisation_to_change(session, organisation_id, principal)
    day = wanted.day or principal.today
    kept = await closing.close(session, gone, day=day, by=principal, reason=wanted.reason)
    undo = await undos.keep(session, principal, "organisations.close", kept, frame.now())
    return UndoOut(undo=undo.id)


@router.post("/organisations/{organisation_id}/merge")
async def merge(
    organisation_id: UUID,
    wanted: MergeIn,
    session: Writing,
    frame: TheFrame,
    principal: RequiredPrincipal,
) -> UndoOut:
    gone = await service.organisation_to_change(session, organisation_id, principal)
    into: Organisation = await service.organisation_seen(session, wanted.into_id, principal)
    day = wanted.day or principal.today
    kept = await closing.merge(session, gone, into, day=day, by=principal, reason=wanted.reason)
    undo = await undos.keep(session, principal, "organisations.merge", kept, frame.now())
    return UndoOut(undo=undo.id)
