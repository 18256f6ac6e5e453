"""All SQL about posts: written once, changed, voted for, reported."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, exists, func, insert, or_, select, update
from sqlalchemy.orm import aliased, contains_eager, joinedload

from tongke_courses.boards.file_repository import batched
from tongke_courses.boards.markdown import files_named
from tongke_courses.boards.models import (
    GroupFile,
    Post,
    PostEdit,
    PostMention,
    PostReport,
    PostVote,
    Topic,
)
from tongke_courses.boards.repository import shown
from tongke_courses.groups.models import Group
from tongke_platform.database import Repository, take_turn, utc_now, uuid7

# Any number will do that no other turn is taken by.
_TURN = 0x626F6172
MOST_REPORTS = 200
NAMED_AT_ONCE = 50


class PostRepository(Repository[Post]):
    """Every post read here has who wrote it."""

    model = Post

    def base(self) -> Select[Any]:
        return select(Post).options(joinedload(Post.by))

    async def sending(self, person_id: UUID, sent_as: UUID) -> Post | None:
        """What somebody has sent with this key; until the transaction ends nobody else sends it."""
        mixed = (person_id.int ^ (sent_as.int << 1) ^ _TURN) % ((1 << 63) - 1)
        await take_turn(self.session, mixed)
        statement = self.base().where(Post.by_id == person_id, Post.sent_as == sent_as)
        return await self.one_or_none(statement)

    async def place_of(self, key: UUID) -> UUID | None:
        """The group it is in."""
        statement = (
            select(Topic.group_id).join(Post, Post.topic_id == Topic.id).where(Post.id == key)
        )
        return (await self.session.execute(statement)).scalar_one_or_none()

    async def to_change(self, key: UUID) -> Post | None:
        """For who holds its group: as it is now."""
        statement = self.base().where(Post.id == key)
        return await self.one_or_none(statement.execution_options(populate_existing=True))

    async def with_topic(self, key: UUID) -> Post | None:
        return await self.one_or_none(
            self.base().options(joinedload(Post.topic)).where(Post.id == key)
        )

    async def of_topic(self, topic_id: UUID, *, after: UUID | None, limit: int) -> Sequence[Post]:
        statement = self.base().where(Post.topic_id == topic_id).order_by(Post.id).limit(limit)
        return await self.all(statement.where(Post.id > after) if after else statement)

    async def by_ids(self, keys: Collection[UUID]) -> dict[UUID, Post]:
        if not keys:
            return {}
        found = await self.all(self.base().where(Post.id.in_(keys)))
        return {one.id: one for one in found}

    async def beside(self, topic_id: UUID, keys: Collection[UUID]) -> dict[UUID, Post]:
        """Those that stand in the topic's group now, in topics that were not taken out."""
        group = select(Topic.group_id).where(Topic.id == topic_id).scalar_subquery()
        statement = self.base().join(Topic, Topic.id == Post.topic_id)
        found = await self.all(
            statement.where(Post.id.in_(keys), Topic.group_id == group, Topic.deleted_at.is_(None))
        )
        return {one.id: one for one in found}

    async def ids_in(self, topic_id: UUID, keys: Collection[UUID]) -> set[UUID]:
        statement = select(Post.id).where(Post.topic_id == topic_id, Post.id.in_(keys))
        return set((await self.session.execute(statement)).scalars())

    async def first(self, topic_id: UUID) -> Post | None:
        statement = self.base().where(Post.topic_id == topic_id).order_by(Post.id).limit(1)
        return await self.one_or_none(statement)

    async def firsts(self, topics: Sequence[UUID]) -> dict[UUID, Post]:
        """By topic."""
        earlier = aliased(Post)
        begins = ~exists().where(earlier.topic_id == Post.topic_id, earlier.id < Post.id)
        found = await self.all(self.base().where(Post.topic_id.in_(topics), begins))
        return {one.topic_id: one for one in found}

    async def writers(self, topic_id: UUID) -> set[UUID | None]:
        statement = select(Post.by_id).where(Post.topic_id == topic_id).distinct()
        return set((await self.session.execute(statement)).scalars())

    async def with_files(self, topic_id: UUID) -> Sequence[Post]:
        """That may point to files of their group."""
        return await self.all(
            self.base().where(Post.topic_id == topic_id, Post.text.icontains("file:"))
        )

    async def showing(self, topic: Topic, files: Collection[UUID]) -> dict[UUID, UUID]:
        """Of ``files`` those that posts of other topics of the group show, with the first such post."""
        found: dict[UUID, UUID] = {}
        for some in batched(files, NAMED_AT_ONCE):
            rows = await self.session.execute(
                select(Post.id, Post.text)
                .join(Topic, Topic.id == Post.topic_id)
                .where(Topic.group_id == topic.group_id, Topic.id != topic.id, *shown())
                .where(Post.deleted_at.is_(None))
                .where(or_(*(Post.text.icontains(f"file:{key}") for key in some)))
                .order_by(Post.id)
            )
            for post_id, text in rows.all():
                for key in files_named(text) & {*some}:
                    found.setdefault(key, post_id)
        return found

    async def following(self, after: UUID | None, limit: int) -> Sequence[tuple[Post, Group]]:
        """Posts with their groups' subject, stage and grade, for the search: not those topics begin
        with, which are found as their topics.
        """
        earlier = aliased(Post)
        answers = exists().where(earlier.topic_id == Post.topic_id, earlier.id < Post.id)
        statement = (
            select(Post, Group)
            .join(Topic, Topic.id == Post.topic_id)
            .join(Group, Group.id == Topic.group_id)
            .where(Post.deleted_at.is_(None), *shown(), answers)
            .order_by(Post.id)
            .limit(limit)
        )
        rows = await self.session.execute(statement.where(Post.id > after) if after else statement)
        return [(post, group) for post, group in rows.all()]

    async def readable(self, groups: Collection[UUID], keys: Sequence[UUID]) -> set[UUID]:
        statement = (
            select(Post.id)
            .join(Topic, Topic.id == Post.topic_id)
            .where(
                Post.id.in_(keys), Post.deleted_at.is_(None), Topic.group_id.in_(groups), *shown()
            )
        )
        return set((await self.session.execute(statement)).scalars())

    async def first_text(self, post: Post) -> str:
        """As it was sent."""
        if post.version == 1:
            return post.text
        statement = select(PostEdit.text).where(PostEdit.post_id == post.id, PostEdit.version == 1)
        return (await self.session.execute(statement)).scalar_one()

    async def edits(self, post_id: UUID) -> Sequence[PostEdit]:
        statement = select(PostEdit).where(PostEdit.post_id == post_id)
        return (await self.session.execute(statement.order_by(PostEdit.version))).scalars().all()


class VoteRepository(Repository[PostVote]):
    model = PostVote

    async def of(self, person_id: UUID, posts: Collection[UUID]) -> set[UUID]:
        statement = select(PostVote.post_id).where(
            PostVote.person_id == person_id, PostVote.post_id.in_(posts)
        )
        return set((await self.session.execute(statement)).scalars())

    async def count(self, post_id: UUID) -> int:
        statement = select(func.count()).select_from(PostVote).where(PostVote.post_id == post_id)
        found: int = (await self.session.execute(statement)).scalar_one()
        return found

    async def remove(self, post_id: UUID, person_id: UUID) -> None:
        await self.session.execute(
            delete(PostVote).where(PostVote.post_id == post_id, PostVote.person_id == person_id)
        )


class PointerRepository(Repository[PostMention]):
    """Whom a post names, and the files it shows."""

    model = PostMention

    async def mention(self, post_id: UUID, people: Collection[UUID]) -> None:
        """These and no others."""
        known = select(PostMention.person_id).where(PostMention.post_id == post_id)
        there = set((await self.session.execute(known)).scalars())
        gone = there - set(people)
        if gone:
            where = PostMention.post_id == post_id, PostMention.person_id.in_(gone)
            await self.session.execute(delete(PostMention).where(*where))
        now = utc_now()
        new = [
            {"id": uuid7(), "created_at": now, "post_id": post_id, "person_id": one}
            for one in people
            if one not in there
        ]
        if new:
            await self.session.execute(insert(PostMention), new)

    async def files(
        self, group_id: UUID, keys: Collection[UUID]
    ) -> dict[UUID, tuple[int, int] | None]:
        """Those that are the group's and still there; width and height of what is shown of a picture."""
        there = GroupFile.group_id == group_id, GroupFile.deleted_at.is_(None)
        found: dict[UUID, tuple[int, int] | None] = {}
        for some in batched(keys):
            statement = select(GroupFile.id, GroupFile.width, GroupFile.height).where(
                GroupFile.id.in_(some), *there
            )
            for key, wide, high in (await self.session.execute(statement)).all():
                found[key] = (wide, high) if wide and high else None
        return found

    async def attach(self, post_id: UUID, by_id: UUID, files: Collection[UUID]) -> None:
        """Files the writer has brought and no post has shown yet are this post's."""
        if not files:
            return
        where = GroupFile.id.in_(files), GroupFile.by_id == by_id, GroupFile.post_id.is_(None)
        await self.session.execute(
            update(GroupFile)
            .where(*where)
            .values(post_id=post_id)
            .execution_options(synchronize_session=False)
        )


class ReportRepository(Repository[PostReport]):
    """With the post and its writer."""

    model = PostReport

    def base(self) -> Select[Any]:
        return (
            select(PostReport)
            .join(Post, Post.id == PostReport.post_id)
            .options(contains_eager(PostReport.post))
        )

    async def of_group(self, group_id: UUID) -> Sequence[PostReport]:
        waiting: ColumnElement[bool] = PostReport.answered_at.is_(None)
        return await self.all(
            self.base()
            .where(PostReport.group_id == group_id)
            .order_by(waiting.desc(), PostReport.id.desc())
            .limit(MOST_REPORTS)
        )

    async def by_person(self, post_id: UUID, person_id: UUID) -> PostReport | None:
        return await self.one_or_none(
            self.base().where(PostReport.post_id == post_id, PostReport.person_id == person_id)
        )
