"""Choosing a book: down the textbook tree, a step at a time, or one that a class of ours uses."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tongke_courses.textbooks import classrooms
from tongke_courses.textbooks import service as textbooks
from tongke_courses.textbooks.models import NodeKind, TextbookNode
from tongke_courses.textbooks.repository import NodeRepository
from tongke_platform.database import ReadSession
from tongke_platform.errors import N_, NotFound
from tongke_platform.rights import Principal

ASKED = {
    NodeKind.STAGE: N_("Which stage?"),
    NodeKind.SYSTEM: N_("Which school system?"),
    NodeKind.SUBJECT: N_("Which subject?"),
    NodeKind.EDITION: N_("Which edition?"),
    NodeKind.GRADE: N_("Which grade?"),
    NodeKind.VOLUME: N_("Which volume?"),
}


@dataclass(frozen=True)
class Book:
    """A volume in words."""

    id: UUID
    stage: str
    subject: str
    edition: str
    grade: str
    volume: str

    @property
    def name(self) -> str:
        parts = (self.subject, self.edition, self.grade + self.volume)
        return " ".join(one for one in parts if one)


@dataclass(frozen=True)
class Step:
    """One question: ``nodes`` to choose from; ``ours``: books of one's own classes, at the top."""

    place: textbooks.Place | None
    nodes: Sequence[TextbookNode]
    ours: Sequence[Book] = ()

    @property
    def question(self) -> str:
        return ASKED.get(self.nodes[0].kind, "") if self.nodes else ""


def book_of(place: textbooks.Place) -> Book:
    node = place.above(NodeKind.VOLUME) or place.node
    return Book(
        node.id, place.name("stage"), place.name("subject"), place.name("edition"),
        place.name("grade"), place.name("volume"),
    )  # fmt: skip


async def book(session: ReadSession, key: UUID | None) -> Book | None:
    """None for what is no volume, or nothing."""
    if key is None:
        return None
    try:
        place = await textbooks.place(session, key)
    except NotFound:
        return None
    return book_of(place) if place.above(NodeKind.VOLUME) else None


async def step(session: ReadSession, by: Principal, at: UUID | None) -> Step:
    """Where there is only one way on, it is gone. Raises NotFound."""
    if at is None:
        roots = await textbooks.children(session, None, None, 100)
        return Step(None, roots, await _ours(session, by))
    place = await textbooks.place(session, at)
    while len(place.children) == 1 and place.children[0].kind in ASKED:
        place = await textbooks.place(session, place.children[0].id)
    return Step(place, [one for one in place.children if one.kind in ASKED])


async def _ours(session: ReadSession, by: Principal) -> list[Book]:
    rows = await classrooms.classes_of(session, by)
    uses = await textbooks.class_uses(session, [row.school_class.id for row in rows])
    volumes = dict.fromkeys(one.volume_id for row in rows for one in uses[row.school_class.id])
    found = [await book(session, key) for key in list(volumes)[:8]]
    return [one for one in found if one is not None]


async def periods(session: ReadSession, volume_id: UUID | None) -> list[tuple[TextbookNode, int]]:
    """What stands in a volume, in its order, with how deep: 0 a unit, 1 a period."""
    if volume_id is None:
        return []
    try:
        node = await textbooks.get(session, volume_id)
    except NotFound:
        return []
    inside = [one for one in await NodeRepository(session).subtree(node) if one.id != node.id]
    inside = [one for one in inside if one.kind in (NodeKind.UNIT, NodeKind.PERIOD)]
    ordered: list[tuple[TextbookNode, int]] = []
    for unit in (one for one in inside if one.kind is NodeKind.UNIT):
        ordered.append((unit, 0))
        ordered += [(one, 1) for one in inside if one.parent_id == unit.id]
    return ordered


def fields(book: Book) -> dict[str, Any]:
    return {
        "textbook_id": book.id,
        "stage": book.stage,
        "subject": book.subject,
        "edition": book.edition,
        "grade": book.grade,
    }
