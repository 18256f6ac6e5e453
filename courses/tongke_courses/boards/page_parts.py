"""What other pages show of boards: the few topics about a thing, and where to ask about it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from tongke_courses.boards import rights, service, words
from tongke_courses.boards.page_forms import ask_address
from tongke_courses.boards.schemas import TopicOut
from tongke_courses.textbooks.models import TextbookNode
from tongke_platform.database import ReadSession
from tongke_platform.people.roles import Scope
from tongke_platform.rights import Principal

FEW = 5


@dataclass(frozen=True)
class About:
    """``topics`` about the thing itself, the one last written in first; ``more`` are not among them.
    ``below``: how many are about what stands below it. ``ask``: where to ask, empty for who writes in
    no group. ``of_materials``: by material of the page.
    """

    topics: Sequence[TopicOut]
    ask: str
    more: int = 0
    below: int = 0
    of_materials: Mapping[UUID, Sequence[TopicOut]] = field(default_factory=dict)

    @property
    def few(self) -> Sequence[TopicOut]:
        return self.topics[:FEW]

    @property
    def others(self) -> int:
        """How many are not among the few."""
        return len(self.topics) + self.more - len(self.few)

    @property
    def words(self) -> object:
        """How states are called."""
        return words

    def at(self, material_id: UUID) -> Sequence[TopicOut]:
        return self.of_materials.get(material_id, ())[:FEW]

    def ask_of(self, material_id: UUID) -> str:
        return ask_address(material=material_id) if self.ask else ""


def writes(principal: Principal) -> bool:
    return any(post.scope is Scope.GROUP for post in rights.WRITE.posts(principal))


def _belongs(principal: Principal | None) -> bool:
    """To any group: there is nothing to say to others."""
    return principal is not None and bool(rights.groups_read(principal))


async def about(
    session: ReadSession,
    principal: Principal | None,
    *,
    lesson_id: UUID | None = None,
    node_id: UUID | None = None,
) -> About | None:
    """All about a lesson, whose moments stand on its replay; the few about a node. None for who
    belongs to no group.
    """
    if principal is None or not _belongs(principal):
        return None
    limit = service.MOST_ABOUT if lesson_id else FEW
    found, every = await service.about(
        session, principal, lesson_id=lesson_id, node_id=node_id, limit=limit
    )
    ask = ask_address(lesson=lesson_id, node=node_id)
    return About(found, ask if writes(principal) else "", every - len(found))


async def around(
    session: ReadSession,
    principal: Principal | None,
    *,
    lesson_id: UUID | None = None,
    course_id: UUID | None = None,
    materials: Collection[UUID] = (),
) -> About | None:
    """Of a lesson or course that is being shown to them, with its ``materials``. None for who belongs
    to no group.
    """
    if principal is None or not _belongs(principal):
        return None
    found = await service.around(
        session, principal, lesson_id=lesson_id, course_id=course_id, materials=materials
    )
    by_material: dict[UUID, list[TopicOut]] = {}
    itself: list[TopicOut] = []
    for one in found:
        at = one.anchor.id if one.anchor else None
        if at is not None and at in materials:
            by_material.setdefault(at, []).append(one)
        else:
            itself.append(one)
    ask = ask_address(lesson=lesson_id, course=course_id)
    return About(itself, ask if writes(principal) else "", of_materials=by_material)


async def at_node(session: ReadSession, principal: Principal, node: TextbookNode) -> About | None:
    """Of a place above the books. None for who belongs to no group."""
    if not _belongs(principal):
        return None
    found, itself, below = await service.at_node(session, principal, node, FEW)
    ask = ask_address(node=node.id) if writes(principal) else ""
    return About(found, ask, itself - len(found), below)
