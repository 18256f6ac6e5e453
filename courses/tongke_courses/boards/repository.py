"""All SQL about topics: lists, what became of them, and what follows when they come together."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    case,
    delete,
    func,
    insert,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.orm import aliased, joinedload

from tongke_courses.boards.models import (
    NO_POST,
    AnchorKind,
    Draft,
    GroupFile,
    Post,
    PostReport,
    Topic,
    TopicReading,
    TopicState,
    TopicStep,
    TopicTry,
)
from tongke_courses.lessons.models import Lesson
from tongke_courses.materials.models import Material
from tongke_courses.textbooks.models import TextbookNode
from tongke_courses.textbooks.repository import below
from tongke_platform.database import Repository, utc_now, uuid7

MOST_PINNED = 50


@dataclass(frozen=True)
class Filter:
    """``node_id`` with all that stands below it in the book; ``node`` is that node."""

    state: TopicState | None = None
    by: UUID | None = None
    anchor: AnchorKind | None = None
    lesson_id: UUID | None = None
    material_id: UUID | None = None
    course_id: UUID | None = None
    node_id: UUID | None = None
    node: TextbookNode | None = None

    @property
    def things(self) -> dict[str, set[UUID]]:
        """What topics are asked for about, by column."""
        names = ("lesson_id", "material_id", "course_id", "node_id")
        return {name: {key} for name in names if (key := getattr(self, name)) is not None}

    def clauses(self) -> list[ColumnElement[bool]]:
        equal = (
            (Topic.state, self.state),
            (Topic.by_id, self.by),
            (Topic.anchor, self.anchor),
            (Topic.lesson_id, self.lesson_id),
            (Topic.material_id, self.material_id),
            (Topic.course_id, self.course_id),
        )
        found: list[ColumnElement[bool]] = [
            column == value for column, value in equal if value is not None
        ]
        if self.node is not None:
            found.append(Topic.node_id.in_(select(TextbookNode.id).where(below(self.node))))
        return found


def shown() -> tuple[ColumnElement[bool], ...]:
    """Neither taken out nor merged into another."""
    return Topic.deleted_at.is_(None), Topic.merged_into_id.is_(None)


class TopicRepository(Repository[Topic]):
    """Every topic read here has who began it, and its group but for lists."""

    model = Topic

    def base(self) -> Select[Any]:
        return select(Topic).options(
            joinedload(Topic.by),
            joinedload(Topic.group),
        )

    async def group_of(self, key: UUID) -> UUID | None:
        statement = select(Topic.group_id).where(Topic.id == key)
        return (await self.session.execute(statement)).scalar_one_or_none()

    async def to_change(self, key: UUID) -> Topic | None:
        """For who holds its group: as it is now."""
        statement = self.base().where(Topic.id == key)
        return await self.one_or_none(statement.execution_options(populate_existing=True))

    async def page(
        self, group_id: UUID, wanted: Filter, *, before: UUID | None, limit: int
    ) -> Sequence[Topic]:
        """Those not pinned, the one last written in first."""
        statement = self._listed([group_id], wanted).where(Topic.pinned_at.is_(None))
        if before is not None:
            statement = statement.where(Topic.last_post_id < before)
        return await self.all(statement.limit(limit))

    async def pinned(self, group_id: UUID, wanted: Filter) -> Sequence[Topic]:
        statement = self._listed([group_id], wanted).where(Topic.pinned_at.is_not(None))
        return await self.all(statement.limit(MOST_PINNED))

    async def count_pinned(self, group_id: UUID) -> int:
        where = Topic.group_id == group_id, Topic.pinned_at.is_not(None), *shown()
        statement = select(func.count()).select_from(Topic).where(*where)
        return int((await self.session.execute(statement)).scalar_one())

    async def about(
        self, groups: Collection[UUID], wanted: Filter, limit: int
    ) -> tuple[Sequence[Topic], int]:
        """And how many there are. One query."""
        every = self._listed(groups, wanted).add_columns(func.count().over())
        rows = (await self.session.execute(every.limit(limit))).all()
        return [one for one, _ in rows], int(rows[0][1]) if rows else 0

    async def around(
        self,
        groups: Collection[UUID],
        limit: int,
        *,
        lesson_id: UUID | None = None,
        course_id: UUID | None = None,
    ) -> Sequence[Topic]:
        """About a lesson, a course, or a material of it; of a course, of its lessons' as well."""
        holders = Material.lesson_id == lesson_id
        if course_id is not None:
            lessons = select(Lesson.id).where(Lesson.course_id == course_id)
            holders = or_(Material.course_id == course_id, Material.lesson_id.in_(lessons))
        itself = Topic.course_id == course_id if course_id else Topic.lesson_id == lesson_id
        materials = select(Material.id).where(holders)
        # Each of the two is found by its own index.
        keys = union_all(
            select(Topic.id).where(itself),
            select(Topic.id).where(Topic.material_id.in_(materials)),
        )
        statement = self._listed(groups, Filter()).where(Topic.id.in_(keys))
        return await self.all(statement.limit(limit))

    async def at_node(
        self, groups: Collection[UUID], node: TextbookNode, limit: int
    ) -> tuple[Sequence[Topic], int, int]:
        """The first about the node itself, how many there are, and how many are about what stands below
        it. Found from the groups' topics: below a stage stand most of all nodes.
        """
        path = select(TextbookNode.path).where(TextbookNode.id == Topic.node_id).scalar_subquery()
        own = case((Topic.node_id == node.id, 1), else_=0)
        every = func.count().over()
        statement = (
            select(Topic, own, func.sum(own).over(), every)
            .options(joinedload(Topic.by))
            .where(Topic.group_id.in_(groups), Topic.node_id.is_not(None), *shown())
            .where(path.startswith(node.path, autoescape=True))
            .order_by(own.desc(), Topic.last_post_id.desc())
            .limit(limit)
        )
        rows = (await self.session.execute(statement)).all()
        if not rows:
            return [], 0, 0
        mine = int(rows[0][2])
        return [one for one, is_own, _, _ in rows if is_own], mine, int(rows[0][3]) - mine

    def _listed(self, groups: Collection[UUID], wanted: Filter) -> Select[Any]:
        """Without their groups."""
        return (
            select(Topic)
            .options(joinedload(Topic.by))
            .where(Topic.group_id.in_(groups), *shown(), *wanted.clauses())
            .order_by(Topic.last_post_id.desc())
        )

    async def newest_key(self, group_id: UUID) -> UUID | None:
        """Of the posts of a group's topics, also of those taken out: what is written next has a later
        one.
        """
        last = (
            select(Topic.last_post_id)
            .where(Topic.group_id == group_id, Topic.last_post_id.is_not(None))
            .order_by(Topic.last_post_id.desc())
            .limit(1)
        )
        newest = (await self.session.execute(last)).scalar_one_or_none()
        if newest is None:
            return None
        # What was read up to may have been taken out since.
        out = (
            select(Post.id)
            .join(Topic, Topic.id == Post.topic_id)
            .where(Topic.group_id == group_id, Post.id > newest)
            .order_by(Post.id.desc())
            .limit(1)
        )
        return (await self.session.execute(out)).scalar_one_or_none() or newest

    async def count_again(self, topic: Topic) -> None:
        """After posts came or went."""
        number = select(func.count()).select_from(Post).where(Post.topic_id == topic.id)
        topic.posts = (await self.session.execute(number)).scalar_one()
        await self.find_last(topic)

    async def find_last(self, topic: Topic) -> None:
        """The newest post that was not taken out; where none is left, ``NO_POST``: new to nobody."""
        left = (
            select(Post.id, Post.created_at)
            .where(Post.topic_id == topic.id, Post.deleted_at.is_(None))
            .order_by(Post.id.desc())
        )
        row = (await self.session.execute(left.limit(1))).one_or_none()
        if row is None:
            topic.last_post_id = NO_POST
        else:
            topic.last_post_id, topic.last_post_at = row.id, row.created_at

    async def lead_on(self, gone: UUID, into: UUID) -> None:
        """What was merged into ``gone`` is in ``into`` now."""
        await self.session.execute(
            update(Topic).where(Topic.merged_into_id == gone).values(merged_into_id=into)
        )

    async def carry_over(self, gone: UUID, into: UUID) -> None:
        """Posts, drafts of replies, and who is to try it; what somebody is to try in ``into`` already
        stays as it is there.
        """
        await self._set(Post, Post.topic_id == gone, topic_id=into)
        await self._set(Draft, Draft.topic_id == gone, topic_id=into)
        there = aliased(TopicTry)
        others = TopicTry.person_id.not_in(select(there.person_id).where(there.topic_id == into))
        await self._set(TopicTry, TopicTry.topic_id == gone, others, topic_id=into)

    async def carry_to_group(self, topic_id: UUID, group_id: UUID) -> None:
        """All that belongs to the topic, and what was merged into it, belongs to another group."""
        posts = select(Post.id).where(Post.topic_id == topic_id)
        await self._set(Topic, Topic.merged_into_id == topic_id, group_id=group_id)
        await self._set(Draft, Draft.topic_id == topic_id, group_id=group_id)
        await self._set(PostReport, PostReport.post_id.in_(posts), group_id=group_id)
        await self._set(GroupFile, GroupFile.post_id.in_(posts), group_id=group_id)

    async def _set(self, table: Any, *where: ColumnElement[bool], **values: Any) -> None:
        statement = update(table).where(*where).values(**values)
        await self.session.execute(statement.execution_options(synchronize_session=False))

    async def give(self, posts: Collection[UUID], topic_id: UUID) -> None:
        await self._set(Post, Post.id.in_(posts), topic_id=topic_id)

    async def copy_readings(self, topic_id: UUID, to: UUID) -> None:
        """Who has read or follows a topic has read and follows what was split off it."""
        columns = (
            TopicReading.person_id, TopicReading.read_post_id, TopicReading.read_at,
            TopicReading.follows,
        )  # fmt: skip
        rows = await self.session.execute(select(*columns).where(TopicReading.topic_id == topic_id))
        now = utc_now()
        new = [{"id": uuid7(), "created_at": now, "topic_id": to, **row} for row in rows.mappings()]
        if new:
            await self.session.execute(insert(TopicReading), new)

    async def following(self, after: UUID | None, limit: int) -> Sequence[Topic]:
        """In the order of their ids."""
        statement = self.base().where(*shown()).order_by(Topic.id).limit(limit)
        return await self.all(statement.where(Topic.id > after) if after else statement)

    async def readable(self, groups: Collection[UUID], keys: Sequence[UUID]) -> set[UUID]:
        statement = select(Topic.id).where(Topic.id.in_(keys), Topic.group_id.in_(groups), *shown())
        return set((await self.session.execute(statement)).scalars())


class StepRepository(Repository[TopicStep]):
    """With who said so."""

    model = TopicStep

    def base(self) -> Select[Any]:
        return select(TopicStep).options(joinedload(TopicStep.by))

    async def of(self, topic_id: UUID) -> Sequence[TopicStep]:
        return await self.all(
            self.base().where(TopicStep.topic_id == topic_id).order_by(TopicStep.id)
        )


class TryRepository(Repository[TopicTry]):
    """With who tries, and in which class."""

    model = TopicTry

    def base(self) -> Select[Any]:
        return select(TopicTry).options(
            joinedload(TopicTry.person),
            joinedload(TopicTry.school_class),
        )

    async def of(self, topic_id: UUID) -> Sequence[TopicTry]:
        return await self.all(
            self.base().where(TopicTry.topic_id == topic_id).order_by(TopicTry.id)
        )

    async def one(self, topic_id: UUID, person_id: UUID) -> TopicTry | None:
        where = TopicTry.topic_id == topic_id, TopicTry.person_id == person_id
        statement = self.base().where(*where)
        return await self.one_or_none(statement.execution_options(populate_existing=True))

    async def drop_done(self, topic_id: UUID) -> None:
        done = (TopicTry.topic_id == topic_id, TopicTry.done_at.is_not(None))
        await self.session.execute(delete(TopicTry).where(*done))
