"""Who may publish into a lesson or watch it: asked of whoever assembles the system."""

from dataclasses import dataclass
from typing import Literal, Protocol

from starlette.requests import HTTPConnection

Act = Literal["publish", "watch"]


@dataclass(frozen=True)
class Grant:
    """A permission for one lesson and one act.

    ``holder`` names who publishes (the same holder takes a source over, another is refused);
    ``label`` is what the lead teacher sees of a viewer; ``room`` its room id, if it is a room.
    ``media_key`` is the lesson's unguessable media path. ``credential`` is for the authorizer alone:
    what it needs to say later whether the grant still holds. The relay keeps it with the session.
    """

    lesson: str
    act: Act
    holder: str
    media_key: str
    source: str = "lead"
    label: str = ""
    room: str | None = None
    credential: str = ""


class Authorizer(Protocol):
    async def authorize(self, connection: HTTPConnection, lesson: str, act: Act) -> Grant:
        """Raises frames.Refused: 401 no credential, 403 not for this, 404 no lesson, 409 over."""
        ...
