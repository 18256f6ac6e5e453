"""Topics and posts as the search finds them: a topic by its title and first post, every other post by
its own words. What is written is found at once; what came to stand in another topic or group, by a
job. Who does not belong to the group finds nothing meanwhile: that is asked of the database.
"""

from collections.abc import AsyncGenerator, Sequence
from uuid import UUID

from tongke_courses.boards import rights
from tongke_courses.boards.markdown import plain
from tongke_courses.boards.models import Post, Topic
from tongke_courses.boards.post_repository import PostRepository
from tongke_courses.boards.repository import TopicRepository
from tongke_courses.groups.models import Group
from tongke_courses.search import audience, index, kinds
from tongke_courses.search.documents import Document
from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.errors import N_
from tongke_platform.frame import Frame
from tongke_platform.jobs import Job, Payload
from tongke_platform.rights import Principal

TOPIC, POST = "topic", "post"
INDEX = "boards.index"
AT_ONCE = 200
# Of a post that has no title of its own.
TITLE = 60


async def written(session: WriteSession, topic: Topic, post: Post) -> None:
    """New, changed or taken out."""
    group = topic.group
    first = await PostRepository(session).first(topic.id)
    if first is None or first.id == post.id:
        await index.put(session, _of_topic(topic, group, post))
    elif post.deleted_at is not None:
        await index.remove(session, POST, post.id)
    else:
        await index.put(session, _of_post(post, group))


async def topic_changed(session: WriteSession, topic: Topic) -> None:
    """Another title or group, other posts, or it was taken out."""
    session.add(Job(kind=INDEX, payload={"topic": str(topic.id)}))
    await session.flush()


def register_job(frame: Frame) -> None:
    async def again(payload: Payload) -> None:
        await follow(frame, UUID(payload["topic"]))

    frame.jobs.handle(INDEX, again)


async def follow(frame: Frame, key: UUID) -> None:
    """Idempotent: a topic and all its posts as they are now, some at a time."""
    after: UUID | None = None
    async with frame.database.write() as session:
        first = await _follow_topic(session, key)
    while True:
        async with frame.database.write() as session:
            posts = await PostRepository(session).of_topic(key, after=after, limit=AT_ONCE)
            await _follow_posts(session, key, first, posts)
        if len(posts) < AT_ONCE:
            return
        after = posts[-1].id


async def _follow_topic(session: WriteSession, key: UUID) -> UUID | None:
    """Its first post, which is found as the topic."""
    topic = await TopicRepository(session).by_id(key)
    first = await PostRepository(session).first(key)
    if topic is None or first is None or not _found(topic):
        await index.remove(session, TOPIC, key)
        return None
    await index.put(session, _of_topic(topic, topic.group, first))
    return first.id


def _found(topic: Topic) -> bool:
    return topic.deleted_at is None and topic.merged_into_id is None


async def _follow_posts(
    session: WriteSession, key: UUID, first: UUID | None, posts: Sequence[Post]
) -> None:
    topic = await TopicRepository(session).by_id(key)
    for post in posts:
        gone = post.deleted_at is not None or post.id == first
        if gone or topic is None or not _found(topic):
            await index.remove(session, POST, post.id)
        else:
            await index.put(session, _of_post(post, topic.group))


def _of_topic(topic: Topic, group: Group, first: Post | None) -> Document:
    gone = first is None or first.deleted_at is not None
    return Document(
        kind=TOPIC,
        id=topic.id,
        title=topic.title,
        at=topic.created_at,
        audience=frozenset([audience.group(topic.group_id)]),
        body="" if gone or first is None else plain(first.html),
        facets=_facets(group),
    )


def _of_post(post: Post, group: Group) -> Document:
    words = plain(post.html)
    return Document(
        kind=POST,
        id=post.id,
        title=" ".join(words[: TITLE * 2].split())[:TITLE],
        at=post.created_at,
        audience=frozenset([audience.group(group.id)]),
        body=words,
        facets=_facets(group),
        parent_id=post.topic_id,
    )


def _facets(group: Group) -> dict[str, str]:
    said = {"subject": group.subject, "stage": group.stage, "grade": group.grade}
    return {name: value for name, value in said.items() if value}


def _readable(repository: type[TopicRepository] | type[PostRepository]) -> kinds.ReadableIds:
    async def readable(
        session: ReadSession, principal: Principal | None, keys: Sequence[UUID]
    ) -> set[UUID]:
        groups = rights.groups_read(principal) if principal is not None else ()
        return await repository(session).readable(groups, keys) if groups else set()

    return readable


async def topics(session: ReadSession, after: UUID | None) -> AsyncGenerator[Document, None]:
    while found := await TopicRepository(session).following(after, AT_ONCE):
        firsts = await PostRepository(session).firsts([one.id for one in found])
        for one in found:
            yield _of_topic(one, one.group, firsts.get(one.id))
        after = found[-1].id


async def posts(session: ReadSession, after: UUID | None) -> AsyncGenerator[Document, None]:
    while rows := await PostRepository(session).following(after, AT_ONCE):
        for post, group in rows:
            yield _of_post(post, group)
        after = rows[-1][0].id


def register() -> None:
    kinds.register(
        kinds.Kind(
            name=TOPIC,
            label=N_("Topic of a group"),
            icon="message-square",
            href=lambda place: f"/topics/{place.id}",
            readable_ids=_readable(TopicRepository),
            documents=topics,
            closed=True,
        )
    )
    kinds.register(
        kinds.Kind(
            name=POST,
            label=N_("Post in a group"),
            icon="message-circle",
            href=lambda place: f"/topics/{place.parent_id}#post-{place.id}",
            readable_ids=_readable(PostRepository),
            documents=posts,
            closed=True,
        )
    )
