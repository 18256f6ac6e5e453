"""Rules of topics: found, read, renamed, taken out. Writing is in ``posting``, what becomes of a topic
in ``states``, what moderators do in ``moderating``.
"""

from collections.abc import Collection
from dataclasses import replace
from uuid import UUID

from tongke_courses.boards import (
    anchors,
    auditing,
    holding,
    indexing,
    outs,
    posting,
    rights,
    telling,
)
from tongke_courses.boards.holding import no_topic
from tongke_courses.boards.models import Topic
from tongke_courses.boards.post_repository import PostRepository
from tongke_courses.boards.repository import (
    Filter,
    StepRepository,
    TopicRepository,
    TryRepository,
)
from tongke_courses.boards.schemas import TopicChange, TopicFull, TopicOut, TopicPage
from tongke_courses.boards.telling import Change
from tongke_courses.textbooks import service as textbooks
from tongke_courses.textbooks.models import TextbookNode
from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.errors import Invalid, NotFound
from tongke_platform.frame import Frame
from tongke_platform.people.roles import Role
from tongke_platform.rights import Principal

MOST_ABOUT = 200


async def page(
    session: ReadSession,
    by: Principal,
    group_id: UUID,
    wanted: Filter,
    *,
    before: UUID | None = None,
    limit: int = 30,
) -> TopicPage:
    """The one last written in first. Raises NotFound ``no_group``, ``no_anchor``, ``no_textbook``."""
    await holding.part_in(session, by, group_id)
    chosen = await _filter(session, by, wanted)
    topics = TopicRepository(session)
    pinned = await topics.pinned(group_id, chosen) if before is None else ()
    found = await topics.page(group_id, chosen, before=before, limit=limit + 1)
    here = [*pinned, *found[:limit]]
    shown = await outs.topics(session, by, here)
    more = len(found) > limit
    return TopicPage(
        pinned=shown[: len(pinned)],
        items=shown[len(pinned) :],
        next=found[limit - 1].last_post_id if more else None,
    )


async def _filter(session: ReadSession, by: Principal, wanted: Filter) -> Filter:
    asked = wanted.things
    if asked:
        seen = await anchors.seen(session, by, asked)
        if any(keys - seen[column] for column, keys in asked.items()):
            raise anchors.missing()
    if wanted.node_id is None:
        return wanted
    return replace(wanted, node=await textbooks.get(session, wanted.node_id))


async def about(
    session: ReadSession,
    principal: Principal,
    *,
    lesson_id: UUID | None = None,
    material_id: UUID | None = None,
    course_id: UUID | None = None,
    node_id: UUID | None = None,
    limit: int = MOST_ABOUT,
) -> tuple[list[TopicOut], int]:
    """Topics about the thing (of a lesson: moments as well, with their ``at_ms``) in all groups
    ``principal`` reads, at most ``limit``, the one last written in first; and how many there are.
    Nothing about what they may not see.

    Raises Invalid ``one_thing`` unless one thing is asked about.
    """
    wanted = Filter(
        lesson_id=lesson_id, material_id=material_id, course_id=course_id, node_id=node_id
    )
    if len(wanted.things) != 1:
        raise Invalid(code="one_thing")
    groups = rights.groups_read(principal)
    if not groups:
        return [], 0
    try:
        chosen = await _filter(session, principal, wanted)
    except NotFound:
        return [], 0
    found, every = await TopicRepository(session).about(groups, chosen, limit)
    return await outs.topics(session, principal, found), every


async def around(
    session: ReadSession,
    principal: Principal,
    *,
    lesson_id: UUID | None = None,
    course_id: UUID | None = None,
    materials: Collection[UUID] = (),
) -> list[TopicOut]:
    """Topics about a lesson (moments as well) or a course that ``principal`` has been shown, and about
    those of its ``materials`` that they have been shown; else as ``about``. One query.
    """
    groups = rights.groups_read(principal)
    if not groups:
        return []
    found = await TopicRepository(session).around(
        groups, MOST_ABOUT, lesson_id=lesson_id, course_id=course_id
    )
    may = {name: set[UUID]() for name in anchors.COLUMNS.values()}
    may["material_id"] |= set(materials)
    may["lesson_id"] |= {lesson_id} if lesson_id else set()
    may["course_id"] |= {course_id} if course_id else set()
    shown = [(one, anchors.out(one, principal, may)) for one in found]
    return [outs.topic(one, anchor) for one, anchor in shown if anchor.id is not None]


async def at_node(
    session: ReadSession, principal: Principal, node: TextbookNode, limit: int
) -> tuple[list[TopicOut], int, int]:
    """Topics about a place in the textbook itself in all groups ``principal`` reads, the one last
    written in first; how many there are, and how many about what stands below it. One query.
    """
    groups = rights.groups_read(principal)
    if not groups:
        return [], 0, 0
    found, itself, below = await TopicRepository(session).at_node(groups, node, limit)
    return await outs.topics(session, principal, found), itself, below


async def seen(session: ReadSession, by: Principal, key: UUID) -> tuple[Topic, Role]:
    """With who began it and its group; also one that was taken out or merged.

    Raises NotFound ``no_topic``.
    """
    found = await TopicRepository(session).by_id(key)
    if found is None:
        raise no_topic()
    try:
        return found, await holding.part_in(session, by, found.group_id)
    except NotFound:
        raise no_topic() from None


async def full(
    session: ReadSession,
    by: Principal,
    key: UUID,
    *,
    after: UUID | None = None,
    limit: int = 50,
) -> TopicFull:
    """With what became of it and its posts. Raises NotFound ``no_topic``."""
    found, part = await seen(session, by, key)
    shown = (await outs.topics(session, by, [found]))[0]
    group = found.group.name
    if found.deleted_at is not None or found.merged_into_id is not None:
        return outs.topic_full(shown, group, part)
    posts = await PostRepository(session).of_topic(key, after=after, limit=limit + 1)
    return outs.topic_full(
        shown,
        group,
        part,
        steps=await StepRepository(session).of(key),
        tries=await TryRepository(session).of(key),
        items=await outs.posts(session, by, posts[:limit]),
        following=posts[limit - 1].id if len(posts) > limit else None,
    )


async def change(session: WriteSession, by: Principal, key: UUID, wanted: TopicChange) -> Topic:
    """Its title, by who began it or who moderates.

    Raises NotFound, Forbidden ``not_your_part``, Conflict ``changed``, ``deleted``, ``merged``.
    """
    held = await holding.topic(session, by, key, rights.WRITE)
    if held.topic.by_id != by.id and not held.moderates:
        raise holding.not_your_part()
    await check_version(session, by, held.topic, wanted.version)
    if held.topic.title != wanted.title:
        held.topic.title = wanted.title
        await touched(session, held.topic)
        await indexing.topic_changed(session, held.topic)
    return held.topic


async def check_version(session: ReadSession, by: Principal, topic: Topic, version: int) -> None:
    """Raises Conflict ``changed``."""
    if topic.version != version:
        raise holding.changed((await outs.topics(session, by, [topic]))[0])


async def touched(session: WriteSession, topic: Topic) -> None:
    topic.version += 1
    await session.flush()
    await telling.changed(session, topic, Change.TOPIC)


async def remove(
    session: WriteSession, frame: Frame, by: Principal, key: UUID, reason: str = ""
) -> None:
    """By who began it, as long as nobody else has written there; or by who moderates, who says why.
    Twice is no error.

    Raises NotFound, Forbidden ``not_your_part``, Invalid ``no_reason``, Conflict ``merged``.
    """
    found, _ = await seen(session, by, key)
    if found.deleted_at is not None:
        return
    held = await holding.topic(session, by, key, rights.WRITE)
    alone = held.topic.by_id == by.id and await _alone(session, by, key)
    if not alone:
        posting.check_removes(held, reason)
        auditing.topic(session, by, held, "removed", person_id=held.topic.by_id, reason=reason)
    topic = held.topic
    topic.deleted_at, topic.deleted_by_id, topic.deleted_because = frame.now(), by.id, reason
    await touched(session, topic)
    await indexing.topic_changed(session, topic)


async def _alone(session: ReadSession, by: Principal, key: UUID) -> bool:
    return await PostRepository(session).writers(key) <= {by.id}
