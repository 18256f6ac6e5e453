"""A course as a file for other systems, or for a stick."""

from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from tongke_courses.materials import names
from tongke_courses.packages.exporting import cartridge, folder
from tongke_courses.takehome import contents, recordings, service
from tongke_courses.takehome.answering import answer
from tongke_courses.takehome.routes import archive_say
from tongke_platform.accounts.rights import CurrentPrincipal
from tongke_platform.documented import a_file
from tongke_platform.frame import TheFrame

router = APIRouter(prefix="/api/courses/{course_id}/export", tags=["packages"])


@router.get("/cartridge.imscc", **a_file(cartridge.MEDIA_TYPE))
@router.head("/cartridge.imscc", include_in_schema=False)
async def as_cartridge(
    request: Request, course_id: UUID, frame: TheFrame, principal: CurrentPrincipal
) -> Response:
    """Common Cartridge 1.3, for who may see the course. With ranges."""
    async with frame.database.read() as session:
        found = await contents.of_course(session, principal, course_id)
    made = cartridge.members(found, archive_say(frame))
    name = names.clean(found.title, "tongke") + ".imscc"
    return await answer(request, frame, made, name, cartridge.MEDIA_TYPE)


@router.get("/folder.zip", **a_file("application/zip"))
@router.head("/folder.zip", include_in_schema=False)
async def as_folder(
    request: Request, course_id: UUID, frame: TheFrame, principal: CurrentPrincipal
) -> Response:
    """Pages that open in a browser without a server, for who may see the course. With ranges."""
    async with frame.database.read() as session:
        found = await contents.of_course(session, principal, course_id)
    await recordings.add_to(frame, principal, found)
    await service.count_recordings(frame, found)
    made = folder.members(found, frame.settings.default_language)
    return await answer(request, frame, made, names.clean(found.title, "tongke") + ".zip")
