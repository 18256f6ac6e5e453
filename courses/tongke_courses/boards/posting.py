"""Posts: written exactly once, changed by who wrote them, taken out with a reason, voted for."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from tongke_courses.boards import (
    anchors,
    auditing,
    drafts,
    holding,
    indexing,
    outs,
    rights,
    telling,
)
from tongke_courses.boards.file_schemas import small_of
from tongke_courses.boards.holding import Held, no_post
from tongke_courses.boards.markdown import Audience, Rendered, files_named, render
from tongke_courses.boards.models import Post, PostEdit, PostVote, Topic
from tongke_courses.boards.post_repository import (
    PointerRepository,
    PostRepository,
    VoteRepository,
)
from tongke_courses.boards.repository import TopicRepository
from tongke_courses.boards.schemas import PostChange, PostIn, TopicIn
from tongke_courses.boards.telling import Change
from tongke_courses.groups.repository import MemberRepository
from tongke_platform.accounts.limiter import Limit
from tongke_platform.database import ReadSession, WriteSession, uuid7
from tongke_platform.errors import N_, Conflict, Invalid, NotFound
from tongke_platform.frame import Frame
from tongke_platform.rights import Principal

# What somebody wrote without a link comes all at once when it is back.
POSTS = Limit("board-posts", burst=30, refill_s=2)
CLOSED = N_("This topic is closed: nothing new is written here.")
OUT = N_("This post was taken out.")
OTHER_WORDS = N_(
    "Other words of this draft were sent already, from another device. These are kept: please look, and "
    "send them once more if you still want to."
)
OWN = N_("One does not vote for one's own post.")
NO_REASON = N_("Please say why this is taken out.")
# Longer ones are worked out beside what else the server does.
LONG = 4000


@dataclass(frozen=True)
class Sent:
    """``new``: it was not there before."""

    post: Post
    topic: Topic
    new: bool


async def begin(
    session: WriteSession, frame: Frame, by: Principal, group_id: UUID, wanted: TopicIn
) -> Sent:
    """A topic with its first post. Sent again it is the one there is.

    Raises NotFound ``no_group``, ``no_anchor``, Forbidden ``not_your_part``, Conflict ``sent``, TooMany.
    """
    await frame.limiter.take(POSTS, str(by.id))
    posts = PostRepository(session)
    if there := await posts.sending(by.id, wanted.sent_as):
        return await _there(session, by, there, wanted.text)
    group, _ = await holding.group(session, by, group_id, rights.WRITE)
    made = await TopicRepository(session).add(
        Topic(
            group_id=group.id,
            title=wanted.title,
            by_id=by.id,
            last_post_at=frame.now(),
            **await anchors.fields(session, by, wanted.anchor),
        )
    )
    await session.refresh(made, ["by", "group"])
    post = await _write(session, frame, by, made, wanted.sent_as, wanted.text)
    return Sent(post, made, new=True)


async def reply(
    session: WriteSession, frame: Frame, by: Principal, topic_id: UUID, wanted: PostIn
) -> Sent:
    """What is sent into a topic that was merged meanwhile stands where that one is now.

    Raises NotFound ``no_topic``, ``no_post`` (that it answers), Forbidden ``not_your_part``,
    Conflict ``closed``, ``deleted``, ``sent``, TooMany.
    """
    await frame.limiter.take(POSTS, str(by.id))
    posts = PostRepository(session)
    if there := await posts.sending(by.id, wanted.sent_as):
        return await _there(session, by, there, wanted.text)
    topic = (await _survivor(session, by, topic_id)).topic
    if topic.closed_at is not None:
        raise Conflict(CLOSED, code="closed")
    if wanted.reply_to_id and not await posts.ids_in(topic.id, [wanted.reply_to_id]):
        raise no_post()
    post = await _write(session, frame, by, topic, wanted.sent_as, wanted.text, wanted.reply_to_id)
    return Sent(post, topic, new=True)


async def _survivor(session: WriteSession, by: Principal, key: UUID) -> Held:
    found = await TopicRepository(session).by_id(key)
    into = found.merged_into_id if found is not None else None
    try:
        return await holding.topic(session, by, into or key, rights.WRITE)
    except Conflict as error:
        # Merged while this waited for the group.
        if error.code != "merged":
            raise
        return await holding.topic(session, by, UUID(error.extra["into"]), rights.WRITE)


async def _there(session: ReadSession, by: Principal, post: Post, text: str) -> Sent:
    """Raises Conflict ``sent`` when it is another text that was sent with this key: from another
    device, by who went on with the same draft.
    """
    topic = await TopicRepository(session).by_id(post.topic_id)
    if topic is None:
        raise no_post()
    try:
        await holding.part_in(session, by, topic.group_id)
    except NotFound:
        raise no_post() from None
    if text != await PostRepository(session).first_text(post):
        there = {"post_id": str(post.id), "topic_id": str(topic.id)}
        raise Conflict(OTHER_WORDS, code="sent", extra=there)
    return Sent(post, topic, new=False)


async def _write(
    session: WriteSession,
    frame: Frame,
    by: Principal,
    topic: Topic,
    sent_as: UUID,
    text: str,
    reply_to_id: UUID | None = None,
) -> Post:
    made = await rendered(session, by, topic.group_id, text)
    topics, posts = TopicRepository(session), PostRepository(session)
    newest = await topics.newest_key(topic.group_id)
    post = await posts.add(
        Post(
            id=after(newest),
            topic_id=topic.id,
            by_id=by.id,
            sent_as=sent_as,
            text=text,
            html=made.html,
            reply_to_id=reply_to_id,
        )
    )
    topic.posts += 1
    topic.last_post_id, topic.last_post_at = post.id, frame.now()
    await point(session, post, topic, made)
    await drafts.sent(session, by.id, sent_as)
    await session.refresh(post, ["by"])
    await indexing.written(session, topic, post)
    told = [one for one in made.mentioned if one != by.id]
    await telling.posted(session, topic, post, told, by.today)
    return post


def after(newest: UUID | None) -> UUID:
    """A key later than all there are, also where a server's clock was ahead by hours."""
    key = uuid7()
    return key if newest is None or key > newest else UUID(int=newest.int + 1)


async def rendered(session: ReadSession, by: Principal, group_id: UUID, text: str) -> Rendered:
    return await made(text, await audience(session, by, group_id, [text]))


async def audience(
    session: ReadSession, by: Principal, group_id: UUID, texts: Sequence[str]
) -> Audience:
    """A group's readers of today, who can be named in ``texts``, and those of its files they show."""
    people: dict[str, list[UUID]] = {}
    if any("@" in one for one in texts):
        for one in await MemberRepository(session).of(group_id, by.today):
            if one.active and one.post.role in rights.READ.roles:
                people.setdefault(one.person.display_name, []).append(one.person.id)
    named = set[UUID]().union(*map(files_named, texts))
    files = await PointerRepository(session).files(group_id, named)
    return Audience(people, files, lambda key: f"/groups/{group_id}/files/{key}", small_of)


async def made(text: str, readers: Audience) -> Rendered:
    if len(text) < LONG:
        return render(text, readers)
    return await asyncio.to_thread(render, text, readers)


async def point(session: WriteSession, post: Post, topic: Topic, made: Rendered) -> None:
    pointers = PointerRepository(session)
    await pointers.mention(post.id, made.mentioned)
    if post.by_id is not None:
        await pointers.attach(post.id, post.by_id, made.files)


async def edit(
    session: WriteSession, frame: Frame, by: Principal, key: UUID, wanted: PostChange
) -> Post:
    """Only by who wrote it; what it said before is kept.

    Raises NotFound, Forbidden ``not_your_part``, Conflict ``changed``, ``closed``, ``deleted``,
    TooMany.
    """
    await frame.limiter.take(POSTS, str(by.id))
    held, post = await holding.post(session, by, key, rights.WRITE)
    if post.by_id != by.id:
        raise holding.not_your_part()
    _check_there(post)
    if held.topic.closed_at is not None:
        raise Conflict(CLOSED, code="closed")
    if post.version != wanted.version:
        raise holding.changed(await outs.post(session, by, post))
    if post.text == wanted.text:
        return post
    made = await rendered(session, by, held.topic.group_id, wanted.text)
    session.add(PostEdit(post_id=post.id, version=post.version, text=post.text, by_id=by.id))
    post.text, post.html = wanted.text, made.html
    post.version += 1
    post.edited_at = frame.now()
    await session.flush()
    await point(session, post, held.topic, made)
    await indexing.written(session, held.topic, post)
    await telling.changed(session, held.topic, Change.EDIT, post)
    return post


def _check_there(post: Post) -> None:
    if post.deleted_at is not None:
        raise Conflict(OUT, code="deleted")


async def edits(session: ReadSession, by: Principal, key: UUID) -> Sequence[PostEdit]:
    """What it said before, the first words first; of one that was taken out only for moderators.

    Raises NotFound.
    """
    post = await PostRepository(session).with_topic(key)
    if post is None or post.topic.deleted_at is not None:
        raise no_post()
    try:
        part = await holding.part_in(session, by, post.topic.group_id)
    except NotFound:
        raise no_post() from None
    if post.deleted_at is not None and part not in rights.MODERATE.roles:
        raise no_post()
    return await PostRepository(session).edits(key)


async def remove(
    session: WriteSession, frame: Frame, by: Principal, key: UUID, reason: str = ""
) -> None:
    """It keeps its place. By who wrote it, or by who moderates, who says why. Twice is no error.

    Raises NotFound, Forbidden ``not_your_part``, Invalid ``no_reason``.
    """
    held, post = await holding.post(session, by, key, rights.WRITE)
    if post.by_id != by.id:
        check_removes(held, reason)
    if post.deleted_at is not None:
        return
    if post.by_id != by.id:
        auditing.post_removed(session, by, held, post, reason)
    post.deleted_at, post.deleted_by_id, post.deleted_because = frame.now(), by.id, reason
    post.version += 1
    await session.flush()
    if held.topic.last_post_id == post.id:
        await TopicRepository(session).find_last(held.topic)
        await session.flush()
    await PointerRepository(session).mention(post.id, ())
    await indexing.written(session, held.topic, post)
    await telling.changed(session, held.topic, Change.DELETION, post)


def check_removes(held: Held, reason: str) -> None:
    if not held.moderates:
        raise holding.not_your_part()
    if not reason:
        raise Invalid(NO_REASON, code="no_reason")


async def vote(session: WriteSession, by: Principal, key: UUID, *, wanted: bool) -> Post:
    """One of each; twice is no error. Raises NotFound, Forbidden, Conflict ``own``, ``deleted``."""
    held, post = await holding.post(session, by, key, rights.WRITE)
    _check_there(post)
    if post.by_id == by.id:
        raise Conflict(OWN, code="own")
    votes = VoteRepository(session)
    there = bool(await votes.of(by.id, [post.id]))
    if there is wanted:
        return post
    if wanted:
        await votes.add(PostVote(post_id=post.id, person_id=by.id))
    else:
        await votes.remove(post.id, by.id)
    post.votes += 1 if wanted else -1
    await session.flush()
    await telling.changed(session, held.topic, Change.VOTE, post)
    return post
