"""Resumable uploads at /api/uploads: tus 1.0.0 with creation, creation-with-upload, termination,
checksum and expiration.
"""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.routing import APIRoute
from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from tongke_courses.materials import tus, uploading
from tongke_courses.materials.looking import kind_of
from tongke_courses.materials.models import Upload
from tongke_courses.materials.schemas import UploadOut
from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.errors import N_, TongkeError
from tongke_platform.frame import Frame, TheFrame

PATH = "/api/uploads"
# The announced length is the limit, not that of other requests; nothing is held in memory.
NO_LIMIT = 1 << 50

OTHER_VERSION = N_("This program sends files in another way than the server knows.")
WRONG_TYPE = N_("A part of a file is sent as application/offset+octet-stream.")


class TusRoute(APIRoute):
    """Tus-Resumable on every answer, refusals too."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_version(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Tus-Resumable"] = tus.VERSION
                headers["Cache-Control"] = "no-store"
                if message["status"] == 412:
                    headers["Tus-Version"] = tus.VERSION
            await send(message)

        await super().handle(scope, receive, with_version)


router = APIRouter(prefix=PATH, tags=["uploads"], route_class=TusRoute)


def check_version(request: Request) -> None:
    """Raises 412 for a client of another version (tus 1.0.0, Tus-Resumable)."""
    if request.headers.get("tus-resumable") != tus.VERSION:
        raise TongkeError(OTHER_VERSION, code="tus_version", status=412)


async def own_upload(upload_id: str, principal: RequiredPrincipal, frame: TheFrame) -> Upload:
    return await uploading.get(frame, principal, upload_id)


OwnUpload = Annotated[Upload, Depends(own_upload)]
TUS = [Depends(check_version)]


@router.options("", include_in_schema=False)
@router.options("/{upload_id}", include_in_schema=False)
async def options(frame: TheFrame) -> Response:
    return Response(
        status_code=204,
        headers={
            "Tus-Version": tus.VERSION,
            "Tus-Extension": tus.EXTENSIONS,
            "Tus-Max-Size": str(frame.settings.upload_max_bytes),
            "Tus-Checksum-Algorithm": ",".join(tus.CHECKSUMS),
        },
    )


@router.post("", status_code=201, dependencies=TUS, max_body_size=NO_LIMIT)
async def create(request: Request, principal: RequiredPrincipal, frame: TheFrame) -> Response:
    """Begin an upload; a body of the tus type is its first part. The address is in Location."""
    size = tus.read_number(request.headers.get("upload-length"))
    metadata = tus.read_metadata(request.headers.get("upload-metadata"))
    name = metadata.get("filename") or metadata.get("name") or ""
    upload = await uploading.begin(frame, principal, name, size)
    if request.headers.get("content-type") == tus.PATCH_TYPE:
        upload = await _first_part(request, frame, upload)
    headers = {"Location": f"{PATH}/{upload.id}", **_progress(frame, upload)}
    return Response(status_code=201, headers=headers)


async def _first_part(request: Request, frame: Frame, upload: Upload) -> Upload:
    """The upload is begun whatever becomes of its first part, unless that is wrong itself."""
    try:
        return await _take(request, frame, upload, offset=0)
    except TongkeError as error:
        if error.status < 500:
            await uploading.give_up(frame, upload)
            raise
        return upload


@router.head("/{upload_id}", dependencies=TUS)
async def head(upload: OwnUpload, frame: TheFrame) -> Response:
    headers = {
        "Upload-Length": str(upload.size),
        "Upload-Metadata": tus.write_metadata({"filename": upload.name}),
        **_progress(frame, upload),
    }
    return Response(status_code=200, headers=headers)


@router.get("/{upload_id}")
async def get(upload: OwnUpload, frame: TheFrame) -> UploadOut:
    file = upload.file
    return UploadOut(
        id=upload.id,
        name=upload.name,
        size=upload.size,
        received=uploading.received(frame, upload),
        expires_at=upload.expires_at,
        ready=file is not None,
        kind=kind_of(file.media_type) if file else None,
        media_type=file.media_type if file else "",
        trouble=upload.trouble,
    )


@router.patch("/{upload_id}", status_code=204, dependencies=TUS, max_body_size=NO_LIMIT)
async def patch(request: Request, upload: OwnUpload, frame: TheFrame) -> Response:
    if request.headers.get("content-type") != tus.PATCH_TYPE:
        raise TongkeError(WRONG_TYPE, code="wrong_type", status=415)
    offset = tus.read_number(request.headers.get("upload-offset"))
    upload = await _take(request, frame, upload, offset=offset)
    return Response(status_code=204, headers=_progress(frame, upload))


@router.delete("/{upload_id}", status_code=204, dependencies=TUS)
async def delete(upload: OwnUpload, frame: TheFrame) -> Response:
    await uploading.give_up(frame, upload)
    return Response(status_code=204)


@router.post("/{upload_id}", dependencies=TUS, max_body_size=NO_LIMIT, include_in_schema=False)
async def overridden(request: Request, upload: OwnUpload, frame: TheFrame) -> Response:
    """X-HTTP-Method-Override: some schools' proxies let no PATCH and no DELETE through."""
    method = request.headers.get("x-http-method-override", "").upper()
    if method == "PATCH":
        return await patch(request, upload, frame)
    if method == "DELETE":
        return await delete(upload, frame)
    if method == "HEAD":
        return await head(upload, frame)
    raise tus.BadHeader


async def _take(request: Request, frame: Frame, upload: Upload, *, offset: int) -> Upload:
    length = request.headers.get("content-length")
    return await uploading.go_on(
        frame,
        upload,
        offset=offset,
        length=tus.read_number(length) if length is not None else None,
        checksum=tus.read_checksum(request.headers.get("upload-checksum")),
        body=_body(request),
    )


async def _body(request: Request) -> AsyncIterator[bytes]:
    """Raises ClientDisconnect."""
    async for data in request.stream():
        if data:
            yield data


def _progress(frame: Frame, upload: Upload) -> dict[str, str]:
    return {
        "Upload-Offset": str(uploading.received(frame, upload)),
        "Upload-Expires": tus.expires(upload.expires_at),
    }
