"""How many notices wait unread, on the wire as topics ``inbox:{person}``."""

from typing import ClassVar
from uuid import UUID

from starlette.requests import HTTPConnection

from tongke_platform.accounts.rights import principal_of
from tongke_platform.errors import NotFound, Unauthorized
from tongke_platform.frame import Frame
from tongke_platform.notices import service
from tongke_platform.wire.kinds import Flavour, Kind
from tongke_platform.wire.messages import Json


def topic_of(person_id: UUID) -> str:
    return f"inbox:{person_id}"


class Inbox(Kind[UUID]):
    """Everybody sees their own."""

    name: ClassVar[str] = "inbox"
    flavour: ClassVar[Flavour] = "state"

    def __init__(self, frame: Frame) -> None:
        self._frame = frame

    async def authorise(self, connection: HTTPConnection, key: str) -> UUID:
        principal = await principal_of(self._frame, connection)
        if principal is None:
            raise Unauthorized
        if key != str(principal.id):
            raise NotFound(code="no_topic")
        return principal.id

    async def snapshot(self, key: str, context: UUID) -> Json:
        async with self._frame.database.read() as session:
            return {"unread": await service.unread(session, context)}
