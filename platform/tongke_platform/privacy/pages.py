"""A person's data on their own page and on that of the administration."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import Response

from tongke_platform.accounts.rights import RequiredOwner, RequiredPrincipal
from tongke_platform.errors import N_
from tongke_platform.frame import TheFrame, Writing
from tongke_platform.pages.desk import done
from tongke_platform.privacy import exports, service

router = APIRouter(include_in_schema=False)
Reason = Annotated[str, Form(max_length=200)]
PREPARED = N_("Your data is being put together. You get a notice when it can be fetched here.")
PREPARED_FOR = N_(
    "The data is being put together. You get a notice when it can be fetched on your own page."
)
ASKED = N_("The erasure is noted. Until it is due it can be called off.")
CALLED_OFF = N_("The erasure is called off.")


def _file(data: bytes) -> Response:
    headers = {
        "Content-Disposition": 'attachment; filename="tongke-data.zip"',
        "Cache-Control": "no-store",
    }
    return Response(data, media_type="application/zip", headers=headers)


@router.post("/me/data")
async def own_data(frame: TheFrame, session: Writing, principal: RequiredOwner) -> Response:
    await exports.ask(session, frame, principal, principal.id)
    return done("/me", PREPARED)


@router.post("/me/data/{export_id}")
async def fetch(
    frame: TheFrame, session: Writing, principal: RequiredOwner, export_id: UUID
) -> Response:
    """Once, by who asked for it, while they may still."""
    found = await exports.one(session, frame, principal, export_id)
    if found.person_id != principal.id:
        await service.check_managed(session, principal, found.person_id)
    return _file(await exports.fetch(session, frame, principal, export_id))


@router.post("/me/erasure")
async def ask_own(frame: TheFrame, session: Writing, principal: RequiredOwner) -> Response:
    await service.ask(session, frame, principal, principal.id)
    return done("/me", ASKED)


@router.post("/me/erasure/cancel")
async def cancel_own(frame: TheFrame, session: Writing, principal: RequiredOwner) -> Response:
    await service.call_off(session, frame, principal, principal.id)
    return done("/me", CALLED_OFF)


@router.post("/admin/people/{person_id}/data")
async def data_of(
    frame: TheFrame,
    session: Writing,
    principal: RequiredPrincipal,
    person_id: UUID,
    reason: Reason = "",
) -> Response:
    await service.check_managed(session, principal, person_id)
    await exports.ask(session, frame, principal, person_id, reason)
    return done(f"/admin/people/{person_id}", PREPARED_FOR)


@router.post("/admin/people/{person_id}/erasure")
async def ask_for(
    frame: TheFrame,
    session: Writing,
    principal: RequiredPrincipal,
    person_id: UUID,
    reason: Reason = "",
) -> Response:
    await service.check_managed(session, principal, person_id)
    await service.ask(session, frame, principal, person_id, reason)
    return done(f"/admin/people/{person_id}", ASKED)


@router.post("/admin/people/{person_id}/erasure/cancel")
async def cancel_for(
    frame: TheFrame, session: Writing, principal: RequiredPrincipal, person_id: UUID
) -> Response:
    await service.check_managed(session, principal, person_id)
    await service.call_off(session, frame, principal, person_id)
    return done(f"/admin/people/{person_id}", CALLED_OFF)
