"""Which of the things topics are about somebody may see: one statement, of whatever kinds they are."""

from collections.abc import Mapping
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, literal, or_, select, union_all

from tongke_courses.catalogue import sight
from tongke_courses.catalogue.models import Course
from tongke_courses.catalogue.sight import Sight
from tongke_courses.lessons.models import Lesson
from tongke_courses.lessons.reach import asked_by
from tongke_courses.lessons.repository import readable_of
from tongke_courses.lessons.rights import WATCH
from tongke_courses.materials.models import Material
from tongke_platform.database import ReadSession
from tongke_platform.rights import Principal

KINDS = ("lesson_id", "course_id", "material_id")


def _asked(column: Any, name: str) -> Any:
    """Those of ``name``, and those that materials asked about belong to."""
    materials = Material.id.in_(bindparam("material_id", expanding=True))
    holders = select(getattr(Material, name)).where(materials)
    return or_(column.in_(bindparam(name, expanding=True)), column.in_(holders))


@cache
def _statement(watching: int | None, who: Sight) -> Any:
    """Rows of kind, id, and what a material belongs to; that is for the caller to look at."""
    lessons = select(literal("lesson_id"), Lesson.id, Lesson.id).where(
        _asked(Lesson.id, "lesson_id"),
        readable_of(watching, lambda column: _asked(column, "lesson_id")),
    )
    courses = select(literal("course_id"), Course.id, Course.id).where(
        _asked(Course.id, "course_id"), sight.seen_by(who)
    )
    materials = select(
        literal("material_id"), Material.id, func.coalesce(Material.lesson_id, Material.course_id)
    ).where(
        Material.id.in_(bindparam("material_id", expanding=True)), Material.removed_at.is_(None)
    )
    return union_all(lessons, courses, materials)


async def seen(
    session: ReadSession, by: Principal, asked: Mapping[str, set[UUID]]
) -> dict[str, set[UUID]]:
    """By column, those of KINDS among ``asked``; the same as each kind's own rule says."""
    eyes = sight.eyes(by)
    keys = {name: list(asked.get(name, ())) for name in KINDS}
    rows: Any = await session.execute(
        _statement(WATCH.regions(by), eyes.sight), {**asked_by(by), **eyes.values, **keys}
    )
    found: dict[str, set[UUID]] = {name: set() for name in KINDS}
    belongs: dict[UUID, UUID] = {}
    for name, key, holder in rows.all():
        found[name].add(key)
        if name == "material_id":
            belongs[key] = holder
    holders = found["lesson_id"] | found["course_id"]
    found["material_id"] = {key for key, holder in belongs.items() if holder in holders}
    return {name: found[name] & asked.get(name, set()) for name in KINDS}
