"""JSON API of a group's files. They are sent to /api/uploads first."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from tongke_courses.boards import files
from tongke_courses.boards.file_schemas import (
    GroupFileIn,
    GroupFileOut,
    GroupFilePage,
    file_out,
)
from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.frame import Reading, TheFrame, Writing

router = APIRouter(prefix="/api/groups/{group_id}/files", tags=["groups"])


@router.get("")
async def list_files(
    group_id: UUID,
    session: Reading,
    principal: RequiredPrincipal,
    before: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 30,
) -> GroupFilePage:
    """Also those of its posts."""
    found, following, part = await files.page(
        session, principal, group_id, before=before, limit=limit
    )
    items = [file_out(one, principal, part) for one in found]
    return GroupFilePage(items=items, next=following, may_add=files.may_add(part))


@router.post("", status_code=201)
async def add(
    group_id: UUID, body: GroupFileIn, principal: RequiredPrincipal, frame: TheFrame
) -> GroupFileOut:
    """Of a whole upload. Sent again, it is the file there is."""
    made, part = await files.add(
        frame, principal, group_id, body.upload_id, body.name, in_post=body.in_post
    )
    return file_out(made, principal, part)


@router.get("/{file_id}")
async def get(
    group_id: UUID, file_id: UUID, session: Reading, principal: RequiredPrincipal
) -> GroupFileOut:
    found, part = await files.get(session, principal, group_id, file_id)
    return file_out(found, principal, part)


@router.delete("/{file_id}", status_code=204)
async def remove(
    group_id: UUID,
    file_id: UUID,
    session: Writing,
    principal: RequiredPrincipal,
    frame: TheFrame,
) -> None:
    """One's own, or any for who plans."""
    await files.remove(session, frame, principal, group_id, file_id)
