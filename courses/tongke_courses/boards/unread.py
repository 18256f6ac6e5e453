"""What is unread over all of somebody's groups, and a whole group read at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tongke_courses.boards import reading
from tongke_courses.boards.models import Follow
from tongke_courses.boards.reading import Unread
from tongke_courses.boards.unread_repository import UnreadRepository
from tongke_courses.groups import service as groups
from tongke_courses.groups.models import Group
from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.rights import Principal


@dataclass(frozen=True)
class Desk:
    """``topics`` the newest first, ``next`` is what comes ``before`` the following page. ``groups`` are
    all of theirs, ``counts`` how many of their topics have something new.
    """

    topics: Sequence[Unread]
    next: UUID | None
    groups: Sequence[Group]
    counts: Mapping[UUID, int]
    follows: Mapping[UUID, Follow]

    @property
    def newest(self) -> UUID | None:
        """What is on this page was written by then."""
        return self.topics[0].topic.last_post_id if self.topics else None


async def desk(session: ReadSession, by: Principal, *, before: UUID | None, limit: int) -> Desk:
    mine = await groups.mine(session, by)
    if not mine:
        return Desk((), None, (), {}, {})
    repository = UnreadRepository(session)
    found, following = await reading.unread(session, by, before=before, limit=limit)
    return Desk(
        found,
        following,
        mine,
        await repository.by_group(by.id, by.today),
        await repository.follows(by.id),
    )


async def read_all(
    session: WriteSession, by: Principal, group_id: UUID, upto: UUID | None, now: datetime
) -> int:
    """Every topic of the group up to the post ``upto``; how many. Raises NotFound ``no_group``."""
    reading.check_group(by, group_id)
    reading.read(session, by.id)
    return await UnreadRepository(session).read_group(by.id, group_id, by.today, upto, now)
