"""A day's digest of boards: one notice a person, with what is new in their groups.

It is made in the afternoon, so that it goes out with the mail of those who have it once a day. People
come in the order of their keys, a batch to a transaction that also says how far it has come: killed
at any point it goes on there, and a notice's key keeps it from being told twice.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TypeVar
from uuid import UUID

from tongke_courses.boards.digest_repository import (
    DigestRepository,
    Filed,
    Happened,
    Mine,
    NewsRepository,
    Reading,
)
from tongke_courses.boards.digest_words import FilesNews, News, lines_of, short
from tongke_courses.boards.models import BoardDigest, Follow
from tongke_platform import notices
from tongke_platform.database import first_key
from tongke_platform.errors import N_
from tongke_platform.frame import Frame
from tongke_platform.notices.kinds import NoticeKind, register
from tongke_platform.notices.texts import language_for
from tongke_platform.rounds import Rounds

DIGEST = register(
    NoticeKind(
        "board.digest",
        N_("What is new in your groups, once a day"),
        N_("New in your groups: %(first)s"),
        "%(topics)s",
    )
)
PAGE = "/groups"
FROM = time(16, 30)
EVERY_S = 300.0
BATCH = 500
# A server that stood still for longer does not bring all of it at once.
FARTHEST = timedelta(days=7)
NOTHING_READ = Reading(None, None, None)
BEGINNING = UUID(int=0)

One = TypeVar("One", Happened, Filed)
ByGroup = Mapping[UUID, Sequence[Happened]]


@dataclass(frozen=True)
class Day:
    """What happened, by group."""

    topics: ByGroup
    files: Mapping[UUID, Sequence[Filed]]


async def send(frame: Frame) -> int:
    """To how many people it was new. What was begun is finished at any hour; today's is not begun
    before the afternoon.
    """
    now = frame.now()
    local = now.astimezone(frame.settings.zone)
    async with frame.database.read() as session:
        digests = DigestRepository(session)
        begun, todays = await digests.begun(), await digests.of(local.date())
    told = 0
    for one in begun:
        told += await _go_on(frame, one)
    if todays is None and local.time() >= FROM:
        told += await _go_on(frame, await _begin(frame, local.date(), now))
    return told


async def _go_on(frame: Frame, found: BoardDigest) -> int:
    """To its end, or to where another process is at it."""
    async with frame.database.read() as session:
        news = NewsRepository(session)
        day = Day(
            by_group(await news.happened(found.since, found.until)),
            by_group(await news.filed(found.since, found.until)),
        )
    told = 0
    while (batch := await _send_batch(frame, found, day)) is not None:
        told += batch
    return told


def by_group(happened: Sequence[One]) -> dict[UUID, list[One]]:
    found: dict[UUID, list[One]] = {}
    for one in happened:
        found.setdefault(one.group_id, []).append(one)
    return found


async def _begin(frame: Frame, day: date, now: datetime) -> BoardDigest:
    """Where the last one ended; another process may have begun it meanwhile."""
    async with frame.database.write() as session:
        digests = DigestRepository(session)
        await digests.take_turn()
        if found := await digests.of(day):
            return found
        last = await digests.last()
        since = max(last.until, now - FARTHEST) if last else now - timedelta(days=1)
        return await digests.add(BoardDigest(day=day, since=min(since, now), until=now))


async def _send_batch(frame: Frame, digest: BoardDigest, day: Day) -> int | None:
    """None when everybody has been told, or another process is telling them."""
    today = frame.today()
    async with frame.database.write() as session:
        found = await DigestRepository(session).to_go_on(digest.day)
        if found is None:
            return None
        news = NewsRepository(session)
        something = day.topics or day.files
        people = await news.people(today, found.after_id, BATCH) if something else ()
        if not people:
            found.done_at = frame.now()
            return None
        topics = (one.id for some in day.topics.values() for one in some)
        letters = {
            mine.person_id: letter
            for mine in await news.of(people, today, topics, found.since)
            if (letter := _letter(frame, found.day, mine, day))
        }
        told = await notices.send_each(session, DIGEST, letters)
        found.after_id, found.told = people[-1], found.told + told
        return told


def _letter(frame: Frame, on: date, mine: Mine, day: Day) -> notices.Letter | None:
    """None when there is nothing new to them."""
    found = sorted(
        news_of(mine, day.topics), key=lambda one: (one.known, one.topic.last), reverse=True
    )
    files = list(files_of(mine, day.files))
    if not found and not files:
        return None
    first = found[0].topic.title if found else files[0].names[0]
    language = language_for(mine.language, frame.settings.default_language)
    return notices.Letter(
        {"first": short(first), "topics": lines_of(found, files, language)},
        key=f"board.digest:{on.isoformat()}",
        link=PAGE,
    )


def files_of(mine: Mine, filed: Mapping[UUID, Sequence[Filed]]) -> Iterator[FilesNews]:
    """Of each of their groups what others brought since they came."""
    for group, came in mine.came.items():
        if mine.follows.get(group, Follow.MINE) is Follow.NOTHING:
            continue
        new = [
            one for one in filed.get(group, ()) if one.key > came and one.by_id != mine.person_id
        ]
        if new:
            yield FilesNews(new[0].group, [one.name for one in new])


def news_of(mine: Mine, happened: ByGroup) -> Iterator[News]:
    """The topics of their groups in which something happened that they have not read."""
    for group, came in mine.came.items():
        for topic in happened.get(group, ()):
            reading = mine.readings.get(topic.id, NOTHING_READ)
            if _wanted(mine.follows.get(group, Follow.MINE), reading):
                found = _news(topic, mine.person_id, came, reading)
                if found is not None:
                    yield found


def _wanted(follow: Follow, reading: Reading) -> bool:
    """A digest is of everything in one's groups; what is muted stays quiet here as well."""
    if follow is Follow.NOTHING:
        return reading.follows is True
    return reading.follows is not False


def _news(topic: Happened, person_id: UUID, came: UUID, reading: Reading) -> News | None:
    known = reading.follows is True or reading.read_post_id is not None
    found = News(topic, known)
    read = max(reading.read_post_id or BEGINNING, came)
    for key, by, name in reversed(topic.posts):
        if key > read and by != person_id:
            found.posts += 1
            found.names[name] = None
    seen = max(first_key(reading.read_at) if reading.read_at else BEGINNING, came)
    stepped = any(key > seen and by != person_id for key, by in topic.steps)
    return found if found.posts or stepped else None


def rounds(frame: Frame) -> Rounds:
    return Rounds("digests of boards", lambda: send(frame), EVERY_S)
