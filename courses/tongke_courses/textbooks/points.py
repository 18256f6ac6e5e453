"""Knowledge points: what units and periods of several editions teach alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from tongke_courses.textbooks import service
from tongke_courses.textbooks.models import KnowledgeLink, KnowledgePoint, NodeKind, TextbookNode
from tongke_courses.textbooks.repository import LinkRepository, NodeRepository, PointRepository
from tongke_courses.textbooks.rights import ADD
from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.errors import N_, Forbidden, Invalid, NotFound
from tongke_platform.rights import Principal

NO_POINT = N_("There is no such knowledge point.")
NOT_TAUGHT = N_("Knowledge points belong to units and lessons of a book.")


@dataclass(frozen=True)
class Alike:
    """Where another edition teaches the same; ``line`` leads from the root to the node."""

    point: KnowledgePoint
    node: TextbookNode
    line: Sequence[TextbookNode]


async def search(session: ReadSession, subject: str, words: str) -> Sequence[KnowledgePoint]:
    return await PointRepository(session).search(subject, words, limit=50)


async def below(session: ReadSession, node: TextbookNode) -> Sequence[tuple[UUID, KnowledgePoint]]:
    """The points of a volume, unit or period and all that stands in it, with where each is."""
    inside = await NodeRepository(session).subtree(node)
    return await PointRepository(session).of_nodes([node.id, *(one.id for one in inside)])


async def alike(session: ReadSession, node: TextbookNode) -> list[Alike]:
    """Where other books teach what ``node``, or what stands in it, teaches."""
    known = {point.id: point for _, point in await below(session, node)}
    found = await LinkRepository(session).nodes([*known], beside=node)
    lines = await service.line(session, [one for _, one in found])
    return [Alike(known[point], one, lines[one.id]) for point, one in found]


async def link(session: WriteSession, by: Principal, node_id: UUID, name: str) -> KnowledgePoint:
    """The node teaches the point of this name, which is made when there is none. Twice is once.

    Raises Forbidden, NotFound, Invalid ``not_taught``.
    """
    if not ADD.allows_anywhere(by):
        raise Forbidden
    place = await service.place(session, node_id)
    subject = place.name(NodeKind.SUBJECT)
    if place.node.kind not in service.BELOW_VOLUME:
        raise Invalid(NOT_TAUGHT, code="not_taught")
    # Two who name the same point at once come one after the other.
    await NodeRepository(session).take_turn()
    point = await PointRepository(session).called(subject, name)
    if point is None:
        made = KnowledgePoint(subject=subject, name=name, by_id=by.id)
        point = await PointRepository(session).add(made)
    links = LinkRepository(session)
    if await links.find(point.id, node_id) is None:
        await links.add(KnowledgeLink(point_id=point.id, node_id=node_id))
    return point


async def unlink(session: WriteSession, by: Principal, node_id: UUID, point_id: UUID) -> None:
    """By researchers, and by who named the point. Raises Forbidden, NotFound."""
    point = await PointRepository(session).by_id(point_id)
    mine = point is not None and point.by_id == by.id and ADD.allows_anywhere(by)
    if not mine and not service.may_manage(by):
        raise Forbidden
    found = await LinkRepository(session).find(point_id, node_id)
    if found is None:
        raise NotFound(NO_POINT, code="no_point")
    await LinkRepository(session).remove(found.id)
