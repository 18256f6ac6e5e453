"""All SQL about drafts."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, func, select

from tongke_courses.boards.models import Draft, Post
from tongke_platform.database import Repository, take_turn

_SIGNED = 1 << 63


class DraftRepository(Repository[Draft]):
    model = Draft

    async def take_turn(self, person_id: UUID) -> None:
        """One after another for each person: keeping, sending and taking out."""
        await take_turn(self.session, ((person_id.int ^ 0xD4AF7) & (2 * _SIGNED - 1)) - _SIGNED)

    async def of(
        self, person_id: UUID, group_id: UUID | None = None, topic_id: UUID | None = None
    ) -> Sequence[Draft]:
        """The newest first."""
        statement = self.base().where(Draft.person_id == person_id)
        if group_id is not None:
            statement = statement.where(Draft.group_id == group_id)
        if topic_id is not None:
            statement = statement.where(Draft.topic_id == topic_id)
        return await self.all(statement.order_by(Draft.changed_at.desc(), Draft.id.desc()))

    async def one(self, person_id: UUID, sent_as: UUID) -> Draft | None:
        return await self.one_or_none(
            self.base().where(Draft.person_id == person_id, Draft.sent_as == sent_as)
        )

    async def count(self, person_id: UUID) -> int:
        statement = select(func.count(Draft.id)).where(Draft.person_id == person_id)
        return int((await self.session.execute(statement)).scalar_one())

    async def remove(self, person_id: UUID, sent_as: UUID) -> None:
        await self.session.execute(
            delete(Draft).where(Draft.person_id == person_id, Draft.sent_as == sent_as)
        )

    async def post_sent_as(self, person_id: UUID, sent_as: UUID) -> Post | None:
        """The post these words have become."""
        statement = select(Post).where(Post.by_id == person_id, Post.sent_as == sent_as)
        return (await self.session.execute(statement)).scalar_one_or_none()
