"""Pages of organisations: the list, one of them, new, changed, closed, merged."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from pydantic import ValidationError
from starlette.responses import Response

from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.database import ReadSession
from tongke_platform.errors import N_, Forbidden, TongkeError
from tongke_platform.fields import parse_day
from tongke_platform.frame import Reading, TheFrame, Writing
from tongke_platform.imports.rights import EXPORT
from tongke_platform.organisations import closing, lists, rights, service
from tongke_platform.organisations.kinds import KIND_NAMES
from tongke_platform.organisations.models import ChangeKind, Organisation, OrganisationKind
from tongke_platform.organisations.repository import OrganisationFilter
from tongke_platform.organisations.schemas import OrganisationChangeIn, OrganisationIn
from tongke_platform.pages.desk import (
    desk,
    done,
    filled,
    mistake,
    query,
    trouble_of,
    typed,
)
from tongke_platform.pages.rendering import Pages, ThePages
from tongke_platform.pages.sections import Section, add_section
from tongke_platform.paging import Window
from tongke_platform.rights import Principal
from tongke_platform.undo import service as undos

router = APIRouter(include_in_schema=False)
SECTION = add_section(
    Section(
        "organisations",
        N_("Organisations"),
        "/admin/organisations",
        "school",
        rights.READ,
        N_("schools, teaching points and bureaus"),
    )
)
LABELS = {
    "code": N_("Organisation code"),
    "name": N_("Name"),
    "kind": N_("Kind"),
    "region_id": N_("Region"),
    "parent_id": N_("Managed by"),
    "first_grade": N_("First grade"),
    "last_grade": N_("Last grade"),
    "opened_on": N_("Opened on"),
}
FIELDS = tuple(LABELS)
CHANGES = {
    ChangeKind.CREATED: N_("Added"),
    ChangeKind.RENAMED: N_("Changed"),
    ChangeKind.MOVED: N_("Moved"),
    ChangeKind.MERGED: N_("Merged"),
    ChangeKind.CLOSED: N_("Closed"),
    ChangeKind.REOPENED: N_("Reopened"),
}
Asked = Annotated[str, Query(max_length=200)]


@router.get("/admin/organisations")
async def show(
    request: Request,
    pages: ThePages,
    session: Reading,
    principal: RequiredPrincipal,
    q: Asked = "",
    kind: Asked = "",
    region: Asked = "",
    state: Asked = "open",
    after: Annotated[str, Query(max_length=1000)] = "",
) -> Response:
    """A filter that says nothing sensible is as good as empty."""
    if not rights.READ.allows_anywhere(principal):
        raise Forbidden
    wanted = OrganisationFilter(
        q=q.strip().replace("\0", ""),
        kind=OrganisationKind(kind) if kind in {*OrganisationKind} else None,
        region=region.replace("\0", ""),
        state=state if state in ("open", "closed", "all") else "open",
    )
    found = await lists.organisations(session, principal, wanted, Window.of(after))
    manages = rights.MANAGE.allows_anywhere(principal)
    plain = wanted == OrganisationFilter() and not after
    steps = await lists.first_steps(session, principal) if plain and manages else None
    return desk(
        request, pages, principal, "admin/organisations/list.html", section="organisations",
        found=found, wanted=wanted, kinds=KIND_NAMES, manages=manages, steps=steps,
        regions=await lists.regions(session, principal, rights.READ),
        here=query(q=q, kind=kind, region=region, state=state), after=after,
        plain=plain,
    )  # fmt: skip


async def _form(
    request: Request,
    pages: Pages,
    session: ReadSession,
    principal: Principal,
    values: dict[str, object],
    *,
    found: Organisation | None = None,
    trouble: str = "",
    status: int = 200,
) -> Response:
    return desk(
        request, pages, principal, "admin/organisations/form.html", section="organisations",
        status=status, values=dict.fromkeys(FIELDS, "") | values, found=found, trouble=trouble,
        kinds=KIND_NAMES, everywhere=rights.MANAGE.allows_everywhere(principal),
        regions=await lists.regions(session, principal, rights.MANAGE),
        centres=await lists.centres(session, principal),
    )  # fmt: skip


@router.get("/admin/organisations/new")
async def new(
    request: Request, pages: ThePages, session: Reading, principal: RequiredPrincipal
) -> Response:
    if not rights.MANAGE.allows_anywhere(principal):
        raise Forbidden
    regions = await lists.regions(session, principal, rights.MANAGE)
    values: dict[str, object] = {"first_grade": 1, "last_grade": 6}
    if regions:
        values["region_id"] = regions[0].id
    return await _form(request, pages, session, principal, values)


@router.post("/admin/organisations")
async def create(
    request: Request, pages: ThePages, frame: TheFrame, principal: RequiredPrincipal
) -> Response:
    """What was typed comes back with a sentence when something in it is not right."""
    values = await typed(request)
    try:
        wanted = OrganisationIn.model_validate(filled(values, *FIELDS))
        async with frame.database.write() as session:
            made = await service.create_wanted(session, wanted, by=principal)
    except (ValidationError, TongkeError) as error:
        return await _again(request, pages, frame, principal, values, error)
    return done(f"/admin/organisations/{made.id}", N_("%(name)s is added."), name=made.name)


async def _again(
    request: Request,
    pages: Pages,
    frame: TheFrame,
    principal: Principal,
    values: dict[str, str],
    error: ValidationError | TongkeError,
    found: Organisation | None = None,
) -> Response:
    if isinstance(error, ValidationError):
        trouble, status = mistake(request, pages, error, LABELS), 422
    else:
        trouble, status = trouble_of(request, pages, error), error.status
    async with frame.database.read() as session:
        return await _form(
            request, pages, session, principal, dict[str, object](values),
            found=found, trouble=trouble, status=status,
        )  # fmt: skip


@dataclass(frozen=True)
class Told:
    """A step of an organisation's history."""

    day: date
    label: str
    other: str
    other_id: UUID | None
    fields: Sequence[tuple[str, str, str]]
    reason: str


@router.get("/admin/organisations/{organisation_id}")
async def one(
    request: Request,
    pages: ThePages,
    session: Reading,
    principal: RequiredPrincipal,
    organisation_id: UUID,
) -> Response:
    found = await service.organisation_seen(session, organisation_id, principal)
    detail = await lists.detail(session, principal, found)
    told = [
        Told(
            change.day,
            CHANGES[change.kind],
            other or "",
            change.other_id,
            [
                (LABELS[key], str(change.before.get(key) or ""), str(change.after.get(key) or ""))
                for key in LABELS
                if key in change.after and key in change.before
            ],
            str(change.after.get("reason", "")),
        )
        for change, other in detail.changes
    ]
    return desk(
        request, pages, principal, "admin/organisations/one.html", section="organisations",
        found=found, detail=detail, told=told, kinds=KIND_NAMES, today=principal.today,
        manages=rights.MANAGE.allows(principal, found), exports=EXPORT.allows(principal, found),
    )  # fmt: skip


@router.get("/admin/organisations/{organisation_id}/edit")
async def edit(
    request: Request,
    pages: ThePages,
    session: Reading,
    principal: RequiredPrincipal,
    organisation_id: UUID,
) -> Response:
    found = await service.organisation_seen(session, organisation_id, principal)
    rights.MANAGE.check(principal, found)
    values: dict[str, object] = {key: getattr(found, key) for key in FIELDS}
    return await _form(request, pages, session, principal, values, found=found)


@router.post("/admin/organisations/{organisation_id}/edit")
async def change(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    principal: RequiredPrincipal,
    organisation_id: UUID,
) -> Response:
    values = await typed(request)
    async with frame.database.read() as session:
        known = await service.organisation_seen(session, organisation_id, principal)
    empty = {"parent_id": None, "opened_on": None}
    try:
        wanted = OrganisationChangeIn.model_validate(empty | filled(values, *FIELDS))
        async with frame.database.write() as session:
            found = await service.organisation_to_change(session, organisation_id, principal)
            sent = wanted.model_dump(exclude_unset=True)
            await service.change_organisation(session, found, sent, by=principal)
    except (ValidationError, TongkeError) as error:
        return await _again(request, pages, frame, principal, values, error, known)
    return done(f"/admin/organisations/{organisation_id}", N_("Saved."))


@router.post("/admin/organisations/{organisation_id}/close")
async def close(
    session: Writing,
    frame: TheFrame,
    principal: RequiredPrincipal,
    organisation_id: UUID,
    day: Annotated[str, Form(max_length=10)] = "",
    reason: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    gone = await service.organisation_to_change(session, organisation_id, principal)
    last = parse_day(day) or principal.today
    kept = await closing.close(session, gone, day=last, by=principal, reason=reason.strip())
    undo = await undos.keep(session, principal, "organisations.close", kept, frame.now())
    where = f"/admin/organisations/{organisation_id}"
    return done(where, N_("%(name)s is closed."), undo=undo.id, name=gone.name)


@router.get("/admin/organisations/{organisation_id}/merge")
async def consider(
    request: Request,
    pages: ThePages,
    session: Reading,
    principal: RequiredPrincipal,
    organisation_id: UUID,
    into: Asked = "",
) -> Response:
    """Without a successor asks for one; with one says what goes along."""
    found = await service.organisation_seen(session, organisation_id, principal)
    rights.MANAGE.check(principal, found)
    service.check_open(found)
    target = await lists.named(session, principal, into) if into else None
    preview = await closing.preview(session, found, principal.today) if target else None
    return desk(
        request, pages, principal, "admin/organisations/merge.html", section="organisations",
        found=found, target=target, into=into, preview=preview, today=principal.today,
        choices=[one for one in await lists.successors(session, principal) if one.id != found.id],
    )  # fmt: skip


@router.post("/admin/organisations/{organisation_id}/merge")
async def merge(
    session: Writing,
    frame: TheFrame,
    principal: RequiredPrincipal,
    organisation_id: UUID,
    into: Annotated[str, Form(max_length=40)] = "",
    day: Annotated[str, Form(max_length=10)] = "",
    reason: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    gone = await service.organisation_to_change(session, organisation_id, principal)
    target = await lists.named(session, principal, into)
    first = parse_day(day) or principal.today
    kept = await closing.merge(
        session, gone, target, day=first, by=principal, reason=reason.strip()
    )
    undo = await undos.keep(session, principal, "organisations.merge", kept, frame.now())
    return done(
        f"/admin/organisations/{target.id}",
        N_("%(gone)s is now part of %(name)s."),
        undo=undo.id,
        gone=gone.name,
        name=target.name,
    )
