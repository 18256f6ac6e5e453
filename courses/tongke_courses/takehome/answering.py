"""An archive as an HTTP answer: with its length, an ETag, and single ranges (RFC 9110, 13 and 14)."""

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from tongke_courses.materials import ranges
from tongke_courses.materials.downloads import OUTSIDE
from tongke_courses.materials.names import disposition
from tongke_courses.takehome import service
from tongke_courses.takehome.members import Member
from tongke_platform.errors import TongkeError
from tongke_platform.frame import Frame

ZIP = "application/zip"


async def answer(
    request: Request, frame: Frame, members: list[Member], name: str, media_type: str = ZIP
) -> Response:
    """HEAD and 304 read no file. Raises 416, NotFound ``file_lost``, StoreTrouble."""
    size, etag = service.size_of(members), service.etag_of(members)
    headers = {
        "Content-Type": media_type,
        "Content-Disposition": disposition(name, inline=False),
        "X-Content-Type-Options": "nosniff",
        "Accept-Ranges": "bytes",
        "ETag": etag,
        "Cache-Control": "private, no-cache",
    }
    asked = request.headers
    if ranges.matches(etag, asked.get("if-none-match")):
        return Response(status_code=304, headers=headers)
    try:
        piece = ranges.choose(size, etag, asked.get("range"), asked.get("if-range"))
    except ranges.NotSatisfiable:
        outside = TongkeError(OUTSIDE, code="outside", status=416)
        words = frame.translate(request, outside.message)
        return Response(words, 416, {"Content-Range": f"bytes */{size}"}, "text/plain")
    headers["Content-Length"] = str(piece.end - piece.start)
    if piece.partial:
        headers["Content-Range"] = piece.content_range
    status = 206 if piece.partial else 200
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers)
    archive = await service.archive_of(frame, members)
    return StreamingResponse(
        service.stream(frame, archive, piece.start, piece.end), status, headers
    )
