"""The page of what happened in a group since one was there, or in a stretch of days."""

from datetime import timedelta
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from tongke_courses.boards import reading, words
from tongke_courses.groups import service as groups
from tongke_courses.groups.repository import GroupRepository
from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.frame import Reading, TheFrame
from tongke_platform.pages.desk import desk
from tongke_platform.pages.rendering import ThePages

router = APIRouter(include_in_schema=False)
DAYS = (1, 7, 30, 90)
NEWCOMERS = 30


@router.get("/groups/{group_id}/changes")
async def changes(
    request: Request, pages: ThePages, session: Reading, frame: TheFrame,
    principal: RequiredPrincipal, group_id: UUID, days: str = "",
) -> Response:  # fmt: skip
    """``days``: one of ``DAYS``; anything else is since one last read something there. Who never did is
    shown a month.
    """
    chosen = next((one for one in DAYS if days == str(one)), None)
    now = frame.now()
    since = now - timedelta(days=chosen) if chosen else None
    found = await reading.changes(session, principal, group_id, since, now)
    if found.since == now:
        chosen = NEWCOMERS
        found = await reading.changes(
            session, principal, group_id, now - timedelta(days=NEWCOMERS), now
        )
    group = await GroupRepository(session).by_id(group_id)
    if group is None:
        raise groups.missing()
    return desk(
        request, pages, principal, "boards/changes.html", section="", group=group, found=found,
        words=words, chosen=chosen, days=DAYS, here=f"/groups/{group_id}/changes",
    )  # fmt: skip
