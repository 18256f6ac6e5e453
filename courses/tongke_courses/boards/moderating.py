"""What moderators do: pin, close, move, merge and split topics, and answer reports."""

from collections.abc import Collection, Sequence
from uuid import UUID

from tongke_courses.boards import (
    auditing,
    carrying,
    files,
    holding,
    indexing,
    posting,
    reading,
    rights,
    service,
    telling,
)
from tongke_courses.boards.holding import no_post, no_topic
from tongke_courses.boards.models import PostReport, Topic
from tongke_courses.boards.post_repository import PostRepository, ReportRepository
from tongke_courses.boards.repository import MOST_PINNED, TopicRepository
from tongke_courses.boards.schemas import MergeIn, MoveIn, ReportIn, SplitIn
from tongke_courses.groups.models import Group
from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.errors import N_, Conflict, Forbidden, Invalid, NotFound
from tongke_platform.frame import Frame
from tongke_platform.rights import Principal

ITSELF = N_("A topic cannot be joined with itself.")
ALL_POSTS = N_("At least one post stays where it is.")
NO_REPORT = N_("There is no such report.")
TOO_MANY_PINNED = N_(
    "%(most)s topics of this group are on top already. Please take one down before this one goes up."
)
OWN_POST = N_("This report is about a post of your own: somebody else has to answer it.")


async def pin(session: WriteSession, frame: Frame, by: Principal, key: UUID, *, on: bool) -> Topic:
    """Twice is no error. Raises NotFound, Forbidden ``not_your_part``, Conflict ``deleted``,
    ``merged``, ``too_many_pinned``.
    """
    held = await holding.topic(session, by, key, rights.MODERATE)
    topic = held.topic
    if (topic.pinned_at is not None) is not on:
        if on and await TopicRepository(session).count_pinned(held.group.id) >= MOST_PINNED:
            raise Conflict(TOO_MANY_PINNED, code="too_many_pinned", most=MOST_PINNED)
        topic.pinned_at = frame.now() if on else None
        auditing.topic(session, by, held, "pinned" if on else "unpinned")
        await service.touched(session, topic)
    return topic


async def close(
    session: WriteSession, frame: Frame, by: Principal, key: UUID, *, on: bool
) -> Topic:
    """Nothing new is written in a closed one. Twice is no error. Raises NotFound, Forbidden
    ``not_your_part``, Conflict ``deleted``, ``merged``.
    """
    held = await holding.topic(session, by, key, rights.MODERATE)
    topic = held.topic
    if (topic.closed_at is not None) is not on:
        topic.closed_at = frame.now() if on else None
        auditing.topic(session, by, held, "closed" if on else "reopened")
        await service.touched(session, topic)
    return topic


async def move(session: WriteSession, by: Principal, key: UUID, wanted: MoveIn) -> Topic:
    """Into another group that ``by`` moderates as well, with all its posts and their files.

    Raises NotFound ``no_topic``, ``no_group``, Forbidden ``not_your_part``, Conflict ``changed``,
    ``deleted``, ``merged``, ``too_many_files``, ``group_full``.
    """
    held = await holding.topic(session, by, key, rights.MODERATE, also=wanted.group_id)
    topic = held.topic
    await service.check_version(session, by, topic, wanted.version)
    if topic.group_id == wanted.group_id:
        return topic
    to = await session.get_one(Group, wanted.group_id)
    both = await carrying.shared(session, topic)
    await files.check_carried(session, topic.id, to, both)
    auditing.moved(session, by, topic, held.group, to)
    await carrying.carry(session, by, topic, wanted.group_id, both)
    await session.refresh(topic, ["group"])
    await service.touched(session, topic)
    await indexing.topic_changed(session, topic)
    return topic


async def merge(
    session: WriteSession, frame: Frame, by: Principal, key: UUID, wanted: MergeIn
) -> Topic:
    """Its posts stand in ``into_id`` in the order they were written, and its address leads there.

    Raises NotFound ``no_topic``, Forbidden ``not_your_part``, Invalid ``itself``, Conflict
    ``changed``, ``deleted``, ``merged``.
    """
    held = await holding.topic(session, by, key, rights.MODERATE)
    gone = held.topic
    topics = TopicRepository(session)
    into = await topics.to_change(wanted.into_id)
    if into is None or into.group_id != gone.group_id:
        raise no_topic()
    if into.id == gone.id:
        raise Invalid(ITSELF, code="itself")
    holding.check_there(into)
    await service.check_version(session, by, gone, wanted.version)
    auditing.topic(session, by, held, "merged", into=into.title, into_id=into.id)
    await reading.merged(session, gone.id, into.id)
    await topics.carry_over(gone.id, into.id)
    await topics.lead_on(gone.id, into.id)
    gone.merged_into_id, gone.pinned_at = into.id, None
    gone.closed_at, gone.posts = gone.closed_at or frame.now(), 0
    await topics.count_again(into)
    for one in (gone, into):
        await service.touched(session, one)
        await indexing.topic_changed(session, one)
    return into


async def split(session: WriteSession, by: Principal, key: UUID, wanted: SplitIn) -> Topic:
    """The posts named become a topic of the same group; the new topic.

    Raises NotFound ``no_topic``, ``no_post``, Forbidden ``not_your_part``, Invalid ``all_posts``,
    Conflict ``changed``, ``deleted``, ``merged``.
    """
    held = await holding.topic(session, by, key, rights.MODERATE)
    topic, keys = held.topic, set(wanted.post_ids)
    await service.check_version(session, by, topic, wanted.version)
    posts = PostRepository(session)
    if await posts.ids_in(key, keys) != keys:
        raise no_post()
    if len(keys) >= topic.posts:
        raise Invalid(ALL_POSTS, code="all_posts")
    made = await _split_off(session, topic, keys, wanted.title)
    auditing.topic(session, by, held, "split", into=made.title, into_id=made.id, posts=len(keys))
    for one in (topic, made):
        await service.touched(session, one)
        await indexing.topic_changed(session, one)
    return made


async def _split_off(
    session: WriteSession, topic: Topic, keys: Collection[UUID], title: str
) -> Topic:
    """By who wrote its first post."""
    topics, posts = TopicRepository(session), PostRepository(session)
    first = (await posts.by_ids([min(keys)]))[min(keys)]
    made = await topics.add(
        Topic(
            group_id=topic.group_id,
            title=title,
            by_id=first.by_id,
            last_post_at=first.created_at,
        )
    )
    await topics.give(keys, made.id)
    for one in (topic, made):
        await topics.count_again(one)
    await topics.copy_readings(topic.id, made.id)
    await session.refresh(made, ["by", "group"])
    return made


async def report(
    session: WriteSession, by: Principal, key: UUID, wanted: ReportIn
) -> tuple[PostReport, bool]:
    """Of one post by one person once; whether it is new. Raises NotFound, Conflict ``deleted``."""
    held, post = await holding.post(session, by, key, rights.READ)
    reports = ReportRepository(session)
    if there := await reports.by_person(key, by.id):
        return there, False
    if post.deleted_at is not None:
        raise Conflict(posting.OUT, code="deleted")
    made = await reports.add(
        PostReport(group_id=held.group.id, post_id=key, person_id=by.id, reason=wanted.reason)
    )
    await session.refresh(made, ["post"])
    await telling.reported(session, held.topic, post, by.today)
    return made, True


async def reports(session: ReadSession, by: Principal, group_id: UUID) -> Sequence[PostReport]:
    """Raises NotFound ``no_group``, Forbidden ``not_your_part``."""
    part = await holding.part_in(session, by, group_id)
    if part not in rights.MODERATE.roles:
        raise holding.not_your_part()
    return await ReportRepository(session).of_group(group_id)


async def answer(
    session: WriteSession, frame: Frame, by: Principal, group_id: UUID, key: UUID, *, upheld: bool
) -> PostReport:
    """To take the post out is a thing of its own. Answered again, the later answer counts. Nobody
    answers for their own post.

    Raises NotFound ``no_group``, ``no_report``, Forbidden ``not_your_part``, ``own_post``.
    """
    group, _ = await holding.group(session, by, group_id, rights.MODERATE)
    found = await ReportRepository(session).by_id(key)
    if found is None or found.group_id != group_id:
        raise NotFound(NO_REPORT, code="no_report")
    if found.post.by_id == by.id:
        raise Forbidden(OWN_POST, code="own_post")
    found.answered_at, found.answered_by_id, found.upheld = frame.now(), by.id, upheld
    await session.flush()
    topic = await session.get_one(Topic, found.post.topic_id)
    auditing.report_answered(session, by, group, found, topic, found.post)
    return found
