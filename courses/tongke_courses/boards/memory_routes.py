"""JSON API of what a group remembers."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from tongke_courses.boards import memory
from tongke_courses.boards.memory_schemas import MemoryOut, MemoryQuery
from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.frame import Reading

router = APIRouter(prefix="/api", tags=["boards"])


@router.get("/groups/{group_id}/memory")
async def remember(
    group_id: UUID,
    session: Reading,
    principal: RequiredPrincipal,
    asked: Annotated[MemoryQuery, Query()],
) -> MemoryOut:
    """What was asked, adopted, tried (by whom, in which class), kept and dropped, with the reasons: the
    last decision first.
    """
    return await memory.of_group(session, principal, group_id, asked)
