"""A million posts of ten thousand people in five hundred groups, laid into a database in bulk."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import insert, text

from tongke_courses.boards.models import Post, Topic, TopicReading, TopicState, TopicStep
from tongke_courses.groups.models import Group, GroupKind, GroupVisibility
from tongke_platform.accounts import service as accounts
from tongke_platform.database import Database, first_key, uuid7
from tongke_platform.organisations.models import Organisation
from tongke_platform.people.models import Membership, Person
from tongke_platform.people.roles import Role, Scope

GROUPS = 500
TOPICS_A_GROUP = 20
PEOPLE = 10_000
GROUPS_A_PERSON = 3
DAYS = 100
READ = 0.7
BATCH = 5000
WORDS = "这节课我们先让学生自己读，再两人一组说说哪里读不懂，最后全班一起讨论。" * 4
STATES = (TopicState.OPEN,) * 4 + tuple(TopicState)

Rows = Iterator[dict[str, Any]]


class Filler:
    """``asked`` are the people whose requests are timed: in 3, 20 and 100 groups."""

    def __init__(self, database: Database, posts: int, now: datetime) -> None:
        self.database, self.posts, self.now = database, posts, now
        self.random = random.Random(7)
        self.begin = now - timedelta(days=DAYS)
        self.school = uuid7()
        self.people = [self._key(-1) for _ in range(PEOPLE)]
        self.groups = [self._key(-1) for _ in range(GROUPS)]
        self.topics = [
            (self._key(0), group) for group in self.groups for _ in range(TOPICS_A_GROUP)
        ]
        self.groups_of: dict[UUID, list[UUID]] = {
            person: self.random.sample(self.groups, GROUPS_A_PERSON) for person in self.people
        }
        self.asked = {
            "in 3 groups": self.people[0],
            "in 20 groups": self.people[1],
            "in 100 groups": self.people[2],
        }
        self.groups_of[self.people[1]] = self.random.sample(self.groups, 20)
        self.groups_of[self.people[2]] = self.random.sample(self.groups, 100)
        self.ends: dict[UUID, list[tuple[UUID, datetime]]] = {}
        self._times: list[tuple[float, int]] = []
        self._keys: list[UUID] = []

    def _at(self, day: float) -> datetime:
        return self.begin + timedelta(days=day)

    def _key(self, day: float) -> UUID:
        """As one made on that day would be."""
        return UUID(int=first_key(self._at(day)).int | self.random.getrandbits(61))

    async def run(self) -> dict[str, str]:
        """API tokens of ``asked``."""
        self._times = self._spread()
        for table, rows in (
            (Organisation, self._schools()),
            (Person, self._persons()),
            (Group, self._group_rows()),
            (Membership, self._memberships()),
            (Topic, self._topic_rows()),
            (Post, self._post_rows()),
            (TopicReading, self._readings()),
            (TopicStep, self._steps()),
        ):
            await self._insert(table.__table__, rows)
        async with self.database.write() as session:
            await session.execute(text("ANALYZE"))
            return {
                name: await accounts.create_api_token(session, person)
                for name, person in self.asked.items()
            }

    async def _insert(self, table: Any, rows: Rows) -> None:
        while True:
            some = list(islice(rows, BATCH))
            if not some:
                return
            async with self.database.write() as session:
                await session.execute(insert(table), some)

    def _spread(self) -> list[tuple[float, int]]:
        """Day and topic of each post, in time: some topics are a hundred times as long as others."""
        weights = [self.random.paretovariate(1.2) for _ in self.topics]
        chosen = self.random.choices(range(len(self.topics)), weights, k=self.posts - len(weights))
        every = [*range(len(self.topics)), *chosen]
        return sorted((self.random.random() * DAYS, topic) for topic in every)

    def _schools(self) -> Rows:
        yield {
            "id": self.school, "code": "B1", "name": "第一小学", "region_path": "/41/",
            "created_at": self.begin, "kind": "school",
        }  # fmt: skip

    def _persons(self) -> Rows:
        for number, key in enumerate(self.people):
            name = f"老师{number}"
            yield {"id": key, "display_name": name, "created_at": self.begin, "language": ""}

    def _group_rows(self) -> Rows:
        for number, key in enumerate(self.groups):
            yield {
                "id": key, "name": f"教研组{number}", "kind": GroupKind.RESEARCH_GROUP,
                "visibility": GroupVisibility.LISTED, "organisation_id": self.school,
                "created_at": self.begin, "about": "", "subject": "", "stage": "", "grade": "",
            }  # fmt: skip

    def _memberships(self) -> Rows:
        for person, groups in self.groups_of.items():
            for group in groups:
                yield {
                    "id": self._key(-0.5), "person_id": person, "role": Role.GROUP_MEMBER,
                    "scope": Scope.GROUP, "scope_id": group, "created_at": self.begin, "post": "",
                    "starts_on": self.begin.date(),
                }  # fmt: skip

    def _topic_rows(self) -> Rows:
        last: dict[int, tuple[UUID, float]] = {}
        counts: dict[int, int] = {}
        for day, topic in self._times:
            key = self._key(day)
            self._keys.append(key)
            last[topic] = key, day
            counts[topic] = counts.get(topic, 0) + 1
        for number, (key, group) in enumerate(self.topics):
            post, day = last[number]
            yield {
                "id": key, "group_id": group, "title": f"话题{number}：怎样教好这一课",
                "state": self.random.choice(STATES), "by_id": self.random.choice(self.people),
                "posts": counts[number], "last_post_id": post, "last_post_at": self._at(day),
                "created_at": self.begin, "anchor_label": "", "deleted_because": "", "version": 1,
            }  # fmt: skip

    def _post_rows(self) -> Rows:
        for (day, topic), key in zip(self._times, self._keys, strict=True):
            at = self._at(day)
            self.ends.setdefault(self.topics[topic][1], []).append((self.topics[topic][0], at))
            yield {
                "id": key, "topic_id": self.topics[topic][0], "sent_as": uuid4(), "version": 1,
                "by_id": self.random.choice(self.people), "text": WORDS, "html": f"<p>{WORDS}</p>",
                "votes": 0, "deleted_because": "", "created_at": at,
            }  # fmt: skip

    def _readings(self) -> Rows:
        of_group: dict[UUID, list[UUID]] = {}
        for topic, group in self.topics:
            of_group.setdefault(group, []).append(topic)
        for person, groups in self.groups_of.items():
            for group in groups:
                for topic in of_group[group]:
                    if self.random.random() < READ:
                        day = DAYS * (1 - self.random.expovariate(0.2) / DAYS)
                        yield {
                            "id": uuid7(), "created_at": self.begin, "topic_id": topic,
                            "person_id": person, "read_post_id": self._key(max(0, day)),
                            "read_at": self._at(max(0, day)), "follows": None,
                        }  # fmt: skip

    def _steps(self) -> Rows:
        for _ in range(5000):
            topic, day = self.random.choice(self.topics)[0], self.random.random() * DAYS
            yield {
                "id": self._key(day), "created_at": self._at(day), "topic_id": topic,
                "state": TopicState.ADOPTED, "by_id": self.random.choice(self.people), "note": "",
                "class_label": "",
            }  # fmt: skip
