"""The captions of a lesson, read from its materials."""

import asyncio
from uuid import UUID

from tongke_courses.materials import captions, service
from tongke_courses.materials.models import Material, MaterialKind, StoredFile
from tongke_courses.materials.store import FileStore
from tongke_platform.database import ReadSession
from tongke_platform.errors import N_
from tongke_platform.frame import Frame

NO_CAPTIONS = N_("This lesson has no captions.")


async def material_of(session: ReadSession, lesson_id: UUID) -> Material | None:
    """The captions that changed last; None without any."""
    found = [
        one
        for one in await service.of_lesson(session, lesson_id)
        if one.kind is MaterialKind.CAPTIONS and one.current is not None
    ]
    return max(found, key=lambda one: one.changed_at, default=None)


async def has_captions(session: ReadSession, lesson_id: UUID) -> bool:
    return await material_of(session, lesson_id) is not None


async def of_lesson(session: ReadSession, frame: Frame, lesson_id: UUID) -> str | None:
    """WebVTT. Raises StoreTrouble."""
    found = await material_of(session, lesson_id)
    if found is None or found.current is None:
        return None
    data = await read(frame, found.current.file)
    return await asyncio.to_thread(lambda: captions.to_vtt(captions.parse(data)))


async def read(frame: Frame, stored: StoredFile) -> bytes:
    """The file as far as it is looked at; empty when the store has lost it."""
    end = min(stored.size, captions.MAX_BYTES)
    try:
        parts = await FileStore(frame).open_range(stored.key, 0, end)
        return b"".join([one async for one in parts])
    except FileNotFoundError:
        return b""
