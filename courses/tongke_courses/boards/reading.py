"""How far people have read, what they follow, and what is new to them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from tongke_courses.boards import rights
from tongke_courses.boards.file_repository import FileNewsRepository
from tongke_courses.boards.models import Follow, GroupFile, Post, Topic, TopicReading, TopicStep
from tongke_courses.boards.reading_repository import (
    FollowRepository,
    ReadingRepository,
    TopicRepository,
)
from tongke_courses.boards.reading_schemas import ReadingIn
from tongke_courses.groups import rights as groups
from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.errors import NotFound
from tongke_platform.notices.live import Count
from tongke_platform.people.roles import Scope
from tongke_platform.rights import Principal

FARTHEST = timedelta(days=366)
TOPICS, STEPS, FILES = 50, 100, 50
# Somebody (``person``) has fewer unread topics.
READ = "board.read"


@dataclass(frozen=True)
class Unread:
    """A topic of ``group`` (its name) with ``count`` unread posts of others, ``first_id`` the first."""

    topic: Topic
    group: str
    count: int
    first_id: UUID | None
    last_by: str


@dataclass(frozen=True)
class Changes:
    """Topics with who began them and how many posts are new; steps with their topics' titles and who
    took them; files that were brought. ``more``: there was more.
    """

    since: datetime
    until: datetime
    topics: Sequence[tuple[Topic, str, int]]
    steps: Sequence[tuple[TopicStep, str, str]]
    files: Sequence[GroupFile]
    more: bool


async def topic_for(session: ReadSession, by: Principal, key: UUID) -> Topic:
    """Raises NotFound, also for those who may not read it."""
    found = await TopicRepository(session).readable(key)
    if found is None or not by.in_group(found.group_id):
        raise NotFound(rights.NO_TOPIC, code="no_topic")
    return found


async def note(
    session: WriteSession, by: Principal, topic_id: UUID, wanted: ReadingIn, now: datetime
) -> TopicReading | None:
    """Reading only ever grows, whichever of several pages says so first. Raises NotFound."""
    topic = await topic_for(session, by, topic_id)
    readings = ReadingRepository(session)
    if wanted.read_post_id is not None:
        post = await session.get(Post, wanted.read_post_id)
        if post is None or post.topic_id != topic.id:
            raise NotFound(rights.NO_POST, code="no_post")
        await readings.read_to(by.id, topic.id, post.id, now)
    if "follows" in wanted.model_fields_set:
        await readings.follow(by.id, topic.id, wanted.follows)
    read(session, by.id)
    return await readings.of_one(by.id, topic.id)


def read(session: WriteSession, person_id: UUID) -> None:
    """What somebody has read, or does not follow any more, leaves the header of their pages."""
    session.tell(READ, person=person_id)


async def follow(session: WriteSession, by: Principal, group_id: UUID, wanted: Follow) -> None:
    """Raises NotFound."""
    check_group(by, group_id)
    await FollowRepository(session).put(by.id, group_id, wanted)


async def follow_of(session: ReadSession, by: Principal, group_id: UUID) -> Follow:
    """Raises NotFound."""
    check_group(by, group_id)
    return await FollowRepository(session).of_one(by.id, group_id)


def check_group(by: Principal, group_id: UUID) -> None:
    """Raises NotFound."""
    if not by.in_group(group_id):
        raise NotFound(groups.NO_GROUP, code="no_group")


async def unread(
    session: ReadSession, by: Principal, *, before: UUID | None = None, limit: int = 30
) -> tuple[list[Unread], UUID | None]:
    """Topics of one's groups with something new, the newest first, and the ``before`` of the next
    page. What was there before one came into a group is not new.
    """
    readings = ReadingRepository(session)
    found = await readings.unread(by.id, by.today, before=before, limit=limit + 1)
    page = found[:limit]
    topics = [topic for topic, _ in page]
    counts = await readings.unread_posts(by.id, by.today, [one.id for one in topics])
    names = await readings.names_of_last(topics)
    following = topics[-1].last_post_id if len(found) > limit else None
    return [
        Unread(topic, group, *counts.get(topic.id, (0, None)), names.get(topic.id, ""))
        for topic, group in page
    ], following


async def count_unread(session: ReadSession, by: Principal) -> int:
    """Topics with something new: at most 100."""
    if not any(one.scope is Scope.GROUP for one in by.posts):
        return 0
    return await ReadingRepository(session).count_unread(by.id, by.today)


def counting(today: Callable[[], date]) -> Count:
    """``count_unread`` for the header of pages; ``today`` is the schools' date."""

    async def count(session: ReadSession, person_id: UUID) -> int:
        return await ReadingRepository(session).count_unread(person_id, today())

    return count


async def changes(
    session: ReadSession, by: Principal, group_id: UUID, since: datetime | None, now: datetime
) -> Changes:
    """What happened in a group since a moment; since one last read something there, when none is
    named. Of a year at most. Raises NotFound.
    """
    check_group(by, group_id)
    since = since or await ReadingRepository(session).last_read_at(by.id, group_id) or now
    since = min(max(since, now - FARTHEST), now)
    topics = TopicRepository(session)
    new = await topics.new_in(group_id, since, TOPICS + 1)
    steps = await topics.steps_in(group_id, since, STEPS + 1)
    files = await FileNewsRepository(session).since(group_id, since, FILES + 1)
    more = len(new) > TOPICS or len(steps) > STEPS or len(files) > FILES
    return Changes(since, now, new[:TOPICS], steps[:STEPS], files[:FILES], more)


async def wrote(session: WriteSession, topic: Topic, post: Post, now: datetime, day: date) -> None:
    """Who had read all of a topic when they wrote into it has read all of it still; who had not finds
    what they have not read where it was.
    """
    if post.by_id is None:
        return
    readings = ReadingRepository(session)
    of_writer = await readings.unread_posts(post.by_id, day, [topic.id])
    if of_writer.get(topic.id, (0, None))[1] is None:
        await readings.read_to(post.by_id, topic.id, post.id, now)


async def merged(session: WriteSession, gone_id: UUID, into_id: UUID) -> None:
    """The posts of ``gone_id`` are about to be in ``into_id``: nobody's unread posts become read ones,
    and nothing becomes unread for who had read both. To be called while each still has its own.
    """
    readings = ReadingRepository(session)
    last = await TopicRepository(session).newest([gone_id, into_id])
    of = {key: await readings.of_topic(key) for key in (gone_id, into_id)}
    # Who reads a whole group locks by topic as well: nobody waits crosswise.
    if gone_id < into_id:
        await readings.remove_of(gone_id)
    for person in sorted(of[gone_id].keys() | of[into_id].keys()):
        pairs = [(of[key].get(person), last[key][0]) for key in (gone_id, into_id)]
        gone = pairs[0][0]
        await readings.set(person, into_id, _read_of_both(pairs), gone.follows if gone else None)
    if gone_id > into_id:
        await readings.remove_of(gone_id)


def _read_of_both(pairs: Sequence[tuple[TopicReading | None, UUID | None]]) -> UUID | None:
    """Up to where both are read, of readings and the last posts of their topics."""
    read = [(one.read_post_id if one else None, newest) for one, newest in pairs]
    unfinished = [key for key, newest in read if newest is not None and (not key or key < newest)]
    if None in unfinished:
        return None
    known = [key for key in unfinished if key] or [key for key, _ in read if key]
    return min(known) if unfinished else max(known, default=None)
