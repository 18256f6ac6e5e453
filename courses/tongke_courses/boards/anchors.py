"""What topics are about beside their groups. A group opens no lesson, no course and no material:
who may not see the thing sees what kind of thing it is.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from tongke_courses.boards import anchor_repository
from tongke_courses.boards.models import AnchorKind, Topic
from tongke_courses.boards.schemas import AnchorIn, AnchorOut
from tongke_courses.catalogue.repository import CourseRepository
from tongke_courses.lessons.repository import LessonRepository
from tongke_courses.materials.repository import MaterialRepository
from tongke_courses.textbooks import service as textbooks
from tongke_platform.database import ReadSession
from tongke_platform.errors import N_, NotFound
from tongke_platform.rights import Principal

NO_ANCHOR = N_("What this topic is to be about was not found.")
COLUMNS = {
    AnchorKind.LESSON: "lesson_id",
    AnchorKind.MOMENT: "lesson_id",
    AnchorKind.MATERIAL: "material_id",
    AnchorKind.COURSE: "course_id",
    AnchorKind.TEXTBOOK: "node_id",
}
# By column: the ids that somebody may see.
Seen = Mapping[str, set[UUID]]
MOST_LABEL = 300
# Codes of what ``fields`` raises.
MISSING = frozenset({"no_anchor", "no_textbook"})


async def fields(session: ReadSession, by: Principal, wanted: AnchorIn | None) -> dict[str, Any]:
    """Of a topic that is to be about it. Raises NotFound ``no_anchor``, also for what ``by`` may not
    see, ``no_textbook``.
    """
    if wanted is None:
        return {}
    column = COLUMNS[wanted.kind]
    if wanted.id not in (await seen(session, by, {column: {wanted.id}}))[column]:
        raise missing()
    label = await _label(session, column, wanted.id)
    return {
        "anchor": wanted.kind,
        "anchor_label": label[:MOST_LABEL],
        "anchor_at_ms": wanted.at_ms,
        "anchor_page": wanted.page,
        column: wanted.id,
    }


def missing() -> NotFound:
    return NotFound(NO_ANCHOR, code="no_anchor")


async def _label(session: ReadSession, column: str, key: UUID) -> str:
    if column == "node_id":
        return " ".join(one.name for one in (await textbooks.place(session, key)).ancestors)
    found: Any = None
    if column == "lesson_id":
        found = await LessonRepository(session).by_id(key)
    elif column == "course_id":
        found = await CourseRepository(session).by_id(key)
    else:
        found = await MaterialRepository(session).by_id(key)
    if found is None:
        raise missing()
    return str(found.title)


async def seen(session: ReadSession, by: Principal, asked: Mapping[str, set[UUID]]) -> Seen:
    """Those of ``asked`` that ``by`` may see: one query, or none for places in the textbook alone."""
    found: dict[str, set[UUID]] = {column: set() for column in COLUMNS.values()}
    if any(asked.get(column) for column in anchor_repository.KINDS):
        found |= await anchor_repository.seen(session, by, asked)
    # Textbooks are for all who are signed in.
    found["node_id"] |= asked.get("node_id", set())
    return found


async def shown(
    session: ReadSession, by: Principal, topics: Sequence[Topic]
) -> dict[UUID, AnchorOut]:
    """By topic; those about nothing are left out."""
    anchored = [one for one in topics if one.anchor is not None]
    asked: dict[str, set[UUID]] = {}
    for one in anchored:
        column, key = _of(one)
        if key is not None:
            asked.setdefault(column, set()).add(key)
    may = await seen(session, by, asked)
    return {one.id: out(one, by, may) for one in anchored}


def _of(topic: Topic) -> tuple[str, UUID | None]:
    assert topic.anchor is not None
    column = COLUMNS[topic.anchor]
    key: UUID | None = getattr(topic, column)
    return column, key


def out(topic: Topic, by: Principal, may: Seen) -> AnchorOut:
    """Of a topic that is about something."""
    assert topic.anchor is not None
    column, key = _of(topic)
    if key is None:
        label = topic.anchor_label if topic.by_id == by.id else ""
        return AnchorOut(kind=topic.anchor, label=label, gone=True)
    if key not in may[column]:
        return AnchorOut(kind=topic.anchor)
    return AnchorOut(
        kind=topic.anchor,
        id=key,
        label=topic.anchor_label,
        at_ms=topic.anchor_at_ms,
        page=topic.anchor_page,
        href=_href(topic, key),
    )


def _href(topic: Topic, key: UUID) -> str:
    if topic.anchor is AnchorKind.MOMENT:
        return f"/lessons/{key}/replay?t={(topic.anchor_at_ms or 0) // 1000}"
    if topic.anchor is AnchorKind.MATERIAL:
        return f"/materials/{key}" + (f"?page={topic.anchor_page}" if topic.anchor_page else "")
    places = {AnchorKind.LESSON: "lessons", AnchorKind.COURSE: "courses"}
    return f"/{places.get(topic.anchor or AnchorKind.TEXTBOOK, 'textbooks')}/{key}"
