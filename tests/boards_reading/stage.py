"""A group of two schools whose board is filled row by row."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select

from tests.groups.stage import Stage as GroupStage
from tests.makers import Someone
from tongke_courses.boards import telling
from tongke_courses.boards.models import Post, Topic, TopicReading, TopicState, TopicStep
from tongke_platform.database import utc_now, uuid7
from tongke_platform.notices.models import Notice
from tongke_platform.people.models import Membership

Json = dict[str, Any]


class Stage(GroupStage):
    async def topic(
        self, title: str = "借景抒情怎么教", by: Someone | None = None, **fields: Any
    ) -> Topic:
        """With one post, of the head."""
        async with self.frame.database.write() as session:
            topic = Topic(
                **{
                    "group_id": UUID(self.key),
                    "title": title,
                    "by_id": (by or self.head).id,
                    "last_post_at": self.frame.now(),
                    **fields,
                }
            )
            session.add(topic)
        await self.post(topic, by or self.head)
        return topic

    async def post(
        self,
        topic: Topic,
        by: Someone,
        *,
        tell: bool = False,
        mentioned: Collection[UUID] = (),
        at: datetime | None = None,
    ) -> Post:
        """``tell``: as a service that writes it would."""
        async with self.frame.database.write() as session:
            found = await session.get_one(Topic, topic.id)
            post = Post(
                id=uuid7(), topic_id=topic.id, by_id=by.id, sent_as=uuid4(), text="好", html="好"
            )
            if at is not None:
                post.created_at = at
            session.add(post)
            await session.flush()
            found.last_post_id, found.last_post_at = post.id, utc_now()
            found.posts += 1
            await session.flush()
            if tell:
                await telling.posted(session, found, post, mentioned, self.frame.today())
        return post

    async def step(self, topic: Topic, by: Someone, state: TopicState) -> None:
        async with self.frame.database.write() as session:
            found = await session.get_one(Topic, topic.id)
            found.state = state
            session.add(TopicStep(topic_id=topic.id, state=state, by_id=by.id))

    async def read(self, who: Someone, topic: Topic, post: Post | None = None, **more: Any) -> Json:
        body = {**({"read_post_id": str(post.id)} if post else {}), **more}
        found: Json = await self.of(who, "PUT", f"/api/topics/{topic.id}/reading", json=body)
        return found

    async def reading(self, who: Someone, topic: Topic) -> TopicReading | None:
        async with self.frame.database.read() as session:
            mine = select(TopicReading).where(
                TopicReading.person_id == who.id, TopicReading.topic_id == topic.id
            )
            return (await session.execute(mine)).scalar_one_or_none()

    async def unread(self, who: Someone) -> dict[str, int]:
        """Unread posts by title."""
        found = await self.of(who, "GET", "/api/unread")
        assert found["count"] == len(found["topics"])
        return {one["title"]: one["unread"] for one in found["topics"]}

    async def leave(self, who: Someone) -> None:
        await self.of(self.head, "DELETE", f"/api/groups/{self.key}/members/{who.id}")

    async def another(self, role: str = "group_member") -> Someone:
        """A further member."""
        made = await self.make.person(self.school)
        await self.bring_in(made, role)
        return made

    async def notices(self, who: Someone, prefix: str = "board.") -> list[Notice]:
        async with self.frame.database.read() as session:
            mine = select(Notice).where(Notice.person_id == who.id).order_by(Notice.id)
            found = (await session.execute(mine)).scalars().all()
        return [one for one in found if one.kind.startswith(prefix)]

    async def kinds(self, who: Someone) -> list[str]:
        return [one.kind.removeprefix("board.") for one in await self.notices(who)]

    async def posts_held(self, who: Someone) -> list[Membership]:
        async with self.frame.database.read() as session:
            mine = select(Membership).where(Membership.person_id == who.id)
            return list((await session.execute(mine)).scalars())
