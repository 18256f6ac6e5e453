"""Background work of materials: the search index, and what nobody wants any more."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from itertools import cycle
from pathlib import Path
from uuid import UUID

import structlog

from tongke_courses.materials import indexing
from tongke_courses.materials.models import StoredFile
from tongke_courses.materials.repository import StoredFileRepository, UploadRepository
from tongke_courses.materials.service import INDEX
from tongke_courses.materials.spool import Locked
from tongke_courses.materials.store import FileStore
from tongke_courses.materials.uploading import spool_of
from tongke_platform.database import WriteSession
from tongke_platform.frame import Frame
from tongke_platform.jobs import Payload
from tongke_platform.rounds import Rounds

EVERY_S = 3600.0
# Time for whoever put a file and has not said yet what it is for.
UNUSED = timedelta(days=1)
_BATCH = 500

log = structlog.get_logger(__name__)


def register(frame: Frame) -> None:
    async def index(payload: Payload) -> None:
        await indexing.index(frame, UUID(payload["material"]))

    frame.jobs.handle(INDEX, index)


def rounds(frame: Frame) -> Rounds:
    # One of 256 parts of the store each time: all of it within eleven days.
    parts = cycle(f"{number:02x}" for number in range(256))
    return Rounds("materials", lambda: sweep(frame, parts), EVERY_S)


async def sweep(frame: Frame, parts: Iterator[str]) -> dict[str, int]:
    """How many uploads that expired, rows nobody refers to, and objects without a row went."""
    gone = {
        "uploads": await sweep_uploads(frame),
        "files": await sweep_files(frame),
        "objects": await sweep_objects(frame, next(parts)),
    }
    if any(gone.values()):
        log.info("materials swept", **gone)
    return gone


async def sweep_uploads(frame: Frame) -> int:
    """Those that expired, and spool files whose upload is gone."""
    spool, now = spool_of(frame), frame.now()
    async with frame.database.read() as session:
        expired = await UploadRepository(session).expired(now, _BATCH)
    before = (now - UNUSED).timestamp()
    old = [one for one in await asyncio.to_thread(_older, spool.root, before)]
    async with frame.database.read() as session:
        known = await UploadRepository(session).there(old)
    return sum([await _sweep_upload(frame, one) for one in {*expired, *(set(old) - known)}])


async def _sweep_upload(frame: Frame, key: UUID) -> bool:
    spool = spool_of(frame)
    try:
        with spool.held(key):
            async with frame.database.write() as session:
                found = await UploadRepository(session).by_id(key)
                if found is not None and found.expires_at >= frame.now():
                    return False
                if found is not None:
                    await session.delete(found)
            spool.remove(key)
    except Locked:
        return False
    return True


def _older(root: Path, before: float) -> list[UUID]:
    found: list[UUID] = []
    for path in root.iterdir():
        if path.stat().st_mtime >= before:
            continue
        try:
            found.append(UUID(path.name))
        except ValueError:
            path.unlink(missing_ok=True)  # a checked part, or a cleaned copy, whose request died
    return found


async def sweep_files(frame: Frame) -> int:
    before = frame.now() - UNUSED
    async with frame.database.read() as session:
        unused = await StoredFileRepository(session).unused(before, _BATCH)
    gone = 0
    for key in unused:
        # One transaction each: the object goes while its row is locked, so that whoever brings the
        # same content in this moment waits, finds no object, and puts it again.
        async with frame.database.write() as session:
            found = await StoredFileRepository(session).still_unused(key, before)
            if found is not None:
                await _drop(session, frame, found)
                gone += 1
    return gone


async def _drop(session: WriteSession, frame: Frame, stored: StoredFile) -> None:
    await session.delete(stored)
    await session.flush()
    await FileStore(frame).delete(stored.key)


async def sweep_objects(frame: Frame, part: str) -> int:
    """Objects without a row: of a transaction that was rolled back after the file was put."""
    store = FileStore(frame)
    before = (frame.now() - UNUSED).timestamp()
    found = [key for key, at in await store.keys(part) if at < before]
    gone = 0
    for begin in range(0, len(found), _BATCH):
        batch = found[begin : begin + _BATCH]
        async with frame.database.read() as session:
            known = await StoredFileRepository(session).known(batch)
        gone += sum([await _sweep_object(frame, key) for key in batch if key not in known])
    return gone


class _Undo(Exception):
    pass


async def _sweep_object(frame: Frame, key: str) -> bool:
    """Under the row it has not got: nobody can claim the same content meanwhile."""
    try:
        async with frame.database.write() as session:
            repository = StoredFileRepository(session)
            if await repository.known([key]):
                return False
            await repository.claim(
                key=key, sha256=key[-64:], size=0, media_type="", now=frame.now()
            )
            await FileStore(frame).delete(key)
            raise _Undo
    except _Undo:
        return True
