"""Materials and captions as kinds of what can be found."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import select

from tongke_courses.catalogue.repository import CourseRepository
from tongke_courses.lessons.repository import LessonRepository
from tongke_courses.materials.indexing import CAPTION, MATERIAL
from tongke_courses.materials.models import Material
from tongke_courses.materials.service import INDEX
from tongke_courses.search import kinds
from tongke_courses.search.models import SearchEntry
from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.errors import N_
from tongke_platform.jobs import Job
from tongke_platform.rights import Principal


async def materials_readable(
    session: ReadSession, principal: Principal | None, keys: Sequence[UUID]
) -> set[UUID]:
    statement = select(Material.id, Material.lesson_id, Material.course_id).where(
        Material.id.in_(keys), Material.removed_at.is_(None)
    )
    rows = (await session.execute(statement)).all()
    lessons = {row.id: row.lesson_id for row in rows if row.lesson_id is not None}
    courses = {row.id: row.course_id for row in rows if row.course_id is not None}
    seen = await CourseRepository(session).ids_seen(principal, list(set(courses.values())))
    return await _of_lessons(session, principal, lessons) | {
        key for key, course in courses.items() if course in seen
    }


async def captions_readable(
    session: ReadSession, principal: Principal | None, keys: Sequence[UUID]
) -> set[UUID]:
    """A stretch of captions has no row of its own but in the index: its lesson is asked."""
    statement = select(SearchEntry.object_id, SearchEntry.parent_id).where(
        SearchEntry.kind == CAPTION, SearchEntry.object_id.in_(keys)
    )
    rows = (await session.execute(statement)).all()
    lessons = {row.object_id: row.parent_id for row in rows if row.parent_id is not None}
    return await _of_lessons(session, principal, lessons)


async def _of_lessons(
    session: ReadSession, principal: Principal | None, lessons: Mapping[UUID, UUID]
) -> set[UUID]:
    """Those whose lesson may be watched."""
    asked = list(set(lessons.values()))
    seen = await LessonRepository(session).readable_among(principal, asked)
    return {key for key, lesson in lessons.items() if lesson in seen}


async def ask_again(session: WriteSession) -> None:
    """Every material is read once more, in a job of its own."""
    there = await session.execute(select(Material.id).where(Material.removed_at.is_(None)))
    session.add_all(Job(kind=INDEX, payload={"material": str(key)}) for key in there.scalars())
    await session.flush()


def _second(place: kinds.Place) -> str:
    return f"?t={place.at_seconds}" if place.at_seconds else ""


def register() -> None:
    kinds.register(
        kinds.Kind(
            name=MATERIAL,
            label=N_("Material"),
            icon="file-text",
            href=lambda place: f"/materials/{place.id}",
            readable_ids=materials_readable,
            ask_again=ask_again,
        )
    )
    kinds.register(
        kinds.Kind(
            name=CAPTION,
            label=N_("Captions"),
            icon="captions",
            href=lambda place: f"/lessons/{place.parent_id}/replay{_second(place)}",
            readable_ids=captions_readable,
        )
    )
