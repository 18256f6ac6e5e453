"""All SQL about the textbook tree, its aliases and knowledge points, and what classes use."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    delete,
    func,
    insert,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.orm import joinedload

from tongke_courses.textbooks.models import (
    ClassTextbook,
    KnowledgeLink,
    KnowledgePoint,
    NodeKind,
    TextbookAlias,
    TextbookNode,
)
from tongke_platform.database import Repository, take_turn

MANY = 500
# Any number will do, as long as every import of textbooks waits for the same one.
_TURN = 0x74657874
Key = tuple[UUID | None, str]


def below(node: TextbookNode) -> ColumnElement[bool]:
    """The node itself and all that stands under it."""
    return TextbookNode.path.startswith(node.path, autoescape=True)


class NodeRepository(Repository[TextbookNode]):
    model = TextbookNode

    async def children(
        self, parent: TextbookNode | None, *, kind: NodeKind | None = None, limit: int = MANY
    ) -> Sequence[TextbookNode]:
        """Of a node, or the roots; with ``kind`` those of that kind anywhere below."""
        if kind is None:
            where = TextbookNode.parent_id == (parent.id if parent else None)
        else:
            where = TextbookNode.kind == kind
            if parent is not None:
                where = where & below(parent) & (TextbookNode.id != parent.id)
        return await self.all(self._ordered(self.base().where(where)).limit(limit))

    def _ordered(self, statement: Select[Any]) -> Select[Any]:
        return statement.order_by(TextbookNode.position, TextbookNode.id)

    async def ancestors(self, nodes: Iterable[TextbookNode]) -> dict[UUID, TextbookNode]:
        """By id, the nodes themselves included."""
        keys = {UUID(part) for one in nodes for part in one.path.split("/") if part}
        found = await self.all(self.base().where(TextbookNode.id.in_(keys)))
        return {one.id: one for one in found}

    async def subtree(self, node: TextbookNode) -> Sequence[TextbookNode]:
        """All below a volume, unit or period, in the order of the book."""
        where = below(node) & (TextbookNode.id != node.id)
        return await self.all(self._ordered(self.base().where(where)))

    async def has_children(self, key: UUID) -> bool:
        found = select(TextbookNode.id).where(TextbookNode.parent_id == key).limit(1)
        return (await self.session.execute(found)).first() is not None

    async def counts(self, keys: Sequence[UUID]) -> dict[UUID, int]:
        """How many children each has."""
        found = await self.session.execute(
            select(TextbookNode.parent_id, func.count())
            .where(TextbookNode.parent_id.in_(keys))
            .group_by(TextbookNode.parent_id)
        )
        return {key: number for key, number in found.all() if key is not None}

    async def named(
        self, kind: NodeKind, names: Sequence[str], under: Sequence[TextbookNode]
    ) -> Sequence[TextbookNode]:
        """Nodes of a kind with one of these names, below one of ``under`` where there are any."""
        return await self._of_kind(kind, TextbookNode.name.in_(names), under)

    async def beginning(
        self, kind: NodeKind, start: str, under: Sequence[TextbookNode]
    ) -> Sequence[TextbookNode]:
        return await self._of_kind(
            kind, TextbookNode.name.startswith(start, autoescape=True), under
        )

    async def _of_kind(
        self, kind: NodeKind, name: ColumnElement[bool], under: Sequence[TextbookNode]
    ) -> Sequence[TextbookNode]:
        statement = self.base().where(TextbookNode.kind == kind, name)
        if under:
            statement = statement.where(or_(*(below(one) for one in under)))
        return await self.all(statement.order_by(TextbookNode.id).limit(MANY))

    async def to_change(self, key: UUID) -> TextbookNode | None:
        return await self.locked(self.base().where(TextbookNode.id == key))

    async def remove(self, keys: Sequence[UUID]) -> None:
        """With all below them."""
        await self.session.execute(delete(TextbookNode).where(TextbookNode.id.in_(keys)))

    async def take_turn(self) -> None:
        """One import at a time: roots have no parent, so no constraint keeps them apart."""
        await take_turn(self.session, _TURN)

    async def there(self, kind: NodeKind, wanted: Sequence[Key]) -> dict[Key, tuple[UUID, str]]:
        """Id and path of those of ``wanted`` (parent, name) that stand already."""
        found: dict[Key, tuple[UUID, str]] = {}
        columns = (TextbookNode.parent_id, TextbookNode.name, TextbookNode.id, TextbookNode.path)
        for start in range(0, len(wanted), MANY):
            part = wanted[start : start + MANY]
            roots = [name for parent, name in part if parent is None]
            inner = [one for one in part if one[0] is not None]
            for names, where in (
                (roots, TextbookNode.parent_id.is_(None) & TextbookNode.name.in_(roots)),
                (inner, tuple_(TextbookNode.parent_id, TextbookNode.name).in_(inner)),
            ):
                if not names:
                    continue
                rows = await self.session.execute(
                    select(*columns).where(TextbookNode.kind == kind, where)
                )
                found |= {(row[0], row[1]): (row[2], row[3]) for row in rows.all()}
        return found

    async def insert(self, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            await self.session.execute(insert(TextbookNode), [*rows])


class AliasRepository(Repository[TextbookAlias]):
    model = TextbookAlias

    async def names_of(self, kind: NodeKind, alias: str) -> Sequence[str]:
        found = select(TextbookAlias.name).where(
            TextbookAlias.kind == kind, TextbookAlias.alias == alias
        )
        return (await self.session.execute(found)).scalars().all()

    async def add_missing(self, kind: NodeKind, names: Mapping[str, str]) -> int:
        """``names`` by alias; one that stands keeps its meaning. How many were made."""
        aliases = [*names]
        there: set[str] = set()
        for start in range(0, len(aliases), MANY):
            known = select(TextbookAlias.alias).where(
                TextbookAlias.kind == kind, TextbookAlias.alias.in_(aliases[start : start + MANY])
            )
            there |= {*(await self.session.execute(known)).scalars()}
        new = [{"kind": kind, "alias": one, "name": names[one]} for one in aliases
               if one not in there]  # fmt: skip
        if new:
            await self.session.execute(insert(TextbookAlias), new)
        return len(new)


class PointRepository(Repository[KnowledgePoint]):
    model = KnowledgePoint

    async def called(self, subject: str, name: str) -> KnowledgePoint | None:
        where = (KnowledgePoint.subject == subject, KnowledgePoint.name == name)
        return await self.one_or_none(self.base().where(*where))

    async def search(self, subject: str, words: str, limit: int) -> Sequence[KnowledgePoint]:
        statement = self.base().where(KnowledgePoint.name.contains(words, autoescape=True))
        if subject:
            statement = statement.where(KnowledgePoint.subject == subject)
        return await self.all(statement.order_by(KnowledgePoint.name).limit(limit))

    async def of_nodes(self, keys: Sequence[UUID]) -> Sequence[tuple[UUID, KnowledgePoint]]:
        """With the node each is taught at."""
        found = await self.session.execute(
            select(KnowledgeLink.node_id, KnowledgePoint)
            .join(KnowledgePoint, KnowledgePoint.id == KnowledgeLink.point_id)
            .where(KnowledgeLink.node_id.in_(keys))
            .order_by(KnowledgeLink.id)
        )
        return [(key, point) for key, point in found.all()]


class LinkRepository(Repository[KnowledgeLink]):
    model = KnowledgeLink

    async def find(self, point_id: UUID, node_id: UUID) -> KnowledgeLink | None:
        where = (KnowledgeLink.point_id == point_id, KnowledgeLink.node_id == node_id)
        return await self.one_or_none(self.base().where(*where))

    async def remove(self, key: UUID) -> None:
        await self.session.execute(delete(KnowledgeLink).where(KnowledgeLink.id == key))

    async def nodes(
        self, points: Sequence[UUID], *, beside: TextbookNode, limit: int = 60
    ) -> Sequence[tuple[UUID, TextbookNode]]:
        """Where else these points are taught, outside of ``beside``."""
        found = await self.session.execute(
            select(KnowledgeLink.point_id, TextbookNode)
            .join(TextbookNode, TextbookNode.id == KnowledgeLink.node_id)
            .where(KnowledgeLink.point_id.in_(points), ~below(beside))
            .order_by(TextbookNode.id)
            .limit(limit)
        )
        return [(key, node) for key, node in found.all()]


class ClassTextbookRepository(Repository[ClassTextbook]):
    """Those read here have volume and reached node loaded."""

    model = ClassTextbook

    def base(self) -> Select[Any]:
        return select(ClassTextbook).options(
            joinedload(ClassTextbook.volume), joinedload(ClassTextbook.reached)
        )

    async def of_classes(self, keys: Sequence[UUID]) -> Sequence[ClassTextbook]:
        statement = self.base().where(ClassTextbook.class_id.in_(keys))
        return await self.all(statement.order_by(ClassTextbook.subject, ClassTextbook.id))

    async def of_subject(self, class_id: UUID, subject: str) -> ClassTextbook | None:
        """As it stands now, also when it was read before."""
        where = (ClassTextbook.class_id == class_id, ClassTextbook.subject == subject)
        statement = self.base().where(*where).execution_options(populate_existing=True)
        return await self.one_or_none(statement)

    async def change(self, key: UUID, **values: Any) -> None:
        await self.session.execute(
            update(ClassTextbook).where(ClassTextbook.id == key).values(**values)
        )

    async def remove(self, key: UUID) -> None:
        await self.session.execute(delete(ClassTextbook).where(ClassTextbook.id == key))
