"""The page of the tree of regions."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from pydantic import ValidationError
from starlette.responses import Response

from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.errors import N_, Forbidden, Invalid, TongkeError
from tongke_platform.frame import Reading, TheFrame, Writing
from tongke_platform.organisations import lists, rights, service
from tongke_platform.organisations.repository import RegionRepository
from tongke_platform.organisations.schemas import RegionChange, RegionIn
from tongke_platform.pages.desk import (
    desk,
    done,
    filled,
    mistake,
    parse_uuid,
    trouble_of,
    typed,
)
from tongke_platform.pages.rendering import ThePages
from tongke_platform.pages.sections import Section, add_section

router = APIRouter(include_in_schema=False)
SECTION = add_section(
    Section(
        "regions",
        N_("Regions"),
        "/admin/regions",
        "map",
        rights.MANAGE,
        N_("provinces, cities and counties that schools lie in"),
    )
)
LABELS = {"code": N_("Code"), "name": N_("Name"), "parent_id": N_("Lies in")}


@router.get("/admin/regions")
async def show(
    request: Request, pages: ThePages, session: Reading, principal: RequiredPrincipal
) -> Response:
    return await _page(request, pages, session, principal, {})


async def _page(
    request: Request,
    pages: ThePages,
    session: Reading,
    principal: RequiredPrincipal,
    values: dict[str, str],
    trouble: str = "",
    status: int = 200,
) -> Response:
    if not rights.MANAGE.allows_anywhere(principal):
        raise Forbidden
    clause = rights.regions(rights.MANAGE, principal)
    regions = RegionRepository(session)
    return desk(
        request, pages, principal, "admin/organisations/regions.html", section="regions",
        status=status, found=await regions.within(clause), counts=await regions.counts(clause),
        values=dict.fromkeys(LABELS, "") | values, trouble=trouble,
        everywhere=rights.MANAGE.allows_everywhere(principal),
    )  # fmt: skip


@router.post("/admin/regions")
async def create(
    request: Request, pages: ThePages, frame: TheFrame, principal: RequiredPrincipal
) -> Response:
    values = await typed(request)
    try:
        wanted = RegionIn.model_validate(filled(values, *LABELS))
        async with frame.database.write() as session:
            parent = await service.region_or_none(session, wanted.parent_id)
            await service.create_region(
                session, code=wanted.code, name=wanted.name, parent=parent, by=principal
            )
    except (ValidationError, TongkeError) as error:
        wrong = isinstance(error, ValidationError)
        trouble = (
            mistake(request, pages, error, LABELS)
            if isinstance(error, ValidationError)
            else trouble_of(request, pages, error)
        )
        status = 422 if wrong else getattr(error, "status", 422)
        async with frame.database.read() as reading:
            return await _page(request, pages, reading, principal, values, trouble, status)
    return done("/admin/regions", N_("%(name)s is added."), name=wanted.name)


@router.get("/admin/regions/{region_id}")
async def one(
    request: Request,
    pages: ThePages,
    session: Reading,
    principal: RequiredPrincipal,
    region_id: UUID,
) -> Response:
    found = await service.region(session, region_id)
    rights.check_region(rights.MANAGE, principal, found)
    others = await lists.regions(session, principal, rights.MANAGE)
    return desk(
        request, pages, principal, "admin/organisations/region.html", section="regions",
        found=found, everywhere=rights.MANAGE.allows_everywhere(principal),
        choices=[one for one in others if not one.path.startswith(found.path)],
    )  # fmt: skip


@router.post("/admin/regions/{region_id}")
async def change(
    session: Writing,
    principal: RequiredPrincipal,
    region_id: UUID,
    name: Annotated[str, Form(max_length=80)] = "",
    parent_id: Annotated[str | None, Form(max_length=40)] = None,
) -> Response:
    """Without the field it stays where it is; an empty one makes it a root."""
    found = await service.region(session, region_id)
    wanted = _named(name, found.name)
    await service.rename_region(session, found, wanted, by=principal)
    key = found.parent_id if parent_id is None else parse_uuid(parent_id)
    if key != found.parent_id:
        parent = await service.region_or_none(session, key)
        await service.move_region(session, found, parent, by=principal)
    return done("/admin/regions", N_("Saved."))


def _named(name: str, before: str) -> str:
    try:
        return RegionChange(name=name.strip() or before).name or before
    except ValidationError as error:
        raise Invalid(N_("Please write a name of at most 80 letters.")) from error
