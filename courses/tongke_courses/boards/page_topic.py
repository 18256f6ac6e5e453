"""What the page of a topic shows, for one reader."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from tongke_courses.boards import rights, service
from tongke_courses.boards.models import PostReport, TopicState
from tongke_courses.boards.page_repository import PageRepository
from tongke_courses.boards.reading_repository import ReadingRepository
from tongke_courses.boards.repository import Filter, TopicRepository
from tongke_courses.boards.schemas import PostOut, TopicFull
from tongke_courses.boards.states import NEXT, OF_TRIAL
from tongke_courses.groups import service as groups
from tongke_courses.groups.repository import Member, MemberRepository
from tongke_courses.textbooks import classrooms
from tongke_platform.database import ReadSession
from tongke_platform.people.roles import Scope
from tongke_platform.rights import Principal

SHOWN = 50
JOINED_WITH = 50


@dataclass(frozen=True)
class Shown:
    """``people`` of the group by id. ``unread``: how many posts of others, and the first of them, as it
    was when the page was asked for. ``before``: how many posts stand before this page.
    """

    topic: TopicFull
    by: Principal
    people: Mapping[UUID, Member]
    unread: int = 0
    first_unread: UUID | None = None
    before: int = 0
    follows: bool | None = None
    reports: Mapping[UUID, Sequence[PostReport]] = field(default_factory=dict)

    @property
    def here(self) -> str:
        return f"/topics/{self.topic.id}"

    @property
    def me(self) -> UUID:
        return self.by.id

    @property
    def today(self) -> date:
        return self.by.today

    @property
    def moderates(self) -> bool:
        return self.topic.part in rights.MODERATE.roles

    @property
    def belongs(self) -> bool:
        """Writes in the group at all, also where this topic is closed."""
        return self.topic.part in rights.WRITE.roles

    @property
    def writes(self) -> bool:
        return self.belongs and self.topic.closed_at is None

    @property
    def removes(self) -> bool:
        """Without a reason: their own, that nobody has answered."""
        return self.topic.by_id == self.me and all(one.by_id == self.me for one in self.topic.items)

    @property
    def steps(self) -> Sequence[TopicState]:
        """Where this reader may take it."""
        allowed = [one for one in TopicState if one in NEXT[self.topic.state]]
        if self.moderates:
            return allowed
        tries = self.belongs and any(one.person_id == self.me for one in self.topic.tries)
        return [one for one in allowed if one in OF_TRIAL] if tries else []

    @property
    def tried(self) -> bool:
        """It can be tried now."""
        return self.topic.state in (TopicState.ADOPTED, TopicState.TRIED)

    @property
    def could_try(self) -> Sequence[Member]:
        """Whom this reader may ask: oneself, or everybody who writes."""
        if not self.tried or not self.belongs:
            return []
        asked = {one.person_id for one in self.topic.tries}
        return [
            one
            for one in self.people.values()
            if one.active
            and one.post.role in rights.WRITE.roles
            and one.person.id not in asked
            and (self.moderates or one.person.id == self.me)
        ]

    @property
    def unread_elsewhere(self) -> bool:
        there = {one.id for one in self.topic.items}
        return self.first_unread is not None and self.first_unread not in there

    def author(self, post: PostOut) -> Member | None:
        return self.people.get(post.by_id) if post.by_id else None

    def names(self) -> list[str]:
        return [one.person.display_name for one in self.people.values() if one.active]

    def data(self) -> dict[str, Any]:
        """For the script."""
        last = self.topic.items[-1].id if self.topic.items else None
        return {
            "topic": str(self.topic.id),
            "group": str(self.topic.group_id),
            "last": str(last) if last else "",
            "ends": self.topic.next is None,
            "names": self.names(),
            "me": str(self.me),
        }


async def shown(
    session: ReadSession, by: Principal, key: UUID, *, after: UUID | None = None,
    to: UUID | None = None,
) -> Shown:  # fmt: skip
    """The page that begins after a post, or that ``to`` stands on. Raises NotFound ``no_topic``."""
    pages = PageRepository(session)
    if to is not None:
        after = await pages.begins_after(key, to, SHOWN)
    topic = await service.full(session, by, key, after=after, limit=SHOWN)
    if topic.deleted_at is not None or topic.merged_into_id is not None:
        return Shown(topic, by, {})
    readings = ReadingRepository(session)
    unread = await readings.unread_posts(by.id, by.today, [key])
    mine = await readings.of_one(by.id, key)
    moderates = topic.part in rights.MODERATE.roles
    return Shown(
        topic,
        by,
        await _people(session, by, topic.group_id),
        *unread.get(key, (0, None)),
        before=await pages.numbered(key, after),
        follows=mine.follows if mine else None,
        reports=await pages.reports_of([one.id for one in topic.items]) if moderates else {},
    )


async def _people(session: ReadSession, by: Principal, group_id: UUID) -> Mapping[UUID, Member]:
    return {one.person.id: one for one in await MemberRepository(session).of(group_id, by.today)}


async def moderation(session: ReadSession, it: Shown) -> dict[str, Any]:
    """What forms choose from: classes, groups to move to, topics to join with."""
    chosen: dict[str, Any] = {"classes": [], "groups": [], "others": []}
    if not it.belongs:
        return chosen
    if it.steps or it.could_try:
        rows = await classrooms.classes_of(session, it.by)
        named = [
            (row.school_class.id, row.year.name if row.year else row.school_class.name)
            for row in rows
        ]
        chosen["classes"] = named
    if it.moderates:
        held = {
            post.scope_id
            for post in rights.MODERATE.posts(it.by)
            if post.scope is Scope.GROUP and post.scope_id != it.topic.group_id
        }
        mine = await groups.mine(session, it.by) if held else ()
        chosen["groups"] = [one for one in mine if one.id in held]
        found = await TopicRepository(session).page(
            it.topic.group_id, Filter(), before=None, limit=JOINED_WITH
        )
        chosen["others"] = [one for one in found if one.id != it.topic.id]
    return chosen
