"""What somebody has not sent yet, and what is new to them on a board."""

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from tongke_courses.boards import feeds
from tongke_courses.boards.models import Draft, Post, Topic

if TYPE_CHECKING:
    from tests.rights.world import World

from tests.rights.acting import principal


async def reading(world: "World") -> None:
    """A draft and a feed of the owner, and a topic of their group with something new."""
    frame, group = world.frame, UUID(world.ids["group_id"])
    by = await principal(world, "owner")
    async with frame.database.write() as session:
        topic = Topic(group_id=group, title="追问的时机", last_post_at=frame.now())
        session.add(topic)
        await session.flush()
        post = Post(
            topic_id=topic.id, by_id=UUID(world.ids["person_id"]), sent_as=uuid4(),
            text="等三秒", html="<p>等三秒</p>",
        )  # fmt: skip
        session.add(post)
        await session.flush()
        topic.last_post_id, topic.posts = post.id, 1
        key = uuid4()
        draft = Draft(
            person_id=by.id, group_id=group, sent_as=key, text="还没写完", changed_at=frame.now()
        )
        session.add(draft)
        feed = await feeds.make(session, by, group)
    world.ids |= {
        "sent_as": str(key),
        "PUT /api/topics/{topic_id}/reading topic_id": str(topic.id),
        "/groups/feed/{token}.atom": feed.token,
        "board": str(topic.id),
    }
    world.marks |= {"draft": str(key), "unread": str(topic.id)}
