"""All SQL about how far people have read, what they follow, and what is new to them.

Keys of posts ascend with time, so what is new after a moment, a post or the day somebody came is a
range of keys.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    and_,
    case,
    delete,
    func,
    literal,
    literal_column,
    or_,
    select,
    union,
    update,
)
from sqlalchemy.orm import aliased

from tongke_courses.boards.models import (
    Follow,
    GroupFollow,
    Post,
    PostMention,
    Topic,
    TopicReading,
    TopicStep,
    TopicTry,
)
from tongke_courses.groups.models import Group
from tongke_platform.database import Repository, first_key, upsert, utc_now, uuid7
from tongke_platform.people.models import Membership, Person
from tongke_platform.people.repository import in_force
from tongke_platform.people.roles import Role, Scope

COUNTED = 100


def there(topic: type[Topic] = Topic) -> ColumnElement[bool]:
    """Topics one can read at their own address."""
    return and_(topic.deleted_at.is_(None), topic.merged_into_id.is_(None))


@dataclass(frozen=True)
class Member:
    """What somebody who may read a topic wants to be told of it. ``taking_part``: they wrote in it or
    are named in it.
    """

    person_id: UUID
    role: Role
    follow: Follow
    follows_topic: bool | None
    read_post_id: UUID | None
    taking_part: bool


class TopicRepository(Repository[Topic]):
    model = Topic

    async def readable(self, key: UUID) -> Topic | None:
        return await self.one_or_none(self.base().where(Topic.id == key, there()))

    async def newest(self, keys: Collection[UUID]) -> dict[UUID, tuple[UUID | None, int]]:
        """The last post and the version of each."""
        rows = await self.session.execute(
            select(Topic.id, Topic.last_post_id, Topic.version).where(Topic.id.in_(keys))
        )
        return {key: (post, version) for key, post, version in rows.all()}

    async def new_in(
        self, group_id: UUID, since: datetime, limit: int
    ) -> Sequence[tuple[Topic, str, int]]:
        """Topics written in after ``since``, the last first, with who began them and how many posts
        are new.
        """
        floor = first_key(since)
        rows = await self.session.execute(
            select(Topic, func.coalesce(Person.display_name, ""), _posts_after(literal(floor)))
            .outerjoin(Person, Person.id == Topic.by_id)
            .where(Topic.group_id == group_id, Topic.last_post_id > floor, there())
            .order_by(Topic.last_post_id.desc())
            .limit(limit)
        )
        return [(topic, name, count) for topic, name, count in rows.all()]

    async def steps_in(
        self, group_id: UUID, since: datetime, limit: int
    ) -> Sequence[tuple[TopicStep, str, str]]:
        """What topics became after ``since``, the last first, with their titles and who said so."""
        rows = await self.session.execute(
            select(TopicStep, Topic.title, func.coalesce(Person.display_name, ""))
            .join(Topic, Topic.id == TopicStep.topic_id)
            .outerjoin(Person, Person.id == TopicStep.by_id)
            .where(Topic.group_id == group_id, there(), TopicStep.id > first_key(since))
            .order_by(TopicStep.id.desc())
            .limit(limit)
        )
        return [(step, title, name) for step, title, name in rows.all()]


def _after(floor: Any, mine: Any = None, not_by: UUID | None = None) -> Select[Any]:
    """Posts of the row's topic that are newer than ``floor``."""
    one = aliased(Post)
    statement = (
        select(one.id)
        .where(one.topic_id == Topic.id, one.id > floor, one.deleted_at.is_(None))
        .correlate(Topic, TopicReading, *([] if mine is None else [mine]))
    )
    if not_by is not None:
        statement = statement.where(or_(one.by_id.is_(None), one.by_id != not_by))
    return statement.order_by(one.id)


def _posts_after(floor: Any, mine: Any = None, not_by: UUID | None = None) -> Any:
    """How many: at most ``COUNTED``."""
    few = _after(floor, mine, not_by).limit(COUNTED).subquery()
    return select(func.count()).select_from(few).scalar_subquery()


def _first_after(floor: Any, mine: Any, not_by: UUID) -> Any:
    return _after(floor, mine, not_by).limit(1).scalar_subquery()


def mine_of(person_id: UUID, day: date) -> Subquery:
    """The groups somebody belongs to on ``day``, and the key of the first post they ever held in each:
    what is older was there before they ``came``.
    """
    group = Membership.scope_id
    held = (
        select(
            group.label("group_id"),
            Membership.id.label("came"),
            func.row_number().over(partition_by=group, order_by=Membership.id).label("number"),
            func.max(case((in_force(day), 1), else_=0)).over(partition_by=group).label("belongs"),
        )
        .where(Membership.person_id == person_id, Membership.scope == Scope.GROUP)
        .subquery()
    )
    belongs = and_(held.c.number == 1, held.c.belongs == 1)
    return select(held.c.group_id, held.c.came).where(belongs).subquery("mine")


def _read(mine: Subquery, person_id: UUID, *wanted: Any) -> Any:
    """Topics of the groups of ``mine`` with how far somebody has read them."""
    read = and_(TopicReading.topic_id == Topic.id, TopicReading.person_id == person_id)
    chosen: Any = select(*wanted)
    return (
        chosen.select_from(mine)
        .join(Topic, Topic.group_id == mine.c.group_id)
        .outerjoin(TopicReading, read)
    )


class ReadingRepository(Repository[TopicReading]):
    model = TopicReading

    async def of_one(self, person_id: UUID, topic_id: UUID) -> TopicReading | None:
        return await self.one_or_none(
            self.base()
            .where(TopicReading.person_id == person_id, TopicReading.topic_id == topic_id)
            .execution_options(populate_existing=True)
        )

    async def of_topic(self, topic_id: UUID) -> dict[UUID, TopicReading]:
        """By person."""
        found = await self.all(self.base().where(TopicReading.topic_id == topic_id))
        return {one.person_id: one for one in found}

    async def remove_of(self, topic_id: UUID) -> None:
        await self.session.execute(delete(TopicReading).where(TopicReading.topic_id == topic_id))

    async def set(
        self, person_id: UUID, topic_id: UUID, read: UUID | None, follows: bool | None
    ) -> None:
        """``read`` as it is said, also back; ``follows`` where nothing was chosen."""
        await self._put(person_id, topic_id, {"read_post_id": read})
        await self.session.execute(
            update(TopicReading)
            .where(
                TopicReading.person_id == person_id,
                TopicReading.topic_id == topic_id,
                TopicReading.follows.is_(None),
            )
            .values(follows=follows)
        )

    async def read_to(self, person_id: UUID, topic_id: UUID, post_id: UUID, now: datetime) -> None:
        """Never back: of several at once the newest post counts."""
        await self._put(
            person_id,
            topic_id,
            {"read_post_id": post_id, "read_at": now},
            or_(TopicReading.read_post_id.is_(None), TopicReading.read_post_id < post_id),
        )

    async def follow(self, person_id: UUID, topic_id: UUID, follows: bool | None) -> None:
        await self._put(person_id, topic_id, {"follows": follows})

    async def _put(
        self,
        person_id: UUID,
        topic_id: UUID,
        values: Mapping[str, Any],
        where: ColumnElement[bool] | None = None,
    ) -> None:
        row = {"id": uuid7(), "created_at": utc_now(), "person_id": person_id, "topic_id": topic_id}
        statement = upsert(self.session, TopicReading).values(row | dict(values))
        await self.session.execute(
            statement.on_conflict_do_update(
                index_elements=[TopicReading.person_id, TopicReading.topic_id],
                set_=dict(values),
                where=where,
            )
        )

    def _unread(self, mine: Subquery, person_id: UUID, *wanted: Any) -> Any:
        floor = func.coalesce(TopicReading.read_post_id, mine.c.came)
        return _read(mine, person_id, *wanted).where(
            Topic.last_post_id > floor,
            there(),
            or_(TopicReading.follows.is_(None), TopicReading.follows.is_(True)),
        )

    async def unread(
        self, person_id: UUID, day: date, *, before: UUID | None, limit: int
    ) -> Sequence[tuple[Topic, str]]:
        """Topics of their groups, the newest first, with the group's name; muted ones are left out."""
        statement = self._unread(mine_of(person_id, day), person_id, Topic, Group.name)
        statement = statement.join(Group, Group.id == Topic.group_id)
        if before is not None:
            statement = statement.where(Topic.last_post_id < before)
        newest = statement.order_by(Topic.last_post_id.desc()).limit(limit)
        rows: Any = await self.session.execute(newest)
        return [(topic, name) for topic, name in rows.all()]

    async def count_unread(self, person_id: UUID, day: date) -> int:
        mine = mine_of(person_id, day)
        few = self._unread(mine, person_id, literal_column("1")).limit(COUNTED).subquery()
        return int((await self.session.execute(select(func.count()).select_from(few))).scalar_one())

    async def unread_posts(
        self, person_id: UUID, day: date, topics: Collection[UUID]
    ) -> dict[UUID, tuple[int, UUID | None]]:
        """Of each topic of their groups: how many posts of others are unread, and the first of them."""
        mine = mine_of(person_id, day)
        floor = func.coalesce(TopicReading.read_post_id, mine.c.came)
        count, first = _posts_after(floor, mine, person_id), _first_after(floor, mine, person_id)
        rows: Any = await self.session.execute(
            _read(mine, person_id, Topic.id, count, first).where(Topic.id.in_(topics))
        )
        return {topic: (number, key) for topic, number, key in rows.all()}

    async def names_of_last(self, topics: Sequence[Topic]) -> dict[UUID, str]:
        """Who wrote the last post of each, by topic."""
        rows = await self.session.execute(
            select(Post.topic_id, Person.display_name)
            .join(Person, Person.id == Post.by_id)
            .where(Post.id.in_([one.last_post_id for one in topics if one.last_post_id]))
        )
        return {topic: name for topic, name in rows.all()}

    async def last_read_at(self, person_id: UUID, group_id: UUID) -> datetime | None:
        statement = (
            select(func.max(TopicReading.read_at))
            .join(Topic, Topic.id == TopicReading.topic_id)
            .where(TopicReading.person_id == person_id, Topic.group_id == group_id)
        )
        found: datetime | None = (await self.session.execute(statement)).scalar_one_or_none()
        return found


class FollowRepository(Repository[GroupFollow]):
    model = GroupFollow

    async def of_one(self, person_id: UUID, group_id: UUID) -> Follow:
        statement = select(GroupFollow.follow).where(
            GroupFollow.group_id == group_id, GroupFollow.person_id == person_id
        )
        found: Follow | None = (await self.session.execute(statement)).scalar_one_or_none()
        return found or Follow.MINE

    async def put(self, person_id: UUID, group_id: UUID, follow: Follow) -> None:
        row = {"id": uuid7(), "created_at": utc_now(), "person_id": person_id, "group_id": group_id}
        statement = upsert(self.session, GroupFollow).values({**row, "follow": follow})
        await self.session.execute(
            statement.on_conflict_do_update(
                index_elements=[GroupFollow.group_id, GroupFollow.person_id],
                set_={"follow": follow},
            )
        )

    async def hearing_all(self, group_id: UUID, day: date) -> Sequence[UUID]:
        """Who belongs to the group on ``day`` and wants to be told of everything there."""
        rows = await self.session.execute(
            select(GroupFollow.person_id)
            .join(Membership, Membership.person_id == GroupFollow.person_id)
            .where(
                GroupFollow.group_id == group_id,
                GroupFollow.follow == Follow.ALL,
                Membership.scope == Scope.GROUP,
                Membership.scope_id == group_id,
                in_force(day),
            )
            .distinct()
        )
        return rows.scalars().all()

    async def members(self, topic: Topic, day: date) -> list[Member]:
        """Everybody who may read ``topic`` on ``day``, each once."""
        taking_part: Any = union(
            select(Post.by_id).where(Post.topic_id == topic.id, Post.by_id.is_not(None)),
            select(PostMention.person_id)
            .join(Post, Post.id == PostMention.post_id)
            .where(Post.topic_id == topic.id),
        )
        rows = await self.session.execute(
            select(
                Membership.person_id,
                Membership.role,
                GroupFollow.follow,
                TopicReading.follows,
                TopicReading.read_post_id,
                Membership.person_id.in_(taking_part),
            )
            .outerjoin(
                GroupFollow,
                and_(
                    GroupFollow.group_id == topic.group_id,
                    GroupFollow.person_id == Membership.person_id,
                ),
            )
            .outerjoin(
                TopicReading,
                and_(
                    TopicReading.topic_id == topic.id,
                    TopicReading.person_id == Membership.person_id,
                ),
            )
            .where(
                Membership.scope == Scope.GROUP,
                Membership.scope_id == topic.group_id,
                in_force(day),
            )
        )
        return [
            Member(person, role, follow or Follow.MINE, follows, read, bool(part))
            for person, role, follow, follows, read, part in rows.unique().all()
        ]


class TryRepository(Repository[TopicTry]):
    model = TopicTry

    async def people_of(self, topic_id: UUID) -> set[UUID]:
        people = select(TopicTry.person_id).where(TopicTry.topic_id == topic_id)
        return set((await self.session.execute(people)).scalars())

    async def of_one(self, topic_id: UUID, person_id: UUID) -> TopicTry | None:
        return await self.one_or_none(
            self.base().where(TopicTry.topic_id == topic_id, TopicTry.person_id == person_id)
        )
