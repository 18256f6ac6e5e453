"""Imports over the API: a file in, its preview, the order to write it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Form, Query, Request, UploadFile
from fastapi.responses import Response

from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.frame import Frame, Reading, TheFrame, Writing
from tongke_platform.imports import service
from tongke_platform.imports.models import Outcome
from tongke_platform.imports.schemas import (
    Confirmation,
    ImportOut,
    RowOut,
    Say,
    import_out,
    row_out,
)
from tongke_platform.imports.table import MAX_FILE

router = APIRouter(prefix="/api/imports", tags=["imports"])

# The form's other fields and its frames around a file of the greatest size.
MAX_UPLOAD = MAX_FILE + (64 << 10)
Limit = Annotated[int, Query(ge=1, le=200)]


def speaker(frame: Frame, request: Request) -> Say:
    """Says a message in the language of the request."""
    return lambda message: frame.translate(request, message) if message else ""


@router.post("", status_code=201, max_body_size=MAX_UPLOAD)
async def upload(
    frame: TheFrame,
    session: Reading,
    principal: RequiredPrincipal,
    file: Annotated[
        UploadFile, File(description="An .xlsx or .csv table of people, or a OneRoster zip.")
    ],
    school: Annotated[str, Form(max_length=32)] = "",
) -> ImportOut:
    """A preview; nothing is written before it is confirmed. ``school`` is the code of the school
    of rows that name none.
    """
    data = await file.read()
    key = await service.preview(frame, principal, data, file.filename or "", school)
    return import_out(await service.get(session, principal, key))


@router.get("")
async def recent(
    session: Reading, principal: RequiredPrincipal, before: UUID | None = None, limit: Limit = 50
) -> list[ImportOut]:
    found = await service.recent(session, principal, before, limit)
    return [import_out(one) for one in found]


@router.get("/{key}")
async def one(session: Reading, principal: RequiredPrincipal, key: UUID) -> ImportOut:
    return import_out(await service.get(session, principal, key))


@router.get("/{key}/rows")
async def rows(
    request: Request,
    frame: TheFrame,
    session: Reading,
    principal: RequiredPrincipal,
    key: UUID,
    outcome: Annotated[list[Outcome] | None, Query(max_length=4)] = None,
    after: Annotated[int, Query(ge=0, le=2_000_000)] = 0,
    limit: Limit = 50,
) -> list[RowOut]:
    """Rows after the one whose ``at`` is ``after``."""
    found = await service.get(session, principal, key)
    page = await service.rows_of(session, found, outcome or (), after, limit)
    return [row_out(row, speaker(frame, request)) for row in page]


@router.post("/{key}/confirm", status_code=202)
async def confirm(
    frame: TheFrame,
    session: Writing,
    principal: RequiredPrincipal,
    key: UUID,
    wanted: Confirmation,
) -> ImportOut:
    found = await service.confirm(frame, session, principal, key, wanted.skip_errors)
    return import_out(found)


@router.delete("/{key}", status_code=204, response_class=Response)
async def discard(
    frame: TheFrame, session: Writing, principal: RequiredPrincipal, key: UUID
) -> None:
    await service.discard(frame, session, principal, key)
