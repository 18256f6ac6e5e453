"""Boards are changed by one after another within a group, and by who may *now*.

Whoever writes holds the group: nobody is taken out of it, and no topic of it is moved, merged or
split meanwhile. Which group that is has to be looked up first and may be another by the time it is
held: what was held in vain is let go, and it is looked up again.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tongke_courses.boards import rights
from tongke_courses.boards.models import Post, Topic
from tongke_courses.boards.post_repository import PostRepository
from tongke_courses.boards.repository import TopicRepository
from tongke_courses.groups import service as groups
from tongke_courses.groups.models import Group
from tongke_courses.groups.repository import GroupRepository
from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.errors import N_, Conflict, Forbidden, NotFound
from tongke_platform.people.roles import Role
from tongke_platform.rights import Principal, Rule

TRIES = 5
CHANGED = N_("Somebody else has changed this meanwhile. Nothing you wrote was lost.")
DELETED = N_("This topic was taken out.")
MERGED = N_("This topic was joined with another one. Please look there.")


@dataclass(frozen=True)
class Held:
    """A topic, its group and the part of who acts in it, until the transaction ends."""

    group: Group
    part: Role
    topic: Topic

    @property
    def moderates(self) -> bool:
        return self.part in rights.MODERATE.roles


def no_topic() -> NotFound:
    return NotFound(rights.NO_TOPIC, code="no_topic")


def no_post() -> NotFound:
    return NotFound(rights.NO_POST, code="no_post")


def not_your_part() -> Forbidden:
    return Forbidden(groups.NOT_YOUR_PART, code="not_your_part")


def changed(now: Any) -> Conflict:
    """``now``: what is there, as the API tells of it."""
    return Conflict(CHANGED, code="changed", extra={"now": now.model_dump(mode="json")})


async def part_in(session: ReadSession, by: Principal, group_id: UUID) -> Role:
    """Raises NotFound ``no_group`` for who does not belong to it."""
    part = await groups.part_of(session, by, group_id)
    if part is None or part not in rights.READ.roles:
        raise groups.missing()
    return part


async def group(session: WriteSession, by: Principal, key: UUID, rule: Rule) -> tuple[Group, Role]:
    """Held. Raises NotFound ``no_group``, Forbidden ``not_your_part``."""
    found = await GroupRepository(session).to_change(key)
    if found is None:
        raise groups.missing()
    part = await part_in(session, by, key)
    if part not in rule.roles:
        raise not_your_part()
    return found, part


async def topic(
    session: WriteSession, by: Principal, key: UUID, rule: Rule, *, also: UUID | None = None
) -> Held:
    """Neither taken out nor merged. ``also``: another group, in which ``by`` must be able to do the
    same.

    Raises NotFound ``no_topic``, ``no_group``, Forbidden ``not_your_part``, Conflict ``deleted``,
    ``merged``.
    """
    topics = TopicRepository(session)

    async def read() -> Topic | None:
        return await topics.to_change(key)

    found, (where, part) = await _held(
        session, by, rule, lambda: topics.group_of(key), read, no_topic, also=also
    )
    check_there(found)
    return Held(where, part, found)


def check_there(found: Topic) -> None:
    """Raises Conflict ``deleted``, ``merged``."""
    if found.deleted_at is not None:
        raise Conflict(DELETED, code="deleted")
    if found.merged_into_id is not None:
        raise Conflict(MERGED, code="merged", extra={"into": str(found.merged_into_id)})


async def post(session: WriteSession, by: Principal, key: UUID, rule: Rule) -> tuple[Held, Post]:
    """Also one that was taken out. Raises NotFound ``no_post``, Forbidden ``not_your_part``,
    Conflict ``deleted`` when its topic was taken out.
    """
    posts = PostRepository(session)
    read: list[Post] = []

    async def topic_of_it() -> Topic | None:
        found = await posts.to_change(key)
        if found is None:
            return None
        read[:] = [found]
        return await TopicRepository(session).to_change(found.topic_id)

    found, (where, part) = await _held(
        session, by, rule, lambda: posts.place_of(key), topic_of_it, no_post
    )
    check_there(found)
    return Held(where, part, found), read[0]


async def _held(
    session: WriteSession,
    by: Principal,
    rule: Rule,
    place: Callable[[], Awaitable[UUID | None]],
    read: Callable[[], Awaitable[Topic | None]],
    missing: Callable[[], NotFound],
    *,
    also: UUID | None = None,
) -> tuple[Topic, tuple[Group, Role]]:
    for _ in range(TRIES):
        key = await place()
        if key is None:
            raise missing()
        step = await session.begin_nested()
        known = await _groups(session, by, rule, key, also, missing)
        found = await read()
        if found is not None and found.group_id == key:
            await step.commit()
            return found, known
        # Rolled back to here, the locks of a group it is not in are given back.
        await step.rollback()
    raise Conflict(CHANGED, code="changed")


async def _groups(
    session: WriteSession,
    by: Principal,
    rule: Rule,
    key: UUID,
    also: UUID | None,
    missing: Callable[[], NotFound],
) -> tuple[Group, Role]:
    """In one order, so that nobody waits crosswise."""
    held: dict[UUID, tuple[Group, Role]] = {}
    for one in sorted({key, also} - {None}, key=str):
        assert one is not None
        try:
            held[one] = await group(session, by, one, rule)
        except NotFound:
            raise missing() if one == key else groups.missing() from None
    return held[key]
