"""Uploads: begun, gone on with, finished, given up. The length of the spool file is the truth.

No transaction is open while bytes come in, and a broken connection keeps what it brought.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

import structlog
from starlette.requests import ClientDisconnect

from tongke_courses.materials import looking, names, tus
from tongke_courses.materials.models import Upload
from tongke_courses.materials.repository import UploadRepository
from tongke_courses.materials.rights import UPLOAD
from tongke_courses.materials.spool import FOLDER, SpoolFile, UploadSpool
from tongke_courses.materials.store import NO_ROOM, FileStore, StoreTrouble, trouble_of
from tongke_platform.errors import N_, Conflict, Forbidden, Invalid, NotFound, TongkeError
from tongke_platform.frame import Frame
from tongke_platform.rights import Principal

EXPIRES_AFTER = timedelta(days=7)
MAX_ON_THE_WAY = 200
# A device that is gone without a word gives its turn back after this.
IDLE_S = 20.0
_BUFFER = 1 << 18
_LOOK_EVERY = 8 << 20

NO_UPLOAD = N_("There is no such upload. Please send the file again.")
EMPTY = N_("This file is empty.")
TOO_LARGE = N_("This file is too large: a file may have %(size)s MB at most.")
TOO_MUCH = N_("You have too many files on the way. Please use or give up some of them first.")
TOO_LONG = N_("More arrived than was announced. Please send the file again.")
OFFSET = N_("This part does not follow what has arrived so far.")
NOT_WHOLE = N_("This file has not arrived completely yet.")

log = structlog.get_logger(__name__)


def spool_of(frame: Frame) -> UploadSpool:
    settings = frame.settings
    return UploadSpool(settings.data_dir / FOLDER, settings.min_free_bytes)


def received(frame: Frame, upload: Upload) -> int:
    """Bytes that are safe."""
    if upload.file_id is not None or upload.trouble:
        return upload.size
    return min(spool_of(frame).received(upload.id), upload.size)


async def begin(frame: Frame, by: Principal, name: str, size: int) -> Upload:
    """Raises Forbidden, Invalid ``empty_file``, ``file_too_large`` (413), ``program``, Conflict
    ``too_many_uploads``, StoreTrouble ``no_room``.
    """
    if not UPLOAD.allows_anywhere(by):
        raise Forbidden
    name = names.clean(name)
    _check_size(frame, size)
    looking.check_name(name)
    spool = spool_of(frame)
    if not spool.has_room(size):
        raise StoreTrouble(NO_ROOM, code="no_room", status=507, retry_after=60)
    expires_at = frame.now() + EXPIRES_AFTER
    async with frame.database.write() as session:
        uploads = UploadRepository(session)
        count, on_the_way = await uploads.on_the_way(by.id)
        if count >= MAX_ON_THE_WAY or on_the_way + size > frame.settings.upload_person_bytes:
            raise Conflict(TOO_MUCH, code="too_many_uploads")
        made = Upload(person_id=by.id, name=name, size=size, received=0, expires_at=expires_at)
        return await uploads.add(made)


def _check_size(frame: Frame, size: int) -> None:
    most = frame.settings.upload_max_bytes
    if size == 0:
        raise Invalid(EMPTY, code="empty_file")
    if size > most:
        raise Invalid(TOO_LARGE, code="file_too_large", status=413, size=most >> 20)


async def get(frame: Frame, by: Principal, upload_id: str | UUID) -> Upload:
    """One's own; those of others are as if they were not there. Raises NotFound ``no_upload``,
    and with 410 when it has expired.
    """
    with suppress(ValueError):
        async with frame.database.read() as session:
            found = await UploadRepository(session).by_id(UUID(str(upload_id)))
        if found is not None and found.person_id == by.id:
            if found.expires_at < frame.now():
                raise NotFound(NO_UPLOAD, code="upload_expired", status=410)
            return found
    raise NotFound(NO_UPLOAD, code="no_upload")


async def go_on(
    frame: Frame,
    upload: Upload,
    *,
    offset: int,
    length: int | None,
    checksum: tus.Checksum | None,
    body: AsyncIterator[bytes],
) -> Upload:
    """Take what comes from ``offset`` on; ``length``: how much is said to come.

    Raises Locked, Conflict ``offset``, Invalid ``too_long`` (413), DAMAGED (460), StoreTrouble, and
    what ``finish`` raises when it is whole. Whatever is raised, what arrived stays.
    """
    spool = spool_of(frame)
    if upload.file_id is not None or upload.trouble:
        return await _nothing_to_do(upload, offset)
    with spool.held(upload.id) as file:
        if offset != file.size:
            raise Conflict(OFFSET, code="offset")
        if length is not None and offset + length > upload.size:
            raise Invalid(TOO_LONG, code="too_long", status=413)
        try:
            await _receive(spool, file, upload, checksum, body)
        finally:
            await _note(frame, upload, file)
        if file.size < upload.size:
            return upload
        return await _finish(frame, upload, spool)


async def _nothing_to_do(upload: Upload, offset: int) -> Upload:
    if offset != upload.size:
        raise Conflict(OFFSET, code="offset")
    _check_trouble(upload)
    return upload


async def _receive(
    spool: UploadSpool,
    file: SpoolFile,
    upload: Upload,
    checksum: tus.Checksum | None,
    body: AsyncIterator[bytes],
) -> None:
    try:
        if checksum is None:
            await _append(spool, file, upload.size, body)
        else:
            await _append_checked(spool, file, upload, checksum, body)
    except ClientDisconnect:
        # Nobody hears an answer; what arrived is kept.
        log.info("upload interrupted", upload=str(upload.id), received=file.size)
    except OSError as error:
        raise trouble_of(error) from error
    finally:
        with suppress(OSError):
            await file.sync()


async def _append(
    spool: UploadSpool, file: SpoolFile, size: int, body: AsyncIterator[bytes]
) -> None:
    """Raises Invalid ``too_long``, having taken all of it back; OSError; ClientDisconnect."""
    began, look_at = file.size, 0
    buffer = bytearray()
    try:
        async for data in _awake(body):
            buffer += data
            if file.size + len(buffer) > size:
                buffer.clear()
                file.cut(began)
                raise Invalid(TOO_LONG, code="too_long", status=413)
            if len(buffer) >= _BUFFER:
                if file.size >= look_at:
                    _check_room(spool)
                    look_at = file.size + _LOOK_EVERY
                await _flush(file, buffer)
    finally:
        await _flush(file, buffer)


async def _flush(file: SpoolFile, buffer: bytearray) -> None:
    data = bytes(buffer)
    buffer.clear()
    if data:
        await file.append(data)


def _check_room(spool: UploadSpool) -> None:
    if not spool.has_room():
        raise StoreTrouble(NO_ROOM, code="no_room", status=507, retry_after=60)


async def _awake(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Raises ClientDisconnect when nothing comes for IDLE_S."""
    while True:
        try:
            async with asyncio.timeout(IDLE_S):
                data = await anext(body)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise ClientDisconnect from None
        yield data


async def _append_checked(
    spool: UploadSpool,
    file: SpoolFile,
    upload: Upload,
    checksum: tus.Checksum,
    body: AsyncIterator[bytes],
) -> None:
    """Only a part that is what its checksum says is added, and only when all of it is here."""
    path = file.path.with_suffix(".part")
    flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o600)
    try:
        part = SpoolFile(path, descriptor)
        await _append(spool, part, upload.size - file.size, body)
        digest = await asyncio.to_thread(_digest, path, checksum)
        if digest != checksum.digest:
            raise TongkeError(tus.DAMAGED, code="checksum", status=tus.MISMATCH_STATUS)
        await file.append_file(path)
    finally:
        os.close(descriptor)
        path.unlink(missing_ok=True)


def _digest(path: os.PathLike[str], checksum: tus.Checksum) -> bytes:
    digest = checksum.start()
    with open(path, "rb") as file:
        while data := file.read(1 << 20):
            digest.update(data)
    return digest.digest()


async def _note(frame: Frame, upload: Upload, file: SpoolFile) -> None:
    async with frame.database.write() as session:
        found = await UploadRepository(session).by_id(upload.id)
        if found is not None:
            found.received = min(file.size, found.size)
            found.expires_at = frame.now() + EXPIRES_AFTER


async def finish(frame: Frame, upload: Upload) -> Upload:
    """Look at a whole file and keep it; again, nothing more happens.

    Raises Conflict ``not_whole``, Locked, Invalid ``program`` (for good), StoreTrouble (try again).
    """
    if upload.file_id is not None or upload.trouble:
        _check_trouble(upload)
        return upload
    spool = spool_of(frame)
    if spool.received(upload.id) < upload.size:
        raise Conflict(NOT_WHOLE, code="not_whole")
    with spool.held(upload.id):
        return await _finish(frame, upload, spool)


async def _finish(frame: Frame, upload: Upload, spool: UploadSpool) -> Upload:
    trouble, stored = "", None
    try:
        stored = await FileStore(frame).put_path(spool.path(upload.id))
    except Invalid as error:
        trouble = error.message
    async with frame.database.write() as session:
        found = await UploadRepository(session).by_id(upload.id)
        if found is None:
            raise NotFound(NO_UPLOAD, code="no_upload")
        found.trouble, found.received = trouble, found.size
        found.file_id = stored.id if stored else None
    spool.remove(upload.id)
    async with frame.database.read() as session:
        finished = await UploadRepository(session).by_id(upload.id)
    assert finished is not None, "it was there a moment ago, and it is held"
    _check_trouble(finished)
    return finished


def _check_trouble(upload: Upload) -> None:
    if upload.trouble:
        raise Invalid(upload.trouble, code="file_refused")


async def give_up(frame: Frame, upload: Upload) -> None:
    """Raises Locked while it is being sent."""
    spool = spool_of(frame)
    with spool.held(upload.id):
        async with frame.database.write() as session:
            found = await UploadRepository(session).by_id(upload.id)
            if found is not None:
                await session.delete(found)
        spool.remove(upload.id)
