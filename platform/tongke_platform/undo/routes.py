"""Taking an act back, for programs."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.frame import Reading, TheFrame, Writing
from tongke_platform.undo import service

router = APIRouter(prefix="/api", tags=["undo"])


class UndoOut(BaseModel):
    """``act`` is named as in the audit log."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    act: str
    created_at: datetime
    expires_at: datetime
    done_at: datetime | None


@router.get("/undo/{undo_id}")
async def one(undo_id: UUID, session: Reading, principal: RequiredPrincipal) -> UndoOut:
    return UndoOut.model_validate(await service.one(session, principal, undo_id))


@router.post("/undo/{undo_id}", status_code=204)
async def take_back(
    undo_id: UUID, session: Writing, frame: TheFrame, principal: RequiredPrincipal
) -> None:
    """Only by the one who did it, for ten minutes."""
    await service.take_back(session, principal, undo_id, frame.now())
