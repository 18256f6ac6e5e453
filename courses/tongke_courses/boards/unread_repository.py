"""SQL of the page of what is unread: counted by group, and a whole group read at once."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select

from tongke_courses.boards.models import Follow, GroupFollow, Topic, TopicReading
from tongke_courses.boards.reading_repository import ReadingRepository, mine_of
from tongke_platform.database import upsert, utc_now, uuid7

CHUNK = 200


class UnreadRepository(ReadingRepository):
    async def by_group(self, person_id: UUID, day: date) -> dict[UUID, int]:
        """How many topics of each of their groups have something new."""
        mine = mine_of(person_id, day)
        statement: Any = self._unread(mine, person_id, Topic.group_id, func.count())
        rows: Any = await self.session.execute(statement.group_by(Topic.group_id))
        return {row[0]: row[1] for row in rows.all()}

    async def read_group(
        self, person_id: UUID, group_id: UUID, day: date, upto: UUID | None, now: datetime
    ) -> int:
        """Every topic as far as the post ``upto``, or to its end; how many. Never back. In the order
        of the topics' keys, as all who change several readings.
        """
        mine = mine_of(person_id, day)
        statement: Any = self._unread(mine, person_id, Topic.id, Topic.last_post_id)
        rows: Any = await self.session.execute(statement.where(Topic.group_id == group_id))
        values = [
            self._row(person_id, row[0], row[1] if upto is None else min(row[1], upto), now)
            for row in sorted(rows.all())
        ]
        for start in range(0, len(values), CHUNK):
            await self._read_to(values[start : start + CHUNK])
        return len(values)

    def _row(self, person_id: UUID, topic: UUID, post: UUID, now: datetime) -> Mapping[str, Any]:
        return {
            "id": uuid7(), "created_at": utc_now(), "person_id": person_id, "topic_id": topic,
            "read_post_id": post, "read_at": now,
        }  # fmt: skip

    async def _read_to(self, rows: list[Mapping[str, Any]]) -> None:
        statement = upsert(self.session, TopicReading).values(rows)
        new = statement.excluded
        await self.session.execute(
            statement.on_conflict_do_update(
                index_elements=[TopicReading.person_id, TopicReading.topic_id],
                set_={"read_post_id": new.read_post_id, "read_at": new.read_at},
                where=or_(
                    TopicReading.read_post_id.is_(None),
                    TopicReading.read_post_id < new.read_post_id,
                ),
            )
        )

    async def follows(self, person_id: UUID) -> dict[UUID, Follow]:
        """By group; those without a choice of their own are left out."""
        rows = await self.session.execute(
            select(GroupFollow.group_id, GroupFollow.follow).where(
                GroupFollow.person_id == person_id
            )
        )
        return {group: follow for group, follow in rows.all()}
