"""SQL of pages alone: where a page of a topic begins, and names for its list."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import func, select

from tongke_courses.boards.models import Post, PostReport, Topic
from tongke_platform.database import Repository
from tongke_platform.people.models import Person


class PageRepository(Repository[Post]):
    model = Post

    async def begins_after(self, topic_id: UUID, upto: UUID, size: int) -> UUID | None:
        """The last post before the page of ``size`` that ``upto`` stands on; None on the first page."""
        before = select(func.count()).where(Post.topic_id == topic_id, Post.id < upto)
        rank = int((await self.session.execute(before)).scalar_one())
        if rank < size:
            return None
        statement = (
            select(Post.id)
            .where(Post.topic_id == topic_id)
            .order_by(Post.id)
            .offset(rank - rank % size - 1)
            .limit(1)
        )
        return (await self.session.execute(statement)).scalar_one_or_none()

    async def numbered(self, topic_id: UUID, after: UUID | None) -> int:
        """How many posts stand before a page."""
        if after is None:
            return 0
        statement = select(func.count()).where(Post.topic_id == topic_id, Post.id <= after)
        return int((await self.session.execute(statement)).scalar_one())

    async def writers(self, posts: Collection[UUID]) -> dict[UUID, str]:
        """Names by post."""
        if not posts:
            return {}
        rows = await self.session.execute(
            select(Post.id, Person.display_name)
            .join(Person, Person.id == Post.by_id)
            .where(Post.id.in_(posts))
        )
        return {key: name for key, name in rows.all()}

    async def reports_of(self, posts: Collection[UUID]) -> dict[UUID, list[PostReport]]:
        """Those that nobody has answered, by post."""
        found: dict[UUID, list[PostReport]] = {}
        if posts:
            waiting = PostReport.post_id.in_(posts), PostReport.answered_at.is_(None)
            statement = select(PostReport).where(*waiting).order_by(PostReport.id)
            for one in (await self.session.execute(statement)).scalars():
                found.setdefault(one.post_id, []).append(one)
        return found

    async def reported(self, group_id: UUID) -> list[tuple[UUID, UUID, str, str]]:
        """Topic, post, the topic's title and the reason of each report that waits in a group."""
        rows = await self.session.execute(
            select(Topic.id, Post.id, Topic.title, PostReport.reason)
            .select_from(PostReport)
            .join(Post, Post.id == PostReport.post_id)
            .join(Topic, Topic.id == Post.topic_id)
            .where(PostReport.group_id == group_id, PostReport.answered_at.is_(None))
            .order_by(PostReport.id)
            .limit(50)
        )
        return [(topic, post, title, reason) for topic, post, title, reason in rows.all()]
