"""All SQL about a group's activities and what is owed for them."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from tongke_courses.groups.models import Group, GroupActivity, GroupDue
from tongke_platform.database import Repository
from tongke_platform.paging import count


class ActivityRepository(Repository[GroupActivity]):
    model = GroupActivity

    def whole(self) -> Select[Any]:
        """With its group, who wrote the minutes, and what is owed by whom."""
        return self.base().options(
            joinedload(GroupActivity.group).options(
                joinedload(Group.organisation), joinedload(Group.region)
            ),
            joinedload(GroupActivity.minutes_by),
            selectinload(GroupActivity.dues).joinedload(GroupDue.person),
        )

    async def full(self, key: UUID) -> GroupActivity | None:
        statement = self.whole().where(GroupActivity.id == key)
        return await self.one_or_none(statement.execution_options(populate_existing=True))

    async def to_change(self, key: UUID) -> GroupActivity | None:
        return await self.locked(self.base().where(GroupActivity.id == key))

    async def page(
        self, group_id: UUID, *, before: datetime | None, limit: int
    ) -> Sequence[GroupActivity]:
        """The latest first."""
        statement = self.base().where(GroupActivity.group_id == group_id)
        if before is not None:
            statement = statement.where(GroupActivity.starts_at < before)
        return await self.all(
            statement.order_by(GroupActivity.starts_at.desc(), GroupActivity.id.desc()).limit(limit)
        )

    async def coming(self, group_id: UUID, now: datetime, limit: int) -> Sequence[GroupActivity]:
        """Not over and not cancelled, the next first."""
        return await self.all(
            self.base()
            .where(*_coming(group_id, now))
            .order_by(GroupActivity.starts_at, GroupActivity.id)
            .limit(limit)
        )

    async def count_coming(self, group_id: UUID, now: datetime) -> int:
        statement = select(GroupActivity.id).where(*_coming(group_id, now))
        return await count(self.session, statement)

    async def without_minutes(
        self, group_id: UUID, since: datetime, now: datetime
    ) -> GroupActivity | None:
        """The last one that is over and of which nothing was written."""
        found = await self.all(
            self.base()
            .where(
                GroupActivity.group_id == group_id,
                GroupActivity.ends_at <= now,
                GroupActivity.ends_at > since,
                GroupActivity.cancelled_at.is_(None),
                GroupActivity.minutes == "",
            )
            .order_by(GroupActivity.ends_at.desc())
            .limit(1)
        )
        return found[0] if found else None

    async def since(self, group_id: UUID, moment: datetime, limit: int) -> Sequence[GroupActivity]:
        """Also cancelled ones: a calendar must learn of it."""
        return await self.all(
            self.base()
            .where(GroupActivity.group_id == group_id, GroupActivity.ends_at > moment)
            .order_by(GroupActivity.starts_at, GroupActivity.id)
            .limit(limit)
        )

    async def beginning(self, after: datetime, until: datetime) -> Sequence[GroupActivity]:
        """Of all groups, with their group."""
        return await self.all(
            self.base()
            .options(joinedload(GroupActivity.group))
            .where(
                GroupActivity.starts_at > after,
                GroupActivity.starts_at <= until,
                GroupActivity.cancelled_at.is_(None),
            )
            .order_by(GroupActivity.id)
        )


def _coming(group_id: UUID, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        GroupActivity.group_id == group_id,
        GroupActivity.ends_at > now,
        GroupActivity.cancelled_at.is_(None),
    )


class DueRepository(Repository[GroupDue]):
    model = GroupDue

    def base(self) -> Select[Any]:
        return select(GroupDue).options(joinedload(GroupDue.person))

    async def to_change(self, activity_id: UUID, key: UUID) -> GroupDue | None:
        return await self.locked(
            self.base().where(GroupDue.id == key, GroupDue.activity_id == activity_id)
        )

    async def count_of(self, activity_id: UUID) -> int:
        statement = select(GroupDue.id).where(GroupDue.activity_id == activity_id)
        return await count(self.session, statement)

    async def open_of(self, group_id: UUID, person_id: UUID) -> Sequence[GroupDue]:
        """What somebody still owes in a group, the most urgent first; with the activity."""
        return await self.all(
            self._of_activities()
            .where(GroupActivity.group_id == group_id, GroupDue.person_id == person_id)
            .order_by(GroupDue.due_on, GroupDue.id)
        )

    async def due(self, first: date, last: date) -> Sequence[GroupDue]:
        """Not done and due on one of these days, of all groups; with activity and group."""
        return await self.all(
            self._of_activities()
            .options(contains_eager(GroupDue.activity).joinedload(GroupActivity.group))
            .where(GroupDue.due_on >= first, GroupDue.due_on <= last)
            .order_by(GroupDue.id)
        )

    def _of_activities(self) -> Select[Any]:
        return (
            self.base()
            .join(GroupActivity, GroupActivity.id == GroupDue.activity_id)
            .options(contains_eager(GroupDue.activity))
            .where(GroupDue.done_at.is_(None), GroupActivity.cancelled_at.is_(None))
        )
