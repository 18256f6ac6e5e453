"""Rules of materials: files with versions and links, of a lesson or a course as a whole."""

from collections.abc import Sequence
from typing import TypedDict
from urllib.parse import urlsplit
from uuid import UUID

from tongke_courses.catalogue.models import Course, Licence
from tongke_courses.lessons.models import Lesson
from tongke_courses.materials import looking, names
from tongke_courses.materials.models import Material, MaterialKind, MaterialVersion, StoredFile
from tongke_courses.materials.repository import MaterialRepository, VersionRepository
from tongke_courses.materials.rights import NO_MATERIAL, Owner
from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.errors import N_, Conflict, Invalid, NotFound
from tongke_platform.frame import Frame

INDEX = "materials.index"

BAD_LINK = N_("A link begins with http:// or https:// and names a site.")
GONE = N_("This material was taken away. Please bring it back first.")
IS_LINK = N_("A link has no versions. Please change its address, or add a file of its own.")


async def of_lesson(
    session: ReadSession, lesson_id: UUID, *, removed: bool = False
) -> Sequence[Material]:
    """In their order, each with its current version and file; ``removed``: those taken away too."""
    return await MaterialRepository(session).of(lesson_id=lesson_id, removed=removed)


async def of_course(
    session: ReadSession, course_id: UUID, *, removed: bool = False
) -> Sequence[Material]:
    """Those of the course as a whole, not those of its lessons."""
    return await MaterialRepository(session).of(course_id=course_id, removed=removed)


async def of_owner(
    session: ReadSession, owner: Owner, *, removed: bool = False
) -> Sequence[Material]:
    if isinstance(owner, Lesson):
        return await of_lesson(session, owner.id, removed=removed)
    return await of_course(session, owner.id, removed=removed)


async def get(session: ReadSession, material_id: UUID) -> Material:
    """Raises NotFound ``no_material``."""
    found = await MaterialRepository(session).by_id(material_id)
    if found is None:
        raise NotFound(NO_MATERIAL, code="no_material")
    return found


async def versions_of(session: ReadSession, material: Material) -> Sequence[MaterialVersion]:
    return await VersionRepository(session).of_material(material.id)


async def version(session: ReadSession, version_id: UUID) -> tuple[MaterialVersion, Material]:
    """Raises NotFound ``no_material``."""
    found = await VersionRepository(session).by_id(version_id)
    if found is None:
        raise NotFound(NO_MATERIAL, code="no_material")
    return found, await get(session, found.material_id)


class Place(TypedDict):
    lesson_id: UUID | None
    course_id: UUID | None


class Said(TypedDict):
    """What whoever adds a material says about it."""

    title: str
    by: UUID | None
    licence: Licence | None
    credits: str


def place_of(owner: Owner) -> Place:
    """Where what belongs to ``owner`` is put."""
    return {
        "lesson_id": owner.id if isinstance(owner, Lesson) else None,
        "course_id": owner.id if isinstance(owner, Course) else None,
    }


async def add_file(
    session: WriteSession,
    frame: Frame,
    *,
    lesson_id: UUID | None = None,
    course_id: UUID | None = None,
    name: str,
    stored: StoredFile,
    title: str = "",
    by: UUID | None = None,
    licence: Licence | None = None,
    credits: str = "",
    kind: MaterialKind | None = None,
    position: int | None = None,
) -> Material:
    """A file of the store as a new material at the end, or at ``position``. The same file under the
    same name at the same place is the material there is. ``kind`` None: by its content.

    Raises Invalid ``program``.
    """
    name = names.clean(name)
    looking.check_name(name)
    materials = MaterialRepository(session)
    there = await materials.same(lesson_id, course_id, name, stored.id)
    if there is not None:
        return there
    made = Material(
        lesson_id=lesson_id,
        course_id=course_id,
        kind=kind or looking.kind_of(stored.media_type),
        title=(title.strip() or names.split(name)[0])[:200],
        licence=licence.value if licence else "",
        credits=credits,
        position=await _position(materials, position, lesson_id, course_id),
        changed_at=frame.now(),
        by_id=by,
    )
    await materials.add(made)
    await _add_version(session, made, name, stored.id, by=by, note="")
    return await _changed(session, frame, made)


async def _position(
    materials: MaterialRepository,
    wanted: int | None,
    lesson_id: UUID | None,
    course_id: UUID | None,
) -> int:
    if wanted is not None:
        return wanted
    return await materials.next_position(lesson_id, course_id)


async def _add_version(
    session: WriteSession,
    material: Material,
    name: str,
    file_id: UUID,
    *,
    by: UUID | None,
    note: str,
) -> None:
    versions = VersionRepository(session)
    made = MaterialVersion(
        material_id=material.id,
        number=await versions.last_number(material.id) + 1,
        name=name,
        file_id=file_id,
        note=note,
        by_id=by,
    )
    await versions.add(made)
    material.current_id = made.id


async def add_link(
    session: WriteSession,
    frame: Frame,
    *,
    lesson_id: UUID | None = None,
    course_id: UUID | None = None,
    url: str,
    title: str = "",
    by: UUID | None = None,
    licence: Licence | None = None,
    credits: str = "",
    position: int | None = None,
) -> Material:
    """Raises Invalid ``bad_link``."""
    host = check_link(url)
    materials = MaterialRepository(session)
    made = Material(
        lesson_id=lesson_id,
        course_id=course_id,
        kind=MaterialKind.LINK,
        title=(title.strip() or host)[:200],
        url=url,
        licence=licence.value if licence else "",
        credits=credits,
        position=await _position(materials, position, lesson_id, course_id),
        changed_at=frame.now(),
        by_id=by,
    )
    await materials.add(made)
    return await _changed(session, frame, made)


def check_link(url: str) -> str:
    """The host of an http or https address. Raises Invalid ``bad_link``."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        raise Invalid(BAD_LINK, code="bad_link") from None
    whole = url.isprintable() and not any(one.isspace() for one in url) and len(url) <= 2000
    if not host or not whole or not url.lower().startswith(("http://", "https://")):
        raise Invalid(BAD_LINK, code="bad_link")
    if parts.username is not None:
        raise Invalid(BAD_LINK, code="bad_link")
    return host


async def to_change(session: WriteSession, material_id: UUID) -> Material:
    """Locked. Raises NotFound ``no_material``."""
    found = await MaterialRepository(session).locked_by_id(material_id)
    if found is None:
        raise NotFound(NO_MATERIAL, code="no_material")
    return found


async def add_version(
    session: WriteSession,
    frame: Frame,
    material: Material,
    *,
    name: str,
    stored: StoredFile,
    by: UUID | None = None,
    note: str = "",
) -> Material:
    """A newer file takes the place; older ones are kept. ``material`` comes from ``to_change``.

    Raises Conflict ``removed``, ``is_link``, Invalid ``program``.
    """
    if material.kind is MaterialKind.LINK:
        raise Conflict(IS_LINK, code="is_link")
    if material.removed_at is not None:
        raise Conflict(GONE, code="removed")
    name = names.clean(name)
    looking.check_name(name)
    await _add_version(session, material, name, stored.id, by=by, note=note)
    material.kind = looking.kind_of(stored.media_type)
    return await _changed(session, frame, material)


async def change(
    session: WriteSession, frame: Frame, material: Material, changes: dict[str, object]
) -> Material:
    """Of title, licence (None: that of the course), credits and position those in ``changes``."""
    for field in ("title", "credits", "position"):
        if changes.get(field) is not None:
            setattr(material, field, changes[field])
    if "licence" in changes:
        licence = changes["licence"]
        material.licence = licence.value if isinstance(licence, Licence) else ""
    return await _changed(session, frame, material)


async def move(session: WriteSession, owner: Owner, material_id: UUID, step: int) -> None:
    """One place further up (-1) or down (1) among those that are shown; at the end it stays.

    All of them are locked: of two who move at the same time the second moves what the first has
    left. Raises NotFound ``no_material``, also for one taken away.
    """
    there = await MaterialRepository(session).locked_of(**place_of(owner))
    shown = [one for one in there if one.removed_at is None]
    at = next((at for at, one in enumerate(shown) if one.id == material_id), None)
    if at is None:
        raise NotFound(NO_MATERIAL, code="no_material")
    to = min(max(at + step, 0), len(shown) - 1)
    shown[at], shown[to] = shown[to], shown[at]
    for position, one in enumerate([*shown, *(one for one in there if one.removed_at)]):
        one.position = position
    await session.flush()


async def remove(session: WriteSession, frame: Frame, material: Material) -> Material:
    """No longer shown; its files are kept. Twice is no error."""
    material.removed_at = material.removed_at or frame.now()
    return await _changed(session, frame, material)


async def restore(session: WriteSession, frame: Frame, material: Material) -> Material:
    material.removed_at = None
    return await _changed(session, frame, material)


async def _changed(session: WriteSession, frame: Frame, material: Material) -> Material:
    """Read again with what it is shown with; the search index follows once this is committed."""
    material.changed_at = frame.now()
    await session.flush()
    await frame.jobs.add(session, INDEX, material=str(material.id))
    key = material.id
    session.expire(material)
    return await get(session, key)
