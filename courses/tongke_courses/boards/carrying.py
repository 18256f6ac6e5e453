"""What comes along when a topic moves into another group: its posts, and the files they show.

A file that posts on both sides show is there on both sides afterwards: the topic gets a row of its own
of the same content, and its posts name that one.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from tongke_courses.boards import posting
from tongke_courses.boards.file_repository import GroupFileRepository
from tongke_courses.boards.markdown import FILE, files_named
from tongke_courses.boards.models import GroupFile, Post, PostEdit, Topic
from tongke_courses.boards.post_repository import PostRepository
from tongke_courses.boards.repository import TopicRepository
from tongke_platform.database import ReadSession, WriteSession, utc_now, uuid7
from tongke_platform.rights import Principal


async def shared(session: ReadSession, topic: Topic) -> Sequence[GroupFile]:
    """Files that posts of the topic show and that are not for it alone: another topic of its group shows
    them, or has brought them. Those it has brought are another topic's afterwards.
    """
    files, posts = GroupFileRepository(session), PostRepository(session)
    own = {one.id: one for one in await files.of_topic(topic.id)}
    elsewhere = await posts.showing(topic, own)
    for key, post_id in elsewhere.items():
        own[key].post_id = post_id
    showing = [one for one in await posts.with_files(topic.id) if one.deleted_at is None]
    named = set[UUID]().union(*(files_named(one.text) for one in showing))
    there = await files.of(topic.group_id, named - own.keys())
    return [*there, *(own[key] for key in named & elsewhere.keys())]


async def carry(
    session: WriteSession, by: Principal, topic: Topic, group_id: UUID, both: Sequence[GroupFile]
) -> None:
    """All that belongs to the topic, with rows of its own of ``both``. The number of statements does
    not depend on the number of posts.
    """
    topic.group_id, topic.pinned_at = group_id, None
    await session.flush()
    await TopicRepository(session).carry_to_group(topic.id, group_id)
    posts = await PostRepository(session).with_files(topic.id)
    copies = _copies(session, group_id, both, posts)
    for post in posts:
        text = _naming(post.text, copies)
        if text != post.text:
            # As it was sent it stays known: the same words sent again are the same post.
            session.add(
                PostEdit(post_id=post.id, version=post.version, text=post.text, by_id=by.id)
            )
            post.text, post.version = text, post.version + 1
    await session.flush()
    audience = await posting.audience(session, by, group_id, [one.text for one in posts])
    for post in posts:
        post.html = (await posting.made(post.text, audience)).html
    await session.flush()


def _copies(
    session: WriteSession, group_id: UUID, both: Sequence[GroupFile], posts: Sequence[Post]
) -> Mapping[UUID, UUID]:
    """The new rows' keys, by those they are copies of; each belongs to the first post that shows it."""
    first: dict[UUID, UUID] = {}
    for post in posts:
        for key in files_named(post.text):
            first.setdefault(key, post.id)
    made: dict[UUID, UUID] = {}
    for one in both:
        made[one.id] = uuid7()
        same = ("file_id", "small_id", "width", "height", "name", "by_id")
        session.add(
            GroupFile(
                id=made[one.id], group_id=group_id, post_id=first.get(one.id), in_post=True,
                told_at=utc_now(), **{name: getattr(one, name) for name in same},
            )
        )  # fmt: skip
    return made


def _naming(text: str, copies: Mapping[UUID, UUID]) -> str:
    return FILE.sub(lambda found: found[0][:5] + str(copies.get(UUID(found[1]), found[1])), text)
