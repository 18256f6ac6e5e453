"""A group to take home."""

from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from tongke_courses.boards import export
from tongke_courses.materials import names
from tongke_courses.takehome.answering import answer
from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.documented import a_file
from tongke_platform.frame import TheFrame
from tongke_platform.pages.languages import language_of

router = APIRouter(tags=["boards"])


@router.get("/groups/{group_id}/export.zip", **a_file("application/zip"))
@router.head("/groups/{group_id}/export.zip", include_in_schema=False)
async def take_home(
    request: Request, group_id: UUID, frame: TheFrame, principal: RequiredPrincipal
) -> Response:
    """Topics, files, and activities with their minutes, as pages and texts that open without a network.
    With ranges: a download that broke off goes on, as long as nothing was written in the group.
    """
    language = language_of(request, frame.settings.default_language)
    name, members = await export.of_group(frame, principal, group_id, language)
    return await answer(request, frame, members, names.clean(name, "tongke") + ".zip")
