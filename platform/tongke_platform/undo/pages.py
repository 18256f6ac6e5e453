"""The button of a toast that takes an act back."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import Response

from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.errors import N_
from tongke_platform.frame import TheFrame, Writing
from tongke_platform.pages.desk import done
from tongke_platform.pages.login import local_address
from tongke_platform.undo import service

router = APIRouter(include_in_schema=False)


@router.post("/admin/undo/{undo_id}")
async def take_back(
    session: Writing,
    frame: TheFrame,
    principal: RequiredPrincipal,
    undo_id: UUID,
    back: Annotated[str, Form(max_length=2000)] = "/",
) -> Response:
    await service.take_back(session, principal, undo_id, frame.now())
    return done(local_address(back), N_("Taken back. Everything is as it was before."))
