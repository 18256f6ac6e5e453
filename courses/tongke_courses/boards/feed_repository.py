"""All SQL about the feeds of boards."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from tongke_courses.boards.models import GroupFeed, Topic
from tongke_courses.boards.reading_repository import there
from tongke_courses.groups.address_repository import AddressRepository


class FeedRepository(AddressRepository[GroupFeed]):
    model = GroupFeed

    async def topics(self, group_id: UUID, limit: int) -> Sequence[Topic]:
        """Those written in last first."""
        statement = select(Topic).where(Topic.group_id == group_id, there())
        found = await self.session.execute(
            statement.order_by(Topic.last_post_id.desc()).limit(limit)
        )
        return found.scalars().all()
