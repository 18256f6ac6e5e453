"""Courses, materials and captions as kinds of the search: their names, addresses and who may see."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from tongke_courses.catalogue.indexing import courses_readable, lessons_readable
from tongke_courses.materials.models import Material
from tongke_courses.search import kinds
from tongke_courses.search.kinds import Kind, Place
from tongke_courses.search.models import SearchEntry
from tongke_platform.database import ReadSession
from tongke_platform.errors import N_
from tongke_platform.rights import Principal


async def materials_readable(
    session: ReadSession, principal: Principal | None, keys: Sequence[UUID]
) -> set[UUID]:
    """Those of lessons one may watch and of courses one may see."""
    statement = select(Material.id, Material.lesson_id, Material.course_id).where(
        Material.id.in_(keys), Material.removed_at.is_(None)
    )
    rows = (await session.execute(statement)).all()
    lessons = {row.lesson_id for row in rows if row.lesson_id is not None}
    courses = {row.course_id for row in rows if row.course_id is not None}
    open_ = await lessons_readable(session, principal, [*lessons])
    open_ |= await courses_readable(session, principal, [*courses])
    return {row.id for row in rows if row.lesson_id in open_ or row.course_id in open_}


async def captions_readable(
    session: ReadSession, principal: Principal | None, keys: Sequence[UUID]
) -> set[UUID]:
    """What was said in lessons one may watch."""
    statement = select(SearchEntry.object_id, SearchEntry.parent_id).where(
        SearchEntry.kind == "caption", SearchEntry.object_id.in_(keys)
    )
    rows = (await session.execute(statement)).all()
    lessons = {row.parent_id for row in rows if row.parent_id is not None}
    open_ = await lessons_readable(session, principal, [*lessons])
    return {row.object_id for row in rows if row.parent_id in open_}


def _said_at(place: Place) -> str:
    return f"/lessons/{place.parent_id}/replay#t={place.at_seconds or 0}"


def register() -> None:
    kinds.register(
        Kind("course", N_("Course"), "book-open", lambda p: f"/courses/{p.id}", courses_readable)
    )
    kinds.register(
        Kind(
            "material", N_("Material"), "file-text", lambda p: f"/materials/{p.id}",
            materials_readable,
        )
    )  # fmt: skip
    kinds.register(Kind("caption", N_("Caption"), "languages", _said_at, captions_readable))
