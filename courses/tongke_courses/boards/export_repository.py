"""SQL of a whole group as files: some topics at a time, some posts at a time."""

from collections.abc import AsyncIterator, Sequence
from uuid import UUID

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import joinedload

from tongke_courses.boards.file_repository import GroupFileRepository
from tongke_courses.boards.models import GroupFile, Post, Topic
from tongke_courses.boards.repository import shown
from tongke_courses.groups.models import GroupActivity
from tongke_platform.database import Repository

TOPICS, POSTS, ACTIVITIES = 50, 200, 100


class ExportRepository(Repository[Topic]):
    model = Topic

    async def topics(self, group_id: UUID) -> AsyncIterator[Sequence[Topic]]:
        """The oldest first, with who began them."""
        after: UUID | None = None
        while True:
            statement = (
                select(Topic)
                .options(joinedload(Topic.by))
                .where(Topic.group_id == group_id, *shown())
                .order_by(Topic.id)
                .limit(TOPICS)
            )
            found = await self.all(statement.where(Topic.id > after) if after else statement)
            if found:
                yield found
            if len(found) < TOPICS:
                return
            after = found[-1].id

    async def posts(self, topics: Sequence[UUID]) -> AsyncIterator[Sequence[Post]]:
        """Of these topics, one after another, each in its order, with who wrote them; also those
        taken out.
        """
        last: Post | None = None
        while True:
            statement = (
                select(Post)
                .options(joinedload(Post.by))
                .where(Post.topic_id.in_(topics))
                .order_by(Post.topic_id, Post.id)
                .limit(POSTS)
            )
            if last is not None:
                same = and_(Post.topic_id == last.topic_id, Post.id > last.id)
                statement = statement.where(or_(Post.topic_id > last.topic_id, same))
            found = (await self.session.execute(statement)).scalars().all()
            if found:
                yield found
            if len(found) < POSTS:
                return
            last = found[-1]

    async def files(self, group_id: UUID) -> Sequence[GroupFile]:
        """The oldest first, without those of posts and topics that were taken out."""
        gone = exists().where(
            Post.id == GroupFile.post_id,
            Topic.id == Post.topic_id,
            or_(Post.deleted_at.is_not(None), Topic.deleted_at.is_not(None)),
        )
        files = GroupFileRepository(self.session)
        return await files.all(files.there(group_id).where(~gone).order_by(GroupFile.id))

    async def activities(self, group_id: UUID) -> AsyncIterator[Sequence[GroupActivity]]:
        """The first first, with who wrote the minutes."""
        offset = 0
        while True:
            statement = (
                select(GroupActivity)
                .options(joinedload(GroupActivity.minutes_by))
                .where(GroupActivity.group_id == group_id)
                .order_by(GroupActivity.starts_at, GroupActivity.id)
                .offset(offset)
                .limit(ACTIVITIES)
            )
            found = (await self.session.execute(statement)).scalars().all()
            if found:
                yield found
            if len(found) < ACTIVITIES:
                return
            offset += ACTIVITIES
