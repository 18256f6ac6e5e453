"""All SQL about the feeds of boards."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import and_, delete, select

from tongke_courses.boards.models import GroupFeed, Topic
from tongke_courses.boards.reading_repository import there
from tongke_courses.groups.models import Group
from tongke_platform.database import Repository
from tongke_platform.people.models import Membership, Person
from tongke_platform.people.repository import in_force
from tongke_platform.people.roles import Scope


class FeedRepository(Repository[GroupFeed]):
    model = GroupFeed

    async def remove(self, group_id: UUID, person_id: UUID) -> None:
        await self.session.execute(
            delete(GroupFeed).where(
                GroupFeed.group_id == group_id, GroupFeed.person_id == person_id
            )
        )

    async def group_of(self, token: str, day: date) -> Group | None:
        """Of a member in force who may sign in."""
        statement = (
            select(Group)
            .join(GroupFeed, GroupFeed.group_id == Group.id)
            .join(Person, Person.id == GroupFeed.person_id)
            .join(
                Membership,
                and_(
                    Membership.scope == Scope.GROUP,
                    Membership.scope_id == Group.id,
                    Membership.person_id == Person.id,
                ),
            )
            .where(
                GroupFeed.token == token,
                in_force(day),
                Person.deactivated_at.is_(None),
                Person.erased_at.is_(None),
            )
        )
        found: Group | None = (await self.session.execute(statement)).scalars().first()
        return found

    async def topics(self, group_id: UUID, limit: int) -> Sequence[Topic]:
        """Those written in last first."""
        statement = select(Topic).where(Topic.group_id == group_id, there())
        found = await self.session.execute(
            statement.order_by(Topic.last_post_id.desc()).limit(limit)
        )
        return found.scalars().all()
