"""A course's picture: shown to who may see the course, chosen on a phone by its teachers."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Form, Request, UploadFile
from starlette.responses import Response

from tongke_courses.catalogue import covers, rights, service
from tongke_courses.catalogue.cover_routes import MAX_PHOTO
from tongke_courses.materials.downloads import answer
from tongke_platform.accounts.rights import CurrentPrincipal, RequiredPrincipal
from tongke_platform.database import ReadSession
from tongke_platform.errors import N_, Invalid
from tongke_platform.frame import Reading, TheFrame
from tongke_platform.pages.desk import desk, done, trouble_of
from tongke_platform.pages.rendering import Pages, ThePages
from tongke_platform.rights import Principal

router = APIRouter(include_in_schema=False)


@router.api_route("/courses/{course_id}/cover", methods=["GET", "HEAD"])
async def cover(
    request: Request, frame: TheFrame, principal: CurrentPrincipal, course_id: UUID
) -> Response:
    async with frame.database.read() as session:
        found = await covers.of_course(session, principal, course_id)
    return await answer(request, frame, found, "cover.jpg", inline=True)


@router.get("/courses/{course_id}/edit/cover")
async def choose(
    request: Request, pages: ThePages, session: Reading, principal: RequiredPrincipal,
    course_id: UUID,
) -> Response:  # fmt: skip
    return await _page(request, pages, session, principal, course_id)


async def _page(
    request: Request, pages: Pages, session: ReadSession, principal: Principal, key: UUID,
    trouble: str = "", status: int = 200,
) -> Response:  # fmt: skip
    it = await service.get(session, principal, key)
    rights.check_edit(principal, it)
    return desk(
        request, pages, principal, "catalogue/cover.html", section="", course=it,
        trouble=trouble, status=status,
    )  # fmt: skip


@router.post("/courses/{course_id}/edit/cover", max_body_size=MAX_PHOTO)
async def put(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    principal: RequiredPrincipal,
    course_id: UUID,
    act: Annotated[str, Form(max_length=20)] = "put",
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """``act``: put or remove."""
    back = f"/courses/{course_id}/edit"
    if act == "remove":
        await covers.take_away(frame, principal, course_id)
        return done(back, N_("The picture is taken away."))
    try:
        await covers.put(frame, principal, course_id, await file.read() if file else b"")
    except Invalid as error:
        async with frame.database.read() as session:
            return await _page(
                request, pages, session, principal, course_id,
                trouble_of(request, pages, error), error.status,
            )  # fmt: skip
    return done(back, N_("The picture is there."))
