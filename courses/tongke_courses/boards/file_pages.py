"""A group's files: the page that lists them, and each of them as it leaves the server."""

from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from tongke_courses.boards import files
from tongke_courses.boards.file_schemas import file_out
from tongke_courses.catalogue.page_parts import KIND_ICONS
from tongke_courses.groups import service
from tongke_courses.materials.downloads import answer
from tongke_courses.materials.looking import shown_inline
from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.errors import N_, NotFound
from tongke_platform.frame import Reading, TheFrame
from tongke_platform.pages.desk import desk, done, parse_uuid, query, typed
from tongke_platform.pages.rendering import ThePages

router = APIRouter(prefix="/groups/{group_id}/files", include_in_schema=False)
SHOWN = 50


@router.get("")
async def list_files(
    request: Request,
    pages: ThePages,
    session: Reading,
    principal: RequiredPrincipal,
    group_id: UUID,
    before: str = "",
) -> Response:
    found, following, part = await files.page(
        session, principal, group_id, before=parse_uuid(before), limit=SHOWN
    )
    seen = await service.get(session, principal, group_id)
    here = f"/groups/{group_id}/files"
    data = {"add_url": f"/api{here}", "most_bytes": files.MOST_BYTES}
    return desk(
        request, pages, principal, "groups/files.html", section="", group=seen.group, here=here,
        found=[file_out(one, principal, part) for one in found], icons=KIND_ICONS,
        used=await files.used(session, group_id), most=files.MOST_GROUP_BYTES,
        may_add=files.may_add(part), data=data,
        next=f"{here}{query(before=following)}" if following else "",
        first=here if before else "",
    )  # fmt: skip


@router.post("")
async def remove(
    request: Request, frame: TheFrame, principal: RequiredPrincipal, group_id: UUID
) -> Response:
    """``act`` remove: what is taken away comes back with the toast's button."""
    values = await typed(request)
    key = parse_uuid(values.get("file", ""))
    if values.get("act") != "remove" or key is None:
        raise NotFound
    async with frame.database.write() as session:
        found = await files.remove(session, frame, principal, group_id, key)
        undo = await files.keep_undo(session, frame, principal, found)
        name = found.name
    return done(
        f"/groups/{group_id}/files", N_("%(name)s is taken away."), undo=undo, name=name
    )  # fmt: skip


@router.api_route("/{file_id}", methods=["GET", "HEAD"])
async def download(
    request: Request,
    frame: TheFrame,
    principal: RequiredPrincipal,
    group_id: UUID,
    file_id: UUID,
    download: str = "",
    small: str = "",
) -> Response:
    """``?download=1``: to be saved, not shown. ``?small=1``: as lists and posts show a picture."""
    async with frame.database.read() as session:
        found, _ = await files.get(session, principal, group_id, file_id)
        smaller = await files.small(session, found) if small else None
    if smaller is not None:
        return await answer(request, frame, smaller, "small.jpg", inline=True)
    inline = shown_inline(found.file.media_type) and not download
    return await answer(request, frame, found.file, found.name, inline=inline)
