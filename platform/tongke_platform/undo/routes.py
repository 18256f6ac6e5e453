"""Taking an act back, for programs."""

from uuid import UUID

from fastapi import APIRouter

from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.frame import TheFrame, Writing
from tongke_platform.undo import service

router = APIRouter(prefix="/api", tags=["undo"])


@router.post("/undo/{undo_id}", status_code=204)
async def take_back(
    undo_id: UUID, session: Writing, frame: TheFrame, principal: RequiredPrincipal
) -> None:
    """Only by the one who did it, for ten minutes."""
    await service.take_back(session, principal, undo_id, frame.now())
