"""Pages of academic years: the list, a new one, one put right; and the way to moving classes up."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import ValidationError
from starlette.responses import Response

from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.classes import rights, service, years
from tongke_platform.classes.repository import ClassRepository
from tongke_platform.classes.schemas import YearChange, YearIn
from tongke_platform.database import ReadSession
from tongke_platform.errors import N_, Forbidden, TongkeError
from tongke_platform.frame import Reading, TheFrame, Writing
from tongke_platform.organisations import lists
from tongke_platform.organisations import rights as places
from tongke_platform.organisations import service as organisations
from tongke_platform.pages.desk import desk, done, filled, mistake, trouble_of, typed
from tongke_platform.pages.rendering import Pages, ThePages
from tongke_platform.pages.sections import Section, add_section
from tongke_platform.rights import Principal
from tongke_platform.undo import service as undos

router = APIRouter(include_in_schema=False)
LIST = "/admin/years"
SCHOOLS_SHOWN = 50
SECTION = add_section(
    Section(
        "years",
        N_("Academic years"),
        LIST,
        "calendar",
        rights.READ,
        N_("first and last days, and moving classes up a grade"),
    )
)
LABELS = {
    "name": N_("Name"),
    "starts_on": N_("First day"),
    "ends_on": N_("Last day"),
    "region_id": N_("Region"),
}


@router.get(LIST)
async def show(
    request: Request,
    pages: ThePages,
    session: Reading,
    principal: RequiredPrincipal,
    q: Annotated[str, Query(max_length=80)] = "",
) -> Response:
    return await _list(request, pages, session, principal, {}, q=q.strip().replace("\0", ""))


async def _list(
    request: Request,
    pages: Pages,
    session: ReadSession,
    principal: Principal,
    values: dict[str, str],
    *,
    q: str = "",
    trouble: str = "",
    status: int = 200,
) -> Response:
    if not rights.READ.allows_anywhere(principal):
        raise Forbidden
    name, first, last = service.usual_year(principal.today)
    usual = {"name": name, "starts_on": first, "ends_on": last, "region_id": ""}
    everywhere = places.YEARS.allows_everywhere(principal)
    regions = await lists.regions(session, principal, places.YEARS)
    return desk(
        request, pages, principal, "admin/classes/years.html", section=SECTION.key, status=status,
        found=await years.shown(session, principal), values=usual | values, trouble=trouble,
        regions=regions, everywhere=everywhere, may_add=everywhere or bool(regions), q=q,
        schools=await ClassRepository(session).schools(
            rights.MANAGE.clause(principal), principal.today, q, SCHOOLS_SHOWN
        ),
        many=SCHOOLS_SHOWN, today=principal.today,
    )  # fmt: skip


@router.post(LIST)
async def create(
    request: Request, pages: ThePages, frame: TheFrame, principal: RequiredPrincipal
) -> Response:
    values = await typed(request)
    try:
        wanted = YearIn.model_validate(filled(values, *LABELS))
        async with frame.database.write() as session:
            region = await organisations.region_or_none(session, wanted.region_id)
            made = await service.create_year(
                session, name=wanted.name, starts_on=wanted.starts_on, ends_on=wanted.ends_on,
                region=region, by=principal,
            )  # fmt: skip
            kept = {"year": str(made.id)}
            undo = await undos.keep(session, principal, "years.create", kept, frame.now())
    except (ValidationError, TongkeError) as error:
        trouble, status = _trouble(request, pages, error)
        async with frame.database.read() as reading:
            return await _list(
                request, pages, reading, principal, values, trouble=trouble, status=status
            )
    return done(LIST, N_("%(name)s is added."), undo=undo.id, name=made.name)


def _trouble(
    request: Request, pages: Pages, error: ValidationError | TongkeError
) -> tuple[str, int]:
    if isinstance(error, ValidationError):
        return mistake(request, pages, error, LABELS), 422
    return trouble_of(request, pages, error), error.status


@router.get("/admin/years/{year_id}")
async def one(
    request: Request,
    pages: ThePages,
    session: Reading,
    principal: RequiredPrincipal,
    year_id: UUID,
) -> Response:
    found = await years.to_correct(session, year_id, principal)
    return desk(
        request, pages, principal, "admin/classes/year.html", section=SECTION.key, found=found,
        values={}, trouble="",
    )  # fmt: skip


@router.post("/admin/years/{year_id}")
async def correct(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    session: Writing,
    principal: RequiredPrincipal,
    year_id: UUID,
) -> Response:
    """What is wrong is said on the form, which keeps what was typed."""
    found = await years.to_correct(session, year_id, principal)
    values = await typed(request)
    try:
        wanted = YearChange.model_validate(filled(values, "name", "starts_on", "ends_on"))
        kept = await years.correct(
            session, year_id, name=wanted.name, starts_on=wanted.starts_on,
            ends_on=wanted.ends_on, by=principal,
        )  # fmt: skip
    except (ValidationError, TongkeError) as error:
        trouble, status = _trouble(request, pages, error)
        return desk(
            request, pages, principal, "admin/classes/year.html", section=SECTION.key,
            status=status, found=found, values=values, trouble=trouble,
        )  # fmt: skip
    undo = await undos.keep(session, principal, "years.correct", kept, frame.now())
    return done(LIST, N_("Saved."), undo=undo.id)
