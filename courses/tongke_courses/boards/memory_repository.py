"""All SQL of what a group remembers: how many topics there are of each kind, and what became of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, func, select
from sqlalchemy.orm import aliased, joinedload

from tongke_courses.boards.models import AnchorKind, Post, Topic, TopicState, TopicStep, TopicTry
from tongke_courses.boards.repository import Filter, shown
from tongke_courses.groups.models import Group
from tongke_courses.textbooks.models import TextbookNode
from tongke_platform.database import Repository
from tongke_platform.people.models import Person

# Topics a list is of: keys, or a statement of them.
Among = Collection[UUID] | Select[UUID]
# Of a post's HTML: more than its first words need.
BEGINNING = 1500


@dataclass(frozen=True)
class Facet:
    """How many topics (``hits``: of those asked for by words) are alike in all of this. ``path`` is of
    the textbook node.
    """

    state: TopicState
    anchor: AnchorKind | None
    by_id: UUID | None
    by: str
    node_id: UUID | None
    path: str
    topics: int
    hits: int


def _beginning() -> ColumnElement[str]:
    """Empty for what was taken out."""
    return case((Post.deleted_at.is_(None), func.substr(Post.html, 1, BEGINNING)), else_="")


class MemoryRepository(Repository[Topic]):
    model = Topic

    async def facets(self, group_id: UUID, among: Among | None) -> tuple[str, list[Facet]] | None:
        """The group's name, and all its topics counted; None: there is no such group."""
        hits = func.count(Topic.id)
        if among is not None:
            hits = func.count(case((Topic.id.in_(among), 1)))
        alike = (
            Topic.state, Topic.anchor, Topic.by_id, Person.display_name, Topic.node_id,
            TextbookNode.path,
        )  # fmt: skip
        rows = await self.session.execute(
            select(Group.name, *alike, func.count(Topic.id), hits)
            .select_from(Group)
            .outerjoin(Topic, and_(Topic.group_id == Group.id, *shown()))
            .outerjoin(Person, Person.id == Topic.by_id)
            .outerjoin(TextbookNode, TextbookNode.id == Topic.node_id)
            .where(Group.id == group_id)
            .group_by(Group.name, *alike)
        )
        found = rows.all()
        if not found:
            return None
        return found[0][0], [
            Facet(state, anchor, by_id, by or "", node_id, path or "", topics, answer)
            for _, state, anchor, by_id, by, node_id, path, topics, answer in found
            if topics
        ]

    async def page(
        self,
        group_id: UUID,
        wanted: Filter,
        among: Among | None,
        *,
        offset: int,
        limit: int,
    ) -> list[tuple[Topic, str]]:
        """With the beginning of the first post. The last decision first, then what nothing was decided
        about, the newest first.
        """
        decided = (
            select(TopicStep.id)
            .where(TopicStep.topic_id == Topic.id)
            .order_by(TopicStep.id.desc())
            .limit(1)
            .scalar_subquery()
            .label("decided")
        )
        asked = (
            select(_beginning())
            .where(Post.topic_id == Topic.id)
            .order_by(Post.id)
            .limit(1)
            .scalar_subquery()
        )
        statement = (
            select(Topic, asked, decided)
            .options(joinedload(Topic.by))
            .where(Topic.group_id == group_id, *shown(), *wanted.clauses())
            .order_by(decided.desc().nulls_last(), Topic.id.desc())
            .offset(offset)
            .limit(limit)
        )
        if among is not None:
            statement = statement.where(Topic.id.in_(among))
        rows = await self.session.execute(statement)
        return [(topic, beginning or "") for topic, beginning, _ in rows.all()]

    async def nodes(self, keys: Collection[UUID]) -> dict[UUID, TextbookNode]:
        if not keys:
            return {}
        statement = select(TextbookNode).where(TextbookNode.id.in_(keys))
        return {one.id: one for one in (await self.session.execute(statement)).scalars()}

    async def steps(self, topics: Collection[UUID]) -> dict[UUID, list[tuple[TopicStep, str]]]:
        """By topic, in their order, with the beginning of the post each names: of one that stands in
        the same group still, in a topic that was not taken out.
        """
        of, at = aliased(Topic), aliased(Topic)
        seen = and_(at.id == Post.topic_id, at.group_id == of.group_id, at.deleted_at.is_(None))
        found: dict[UUID, list[tuple[TopicStep, str]]] = {}
        if topics:
            rows = await self.session.execute(
                select(TopicStep, case((at.id.is_not(None), _beginning()), else_=""))
                .join(of, of.id == TopicStep.topic_id)
                .outerjoin(Post, Post.id == TopicStep.post_id)
                .outerjoin(at, seen)
                .options(joinedload(TopicStep.by))
                .where(TopicStep.topic_id.in_(topics))
                .order_by(TopicStep.id)
            )
            for step, beginning in rows.all():
                found.setdefault(step.topic_id, []).append((step, beginning or ""))
        return found

    async def tries(self, topics: Collection[UUID]) -> dict[UUID, list[TopicTry]]:
        """By topic, with who tries and in which class."""
        found: dict[UUID, list[TopicTry]] = {}
        if topics:
            statement: Any = (
                select(TopicTry)
                .options(joinedload(TopicTry.person), joinedload(TopicTry.school_class))
                .where(TopicTry.topic_id.in_(topics))
                .order_by(TopicTry.id)
            )
            for one in await self._tries(statement):
                found.setdefault(one.topic_id, []).append(one)
        return found

    async def _tries(self, statement: Any) -> Sequence[TopicTry]:
        found: Sequence[TopicTry] = (await self.session.execute(statement)).scalars().all()
        return found
