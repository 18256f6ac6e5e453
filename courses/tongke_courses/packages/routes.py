"""Packages over the API: an upload becomes a draft course; how far it is."""

from uuid import UUID

from fastapi import APIRouter, Request

from tongke_courses.packages import service
from tongke_courses.packages.schemas import PackageIn, PackageOut, package_out
from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.frame import Reading, TheFrame

router = APIRouter(prefix="/api/packages", tags=["packages"])


@router.post("", status_code=202)
async def start(
    request: Request, frame: TheFrame, principal: RequiredPrincipal, wanted: PackageIn
) -> PackageOut:
    """Common Cartridge 1.1 to 1.3, SCORM 1.2 or a Moodle backup, seen from its content."""
    found = await service.start(frame, principal, wanted)
    return package_out(found, lambda message: frame.translate(request, message))


@router.get("/{package_id}")
async def one(
    request: Request,
    frame: TheFrame,
    session: Reading,
    principal: RequiredPrincipal,
    package_id: UUID,
) -> PackageOut:
    """For whoever began it, and those who may make courses for its school."""
    found = await service.get(session, principal, package_id)
    return package_out(found, lambda message: frame.translate(request, message))
