"""适合本班: whether courses and lessons suit a class, by its textbook and how far it has come."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from tongke_courses.catalogue.fit_repository import FitRepository, Node, Used
from tongke_courses.catalogue.models import Course
from tongke_courses.lessons.models import Lesson
from tongke_courses.lessons.rights import WATCH
from tongke_courses.textbooks.models import NodeKind
from tongke_platform.classes.repository import ClassRepository
from tongke_platform.classes.service import NO_CLASS
from tongke_platform.database import ReadSession
from tongke_platform.errors import NotFound
from tongke_platform.organisations.models import SchoolClass
from tongke_platform.rights import Principal


class EditionFit(StrEnum):
    SAME = "same"
    OTHER = "other"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Fit:
    """``progress``: periods until the class is there, negative when it has passed it; ``size_bytes``
    of the materials. None: not known.
    """

    edition: EditionFit
    progress: int | None = None
    size_bytes: int | None = None


@dataclass(frozen=True)
class Thing:
    """What is asked about: a course or a lesson."""

    id: UUID
    subject: str
    edition: str
    node: UUID | None

    @classmethod
    def of(cls, thing: Course | Lesson, course: Course | None = None) -> "Thing":
        """``course``: that of a lesson, when it is known; it says what the lesson does not."""
        if isinstance(thing, Course):
            return cls(thing.id, thing.subject, thing.edition, thing.textbook_id)
        node = thing.textbook_id or (course.textbook_id if course else None)
        return cls(thing.id, thing.subject, course.edition if course else "", node)


@dataclass
class Shelf:
    """The volume a class uses in a subject. ``places``: the number of the period a node begins with,
    by node; ``by_point``: the first place a knowledge point is taught at.
    """

    used: Used
    edition_id: UUID | None = None
    edition: str = ""
    places: dict[UUID, int] = field(default_factory=dict)
    by_point: dict[UUID, int] = field(default_factory=dict)


async def class_seen(session: ReadSession, by: Principal, key: UUID) -> SchoolClass:
    """Whose lessons the principal may watch. Raises NotFound."""
    found = await ClassRepository(session).by_id(key)
    if found is None or not WATCH.allows(by, found.organisation):
        raise NotFound(NO_CLASS, code="no_class")
    return found


async def fit(
    session: ReadSession,
    principal: Principal,
    things: Sequence[Course | Lesson],
    class_id: UUID,
    course: Course | None = None,
) -> dict[UUID, Fit]:
    """By id; three queries for any number of things. ``class_id``: of one that ``class_seen`` gives;
    ``course``: that of the lessons, where they have one in common.
    """
    asked = [Thing.of(one, course) for one in things]
    repository = FitRepository(session)
    used = await repository.used(class_id, {one.subject for one in asked})
    nodes = await repository.nodes(
        [one.volume_path for one in used], [one.node for one in asked if one.node is not None]
    )
    sizes = await repository.sizes([one.id for one in asked])
    shelves = {one.subject: _shelf(one, nodes) for one in used}
    return {one.id: _fit(one, shelves.get(one.subject), nodes, sizes.get(one.id)) for one in asked}


def _shelf(used: Used, nodes: Mapping[UUID, Node]) -> Shelf:
    found = Shelf(used)
    for key in _ids(used.volume_path):
        node = nodes.get(key)
        if node is not None and node.kind is NodeKind.EDITION:
            found.edition_id, found.edition = node.id, node.name
    inside = [one for one in nodes.values() if one.path.startswith(used.volume_path)]
    ordered = sorted(inside, key=lambda one: _order(one, nodes, used.volume_path))
    leaves = {one.id for one in inside} - {_parent(one.path) for one in inside}
    number = 0
    for node in ordered:
        found.places[node.id] = number
        for point in node.points:
            found.by_point.setdefault(point, number)
        number += node.id in leaves
    return found


def _order(node: Node, nodes: Mapping[UUID, Node], volume_path: str) -> list[tuple[int, str]]:
    """Its place in reading order: the positions from the volume down."""
    way = (nodes.get(key) for key in _ids(node.path[len(volume_path) :]))
    return [(one.position, str(one.id)) for one in way if one is not None]


def _ids(path: str) -> list[UUID]:
    return [UUID(one) for one in path.split("/") if one]


def _parent(path: str) -> UUID | None:
    above = _ids(path)[:-1]
    return above[-1] if above else None


def _fit(thing: Thing, shelf: Shelf | None, nodes: Mapping[UUID, Node], size: int | None) -> Fit:
    node = nodes.get(thing.node) if thing.node is not None else None
    if shelf is None:
        return Fit(EditionFit.UNKNOWN, None, size)
    return Fit(_edition(thing, shelf, node), _progress(shelf, node), size)


def _edition(thing: Thing, shelf: Shelf, node: Node | None) -> EditionFit:
    if node is not None and shelf.edition_id is not None:
        same = str(shelf.edition_id) in node.path or shelf.edition_id.hex in node.path
        return EditionFit.SAME if same else EditionFit.OTHER
    if not thing.edition or not shelf.edition:
        return EditionFit.UNKNOWN
    # 人教版-人民教育出版社 is 人教版.
    same = thing.edition.partition("-")[0] == shelf.edition.partition("-")[0]
    return EditionFit.SAME if same else EditionFit.OTHER


def _progress(shelf: Shelf, node: Node | None) -> int | None:
    reached = shelf.places.get(shelf.used.reached_id) if shelf.used.reached_id else None
    if node is None or reached is None or node.id == shelf.used.volume_id:
        return None
    place = shelf.places.get(node.id)
    if place is None:
        # Another edition: what teaches the same thing in the class's own book.
        alike = [shelf.by_point[one] for one in node.points if one in shelf.by_point]
        place = min(alike, default=None)
    return None if place is None else place - reached
