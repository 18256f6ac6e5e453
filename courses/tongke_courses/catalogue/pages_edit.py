"""The editor of a course, for a teacher on a phone: one thing at a time, nothing lost."""

from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from tongke_courses.catalogue import service
from tongke_courses.catalogue.page_editor import again, overview
from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.errors import N_, Invalid, TongkeError
from tongke_platform.frame import Reading, TheFrame
from tongke_platform.pages.desk import done, typed
from tongke_platform.pages.rendering import ThePages

router = APIRouter(include_in_schema=False)


@router.get("/courses/{course_id}/edit")
async def edit(
    request: Request,
    pages: ThePages,
    session: Reading,
    principal: RequiredPrincipal,
    course_id: UUID,
) -> Response:
    """The whole course on one page; each thing is changed on its own."""
    return await overview(request, pages, session, principal, course_id)


@router.post("/courses/{course_id}/state")
async def move(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    principal: RequiredPrincipal,
    course_id: UUID,
) -> Response:
    """``act``: publish or withdraw."""
    act = (await typed(request)).get("act", "")
    try:
        async with frame.database.write() as session:
            if act == "publish":
                await service.publish(frame, session, principal, course_id)
            elif act == "withdraw":
                await service.withdraw(frame, session, principal, course_id)
            else:
                raise Invalid
    except TongkeError as error:
        if error.status in (403, 404):
            raise
        return await again(request, pages, frame, principal, course_id, error)
    said = {
        "publish": N_("The course is published. Those it is for find it in the catalogue."),
        "withdraw": N_("The course is withdrawn. Only those who had it can still look at it."),
    }
    return done(f"/courses/{course_id}", said[act])
