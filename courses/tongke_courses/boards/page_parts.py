"""What other pages show of boards: the few topics about a thing, and where to ask about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from tongke_courses.boards import rights, service, words
from tongke_courses.boards.page_forms import ask_address
from tongke_courses.boards.schemas import TopicOut
from tongke_platform.database import ReadSession
from tongke_platform.people.roles import Scope
from tongke_platform.rights import Principal

FEW = 5


@dataclass(frozen=True)
class About:
    """``few`` of ``topics``, the one last written in first. ``ask``: where to ask, empty for who
    writes in no group.
    """

    topics: Sequence[TopicOut]
    ask: str

    @property
    def few(self) -> Sequence[TopicOut]:
        return self.topics[:FEW]

    @property
    def words(self) -> object:
        """How states are called."""
        return words


def writes(principal: Principal) -> bool:
    return any(post.scope is Scope.GROUP for post in rights.WRITE.posts(principal))


async def about(
    session: ReadSession,
    principal: Principal | None,
    *,
    lesson_id: UUID | None = None,
    course_id: UUID | None = None,
    node_id: UUID | None = None,
) -> About | None:
    """None for who belongs to no group: there is nothing to say."""
    if principal is None or not rights.groups_read(principal):
        return None
    found = await service.about(
        session, principal, lesson_id=lesson_id, course_id=course_id, node_id=node_id
    )
    ask = ask_address(lesson=lesson_id, course=course_id, node=node_id)
    return About(found, ask if writes(principal) else "")
