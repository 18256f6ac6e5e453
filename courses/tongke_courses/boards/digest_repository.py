"""All SQL about the day's digest: what happened, to whom it is told, and how far that has come."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select

from tongke_courses.boards.file_repository import is_news
from tongke_courses.boards.models import (
    BoardDigest,
    Follow,
    GroupFile,
    GroupFollow,
    Post,
    Topic,
    TopicReading,
    TopicState,
    TopicStep,
)
from tongke_courses.boards.reading_repository import there
from tongke_courses.groups.models import Group
from tongke_platform.database import ReadSession, Repository, first_key, take_turn
from tongke_platform.people.models import Membership, Person
from tongke_platform.people.repository import in_force
from tongke_platform.people.roles import Scope

_TURN = 0x60A2D_D16E57


@dataclass(frozen=True)
class Happened:
    """A topic with its posts (key, writer, their name) and steps (key, who took it) of some hours,
    the first first.
    """

    id: UUID
    group_id: UUID
    title: str
    state: TopicState
    posts: list[tuple[UUID, UUID | None, str]] = field(default_factory=list)
    steps: list[tuple[UUID, UUID | None]] = field(default_factory=list)

    @property
    def last(self) -> UUID:
        """The newest key of all: the later, the larger."""
        keys = [one[0] for one in self.posts[-1:]] + [one[0] for one in self.steps[-1:]]
        return max(keys)


@dataclass(frozen=True)
class Filed:
    """A file that was brought into a group, with the group's name."""

    key: UUID
    group_id: UUID
    group: str
    by_id: UUID | None
    name: str


@dataclass
class Mine:
    """Somebody who belongs to groups: when they came into each (a key), what they chose, and how far
    they have read.
    """

    person_id: UUID
    language: str
    came: dict[UUID, UUID] = field(default_factory=dict)
    follows: dict[UUID, Follow] = field(default_factory=dict)
    readings: dict[UUID, "Reading"] = field(default_factory=dict)


@dataclass(frozen=True)
class Reading:
    read_post_id: UUID | None
    read_at: datetime | None
    follows: bool | None


class DigestRepository(Repository[BoardDigest]):
    model = BoardDigest

    async def take_turn(self) -> None:
        await take_turn(self.session, _TURN)

    async def of(self, day: date) -> BoardDigest | None:
        return await self.one_or_none(self.base().where(BoardDigest.day == day))

    async def begun(self) -> Sequence[BoardDigest]:
        """Those not done yet, the oldest first."""
        open_ones = self.base().where(BoardDigest.done_at.is_(None))
        return await self.all(open_ones.order_by(BoardDigest.day))

    async def last(self) -> BoardDigest | None:
        return await self.one_or_none(self.base().order_by(BoardDigest.day.desc()).limit(1))

    async def to_go_on(self, day: date) -> BoardDigest | None:
        """None when it is done, or another process is at it."""
        statement = self.base().where(BoardDigest.day == day, BoardDigest.done_at.is_(None))
        return await self.one_or_none(statement.with_for_update(skip_locked=True))


class NewsRepository:
    def __init__(self, session: ReadSession) -> None:
        self.session = session

    async def happened(self, since: datetime, until: datetime) -> list[Happened]:
        """Of all groups."""
        found: dict[UUID, Happened] = {}
        first, last = first_key(since), first_key(until)
        posts = (
            select(*_TOPIC, Post.id, Post.by_id, func.coalesce(Person.display_name, ""))
            .join(Topic, Topic.id == Post.topic_id)
            .outerjoin(Person, Person.id == Post.by_id)
            .where(Post.id >= first, Post.id < last, Post.deleted_at.is_(None), there())
        )
        for *topic, key, by, name in (await self.session.execute(posts.order_by(Post.id))).all():
            _topic(found, topic).posts.append((key, by, name))
        steps = (
            select(*_TOPIC, TopicStep.id, TopicStep.by_id)
            .join(Topic, Topic.id == TopicStep.topic_id)
            .where(TopicStep.id >= first, TopicStep.id < last, there())
        )
        for *topic, key, by in (await self.session.execute(steps.order_by(TopicStep.id))).all():
            _topic(found, topic).steps.append((key, by))
        return [*found.values()]

    async def filed(self, since: datetime, until: datetime) -> list[Filed]:
        """In all groups, the first first."""
        new = GroupFile.id >= first_key(since), GroupFile.id < first_key(until)
        rows = await self.session.execute(
            select(GroupFile.id, GroupFile.group_id, Group.name, GroupFile.by_id, GroupFile.name)
            .join(Group, Group.id == GroupFile.group_id)
            .where(*new, is_news())
            .order_by(GroupFile.id)
        )
        return [Filed(*row) for row in rows.all()]

    async def people(self, day: date, after: UUID | None, limit: int) -> Sequence[UUID]:
        """Who belongs to a group on ``day``, in the order of their keys."""
        statement = select(Membership.person_id).where(
            Membership.scope == Scope.GROUP, in_force(day)
        )
        if after is not None:
            statement = statement.where(Membership.person_id > after)
        statement = statement.distinct().order_by(Membership.person_id).limit(limit)
        return (await self.session.execute(statement)).scalars().all()

    async def of(
        self, people: Sequence[UUID], day: date, topics: Iterable[UUID], since: datetime
    ) -> list[Mine]:
        """``topics``: those of ``happened``, ``since`` when it began."""
        found = await self._with_groups(people, day)
        chosen = await self.session.execute(
            select(GroupFollow.person_id, GroupFollow.group_id, GroupFollow.follow).where(
                GroupFollow.person_id.in_(people)
            )
        )
        for person, group, follow in chosen.all():
            if person in found:
                found[person].follows[group] = follow
        wanted = set(topics)
        for person, topic, *rest in await self._readings(people, since):
            if person in found and topic in wanted:
                found[person].readings[topic] = Reading(*rest)
        return [*found.values()]

    async def _with_groups(self, people: Sequence[UUID], day: date) -> dict[UUID, Mine]:
        """A group counts as long as they belong to it, from when they first did."""
        rows = await self.session.execute(
            select(
                Membership.person_id, Person.language, Membership.scope_id, Membership.id,
                in_force(day),
            )
            .join(Person, Person.id == Membership.person_id)
            .where(Membership.person_id.in_(people), Membership.scope == Scope.GROUP)
        )  # fmt: skip
        found: dict[UUID, Mine] = {}
        first: dict[tuple[UUID, UUID], UUID] = {}
        belongs: set[tuple[UUID, UUID]] = set()
        for person, language, group, key, now in rows.all():
            if group is None:
                continue
            found.setdefault(person, Mine(person, language))
            first[person, group] = min(key, first.get((person, group), key))
            if now:
                belongs.add((person, group))
        for person, group in belongs:
            found[person].came[group] = first[person, group]
        return found

    async def _readings(self, people: Sequence[UUID], since: datetime) -> Sequence[Any]:
        """Of topics written in after ``since``, and of those something was read or chosen of."""
        statement = (
            select(
                TopicReading.person_id,
                TopicReading.topic_id,
                TopicReading.read_post_id,
                TopicReading.read_at,
                TopicReading.follows,
            )
            .join(Topic, Topic.id == TopicReading.topic_id)
            .where(
                TopicReading.person_id.in_(people),
                or_(
                    Topic.last_post_id >= first_key(since),
                    TopicReading.read_at >= since,
                    TopicReading.follows.is_not(None),
                ),
            )
        )
        return (await self.session.execute(statement)).all()


_TOPIC = (Topic.id, Topic.group_id, Topic.title, Topic.state)


def _topic(found: dict[UUID, Happened], row: Sequence[Any]) -> Happened:
    key: UUID = row[0]
    if key not in found:
        found[key] = Happened(*row)
    return found[key]
