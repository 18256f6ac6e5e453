"""Rules of a course's picture: believed once it is decoded, small, without what a camera wrote."""

from uuid import UUID

from tongke_courses.catalogue import rights, service
from tongke_courses.catalogue.models import Course
from tongke_courses.materials.models import StoredFile
from tongke_courses.materials.store import FileStore
from tongke_platform import pictures
from tongke_platform.database import ReadSession
from tongke_platform.errors import N_, NotFound
from tongke_platform.frame import Frame
from tongke_platform.rights import Principal

# Wide enough for a course's page on a dense screen, about 60 kB: lists show twenty of them.
SIDE = 800
NO_COVER = N_("This course has no picture.")


async def of_course(session: ReadSession, principal: Principal | None, key: UUID) -> StoredFile:
    """For who may see the course. Raises NotFound, Unauthorized."""
    course = await service.get(session, principal, key)
    found = await session.get(StoredFile, course.cover_id) if course.cover_id else None
    if found is None:
        raise NotFound(NO_COVER, code="no_cover")
    return found


async def put(frame: Frame, by: Principal, key: UUID, data: bytes) -> Course:
    """``data`` is a JPEG, PNG or WebP of any size. Raises NotFound, Forbidden, Invalid
    ``no_picture``, ``picture_too_large``, StoreTrouble.
    """
    async with frame.database.read() as reading:
        rights.check_edit(by, await service.get(reading, by, key))
    made = await pictures.photograph(data, SIDE)
    stored = await FileStore(frame).put_bytes(made)
    return await _set(frame, by, key, stored.id)


async def take_away(frame: Frame, by: Principal, key: UUID) -> Course:
    """Without one is no error. Raises NotFound, Forbidden."""
    return await _set(frame, by, key, None)


async def _set(frame: Frame, by: Principal, key: UUID, cover_id: UUID | None) -> Course:
    async with frame.database.write() as session:
        return await service.set_cover(frame, session, by, key, cover_id)
