"""Rules of the textbook tree: finding a book, and what a volume holds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from tongke_courses.textbooks import contents, words
from tongke_courses.textbooks.models import ClassTextbook, NodeKind, TextbookNode
from tongke_courses.textbooks.repository import (
    AliasRepository,
    ClassTextbookRepository,
    NodeRepository,
)
from tongke_courses.textbooks.rights import ADD, MANAGE
from tongke_platform.database import ReadSession, WriteSession, uuid7
from tongke_platform.errors import N_, Conflict, Forbidden, Invalid, NotFound
from tongke_platform.rights import Principal

BELOW_VOLUME = (NodeKind.UNIT, NodeKind.PERIOD)
HOLDERS = {NodeKind.UNIT: (NodeKind.VOLUME,), NodeKind.PERIOD: (NodeKind.UNIT, NodeKind.VOLUME)}
NO_NODE = N_("There is no such textbook.")
TAKEN = N_("Something of this name stands here already.")
NOT_HERE = N_("Units stand in a volume, lessons in a unit or a volume.")
STANDS = N_(
    "Only units and lessons can be changed here; the textbooks themselves come from a list."
)
FILLED = N_("This book has its units already. A teaching researcher can correct them.")


@dataclass(frozen=True)
class Place:
    """A node, from the root down to it, and what stands right below."""

    node: TextbookNode
    ancestors: Sequence[TextbookNode]
    children: Sequence[TextbookNode]

    def name(self, kind: NodeKind | str) -> str:
        """What the node or the one above it of this kind is called; empty where there is none."""
        return next((one.name for one in self.ancestors if one.kind == kind), "")

    def above(self, kind: NodeKind) -> TextbookNode | None:
        return next((one for one in self.ancestors if one.kind == kind), None)


async def get(session: ReadSession, key: UUID) -> TextbookNode:
    """Raises NotFound."""
    found = await NodeRepository(session).by_id(key)
    if found is None:
        raise NotFound(NO_NODE, code="no_textbook")
    return found


async def place(session: ReadSession, key: UUID) -> Place:
    """Raises NotFound."""
    repository = NodeRepository(session)
    node = await get(session, key)
    chain = await line(session, [node])
    return Place(node, chain[node.id], await repository.children(node))


async def line(
    session: ReadSession, nodes: Iterable[TextbookNode]
) -> dict[UUID, list[TextbookNode]]:
    """From the root down to each node, itself included."""
    listed = [*nodes]
    known = await NodeRepository(session).ancestors(listed)
    return {one.id: [known[UUID(part)] for part in one.path.split("/") if part] for one in listed}


async def children(
    session: ReadSession, parent_id: UUID | None, kind: NodeKind | None, limit: int
) -> Sequence[TextbookNode]:
    """Raises NotFound."""
    parent = await get(session, parent_id) if parent_id else None
    return await NodeRepository(session).children(parent, kind=kind, limit=limit)


async def resolve(
    session: ReadSession,
    *,
    stage: str = "",
    system: str = "",
    subject: str = "",
    edition: str = "",
    grade: str = "",
    volume: str = "",
) -> TextbookNode | None:
    """The node these names lead to; other names of an edition count, and 六•三 goes first.

    None when a name leads nowhere, or none is given.
    """
    wanted = (
        (NodeKind.STAGE, stage),
        (NodeKind.SYSTEM, system),
        (NodeKind.SUBJECT, subject),
        (NodeKind.EDITION, edition),
        (NodeKind.GRADE, grade),
        (NodeKind.VOLUME, volume),
    )
    found: Sequence[TextbookNode] = []
    for kind, name in wanted:
        if plain := words.even(name):
            found = await _named(session, kind, plain, found)
            if not found:
                return None
    return await _usual(session, found)


async def _named(
    session: ReadSession, kind: NodeKind, name: str, under: Sequence[TextbookNode]
) -> Sequence[TextbookNode]:
    repository = NodeRepository(session)
    names = {name, *await AliasRepository(session).names_of(kind, name)}
    if kind is NodeKind.STAGE:
        names.add(words.STAGES.get(name, name))
    elif kind is NodeKind.SYSTEM:
        names.add(words.system_of(name) or name)
    elif kind is NodeKind.GRADE:
        names.add(words.grade_name(name))
    elif kind is NodeKind.EDITION:
        names.add(name.partition("-")[0].strip())
    found = await repository.named(kind, [*names], under)
    if not found and kind in (NodeKind.EDITION, NodeKind.VOLUME):
        # 人教版 of English is 人教版（PEP）… only.
        found = await repository.beginning(kind, f"{name}（", under)
    return found


async def _usual(session: ReadSession, found: Sequence[TextbookNode]) -> TextbookNode | None:
    if len(found) < 2:
        return next(iter(found), None)
    known = await NodeRepository(session).ancestors(found)
    other = {str(key) for key, one in known.items() if one.name == words.FIVE_FOUR}
    return min(found, key=lambda one: (any(key in one.path for key in other), one.position))


async def class_uses(
    session: ReadSession, class_ids: Sequence[UUID]
) -> dict[UUID, list[ClassTextbook]]:
    """What each class uses, by subject; volume and reached node are loaded."""
    uses: dict[UUID, list[ClassTextbook]] = {one: [] for one in class_ids}
    for one in await ClassTextbookRepository(session).of_classes(class_ids):
        uses[one.class_id].append(one)
    return uses


def may_manage(principal: Principal) -> bool:
    return MANAGE.allows_anywhere(principal)


async def may_fill(session: ReadSession, principal: Principal, node: TextbookNode) -> bool:
    """Whether ``principal`` may enter what stands below ``node``."""
    if may_manage(principal):
        return True
    allowed = ADD.allows_anywhere(principal)
    return allowed and not await NodeRepository(session).has_children(node.id)


async def add(
    session: WriteSession, by: Principal, parent_id: UUID, kind: NodeKind, name: str, position: int
) -> TextbookNode:
    """Raises Forbidden, NotFound, Invalid ``not_here``, Conflict ``filled``, ``name_taken``."""
    _check_add(by)
    repository = NodeRepository(session)
    parent = await repository.to_change(parent_id)
    if parent is None:
        raise NotFound(NO_NODE, code="no_textbook")
    if parent.kind not in HOLDERS.get(kind, ()):
        raise Invalid(NOT_HERE, code="not_here")
    await _check_empty(session, by, parent)
    if await repository.there(kind, [(parent.id, name)]):
        raise Conflict(TAKEN, code="name_taken")
    return await repository.add(_below(parent, kind, name, position))


def _below(parent: TextbookNode, kind: NodeKind, name: str, position: int) -> TextbookNode:
    key = uuid7()
    return TextbookNode(
        id=key, parent_id=parent.id, kind=kind, name=name, position=position,
        path=f"{parent.path}{key}/",
    )  # fmt: skip


def _check_add(by: Principal) -> None:
    if not ADD.allows_anywhere(by):
        raise Forbidden


async def _check_empty(session: ReadSession, by: Principal, parent: TextbookNode) -> None:
    if not await may_fill(session, by, parent):
        raise Conflict(FILLED, code="filled")


async def _to_change(session: WriteSession, by: Principal, key: UUID) -> TextbookNode:
    """A unit or period. Raises Forbidden, NotFound, Invalid ``not_below_volume``."""
    if not may_manage(by):
        raise Forbidden
    found = await NodeRepository(session).to_change(key)
    if found is None:
        raise NotFound(NO_NODE, code="no_textbook")
    if found.kind not in BELOW_VOLUME:
        raise Invalid(STANDS, code="not_below_volume")
    return found


async def change(
    session: WriteSession, by: Principal, key: UUID, name: str | None, position: int | None
) -> TextbookNode:
    """Raises as ``_to_change`` does, Conflict ``name_taken``."""
    found = await _to_change(session, by, key)
    if name is not None and name != found.name:
        there = await NodeRepository(session).there(found.kind, [(found.parent_id, name)])
        if there:
            raise Conflict(TAKEN, code="name_taken")
        found.name = name
    if position is not None:
        found.position = position
    await session.flush()
    return found


async def remove(session: WriteSession, by: Principal, key: UUID) -> None:
    """With what stands below; lessons that stood there stand in no book any more."""
    found = await _to_change(session, by, key)
    await NodeRepository(session).remove([found.id])


async def units_of(session: ReadSession, volume: TextbookNode) -> list[contents.Unit]:
    """What a volume holds, as the text that says it."""
    subtree = await NodeRepository(session).subtree(volume)
    units = {one.id: contents.Unit(one.name) for one in subtree if one.parent_id == volume.id}
    for one in subtree:
        if one.parent_id is not None and one.parent_id in units:
            units[one.parent_id].periods.append(one.name)
    return [*units.values()]


async def replace_contents(
    session: WriteSession, by: Principal, key: UUID, text: str
) -> TextbookNode:
    """A volume's units and periods become those of ``text``; those that stay keep their lessons.

    Raises Forbidden, NotFound, Invalid ``not_here`` and those of ``contents.parse``, Conflict
    ``filled``.
    """
    _check_add(by)
    repository = NodeRepository(session)
    volume = await repository.to_change(key)
    if volume is None:
        raise NotFound(NO_NODE, code="no_textbook")
    if volume.kind is not NodeKind.VOLUME:
        raise Invalid(NOT_HERE, code="not_here")
    units = contents.parse(text)
    await _check_empty(session, by, volume)
    subtree = await repository.subtree(volume)
    under: dict[UUID | None, list[TextbookNode]] = {}
    for one in subtree:
        under.setdefault(one.parent_id, []).append(one)
    kept: set[UUID] = set()
    names = [one.name for one in units]
    made = await _keep(session, volume, NodeKind.UNIT, names, under.get(volume.id, []))
    for unit, node in zip(units, made, strict=True):
        there = under.get(node.id, [])
        periods = await _keep(session, node, NodeKind.PERIOD, unit.periods, there)
        kept |= {node.id, *(one.id for one in periods)}
    await repository.remove([one.id for one in subtree if one.id not in kept])
    return volume


async def _keep(
    session: WriteSession,
    parent: TextbookNode,
    kind: NodeKind,
    names: Sequence[str],
    there: Sequence[TextbookNode],
) -> list[TextbookNode]:
    """Nodes of these names in this order, the ones of before where there were any."""
    known = {one.name: one for one in there if one.kind is kind}
    found: list[TextbookNode] = []
    for position, name in enumerate(names, 1):
        node = known.get(name)
        if node is None:
            node = _below(parent, kind, name, position)
            session.add(node)
        node.position = position
        found.append(node)
    await session.flush()
    return found
