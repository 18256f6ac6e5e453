"""Files as they leave the server: in place where that is safe, else to be saved."""

import re
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from tongke_courses.materials import ranges, rights, service
from tongke_courses.materials.looking import OTHER, shown_inline
from tongke_courses.materials.models import MaterialVersion, StoredFile
from tongke_courses.materials.names import disposition
from tongke_courses.materials.store import FileStore
from tongke_platform.accounts.rights import CurrentPrincipal
from tongke_platform.errors import N_, NotFound, TongkeError
from tongke_platform.frame import Frame, TheFrame

router = APIRouter(tags=["materials"])

_SHOW = (
    "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; "
    "frame-ancestors 'self'"
)
PDF = "application/pdf"
OUTSIDE = N_("This part of the file does not exist.")


def href_of(version: MaterialVersion) -> str:
    return f"/materials/{version.id}/{quote(version.name, safe='')}"


@router.get("/materials/{material_id}", include_in_schema=False)
async def place(
    material_id: str, frame: TheFrame, principal: CurrentPrincipal, page: str = ""
) -> Response:
    """Where it stands on the page of its lesson or course; a document of pages is opened at ``page``,
    where that is named.
    """
    try:
        key = UUID(material_id)
    except ValueError:
        raise NotFound(rights.NO_MATERIAL, code="no_material") from None
    async with frame.database.read() as session:
        found = await service.get(session, key)
        await rights.check_see(session, principal, found)
    current = found.current
    if current and current.file.media_type == PDF and re.fullmatch(r"[1-9][0-9]{0,5}", page):
        return RedirectResponse(f"{href_of(current)}#page={page}", 303)
    holder = f"/lessons/{found.lesson_id}" if found.lesson_id else f"/courses/{found.course_id}"
    return RedirectResponse(f"{holder}#material-{found.id}", 303)


@router.api_route(
    "/materials/{version_id}/{name}", methods=["GET", "HEAD"], include_in_schema=False
)
async def download(
    request: Request,
    version_id: str,
    name: str,
    frame: TheFrame,
    principal: CurrentPrincipal,
    download: str = "",
) -> Response:
    """The name in the address is for people. ``?download=1``: to be saved, not shown."""
    try:
        key = UUID(version_id)
    except ValueError:
        raise NotFound(rights.NO_MATERIAL, code="no_material") from None
    async with frame.database.read() as session:
        version, material = await service.version(session, key)
        await rights.check_see(session, principal, material)
        older = material.current_id != version.id
        if older and not await rights.may_edit(session, principal, material):
            assert material.current is not None, "a file has a current version"
            return RedirectResponse(href_of(material.current), 307)
        inline = shown_inline(version.file.media_type) and not download
        if not inline:
            await rights.check_take(session, principal, material)
    return await answer(request, frame, version.file, version.name, inline=inline)


async def answer(
    request: Request, frame: Frame, stored: StoredFile, name: str, *, inline: bool
) -> Response:
    """A file of the store, with ranges. Raises 416, NotFound when the store has lost it."""
    etag = f'"{stored.sha256}"'
    headers = _headers(stored, name, etag, inline=inline)
    asked = request.headers
    if ranges.matches(etag, asked.get("if-none-match")):
        return Response(status_code=304, headers=headers)
    try:
        piece = ranges.choose(stored.size, etag, asked.get("range"), asked.get("if-range"))
    except ranges.NotSatisfiable:
        outside = TongkeError(OUTSIDE, code="outside", status=416)
        return _outside(request, frame, outside, stored.size)
    headers["Content-Length"] = str(piece.end - piece.start)
    if piece.partial:
        headers["Content-Range"] = piece.content_range
    status = 206 if piece.partial else 200
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers)
    try:
        data = await FileStore(frame).open_range(stored.key, piece.start, piece.end)
    except FileNotFoundError:
        raise NotFound(rights.NO_MATERIAL, code="file_lost") from None
    return StreamingResponse(data, status, headers)


def _outside(request: Request, frame: Frame, error: TongkeError, size: int) -> Response:
    words = frame.translate(request, error.message)
    headers = {"Content-Range": f"bytes */{size}", "Cache-Control": "no-store"}
    return Response(words, error.status, headers, media_type="text/plain; charset=utf-8")


def _headers(stored: StoredFile, name: str, etag: str, *, inline: bool) -> dict[str, str]:
    # A browser's viewer of PDF does not start in a sandbox; it runs nothing of the site's anyway.
    pdf = inline and stored.media_type == "application/pdf"
    return {
        "Content-Type": stored.media_type if shown_inline(stored.media_type) else _plain(stored),
        "Content-Disposition": disposition(name, inline=inline),
        "Content-Security-Policy": _SHOW if pdf else f"sandbox; {_SHOW}",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Accept-Ranges": "bytes",
        "ETag": etag,
        # Who may see it can change at any time: asked again, answered with 304.
        "Cache-Control": "private, no-cache",
    }


def _plain(stored: StoredFile) -> str:
    """Known documents by their type, everything else as bytes."""
    known = stored.media_type.startswith("application/")
    return stored.media_type if known else OTHER
