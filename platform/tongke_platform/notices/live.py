"""How much waits unread, on the wire as topics ``inbox:{person}``: for the header of every page."""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import ClassVar
from uuid import UUID

from starlette.requests import HTTPConnection

from tongke_platform.accounts.rights import principal_of
from tongke_platform.database import ReadSession
from tongke_platform.errors import NotFound, Unauthorized
from tongke_platform.frame import Frame
from tongke_platform.notices import service
from tongke_platform.wire.kinds import Flavour, Kind
from tongke_platform.wire.messages import Json

# How much of something waits for a person.
Count = Callable[[ReadSession, UUID], Awaitable[int]]


def topic_of(person_id: UUID) -> str:
    return f"inbox:{person_id}"


class Inbox(Kind[UUID]):
    """Everybody sees their own: ``unread`` notices, and a number for each of ``more``."""

    name: ClassVar[str] = "inbox"
    flavour: ClassVar[Flavour] = "state"

    def __init__(self, frame: Frame, more: Mapping[str, Count] | None = None) -> None:
        self._frame = frame
        self._more = dict(more or {})
        self._open: Counter[str] = Counter()
        self._told: dict[str, Json] = {}

    async def authorise(self, connection: HTTPConnection, key: str) -> UUID:
        principal = await principal_of(self._frame, connection)
        if principal is None:
            raise Unauthorized
        if key != str(principal.id):
            raise NotFound(code="no_topic")
        return principal.id

    async def snapshot(self, key: str, context: UUID) -> Json:
        async with self._frame.database.read() as session:
            found: Json = {"unread": await service.unread(session, context)}
            for name, count in self._more.items():
                found[name] = await count(session, context)
        if key in self._open:
            self._told[key] = found
        return found

    def joined(self, key: str, context: UUID) -> None:
        self._open[key] += 1

    def left(self, key: str, context: UUID) -> None:
        self._open[key] -= 1
        if not self._open[key]:
            del self._open[key]
            self._told.pop(key, None)

    def fewer(self, person_id: UUID, name: str) -> None:
        """Less of ``name`` waits for somebody than did: their open pages, in every process, say so at
        once. What is more is found when the wire next looks, some seconds later.
        """
        self._frame.wire.share(topic_of(person_id), {"fewer": name})

    def heard(self, key: str, sender: str, data: Json) -> None:
        """Of the hundreds who read a new post at once, those who are told of nothing ask nothing."""
        if self._told.get(key, {}).get(data["fewer"]):
            self._frame.wire.touch(f"{self.name}:{key}", everywhere=False)
