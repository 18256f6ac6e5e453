"""What a slice writes to bring its live things onto the wire."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Generic, Literal, TypeVar

from pydantic import BaseModel
from starlette.requests import HTTPConnection

from tongke_platform.wire.messages import Json

Context = TypeVar("Context")
Flavour = Literal["state", "event"]


class Kind(ABC, Generic[Context]):
    """Topics ``{name}:{key}`` of one kind, registered with ``Wire.register``.

    Of a *state* topic only the newest snapshot counts; changes are told by ``Wire.touch`` and sent
    at most twice a second. Of an *event* topic every event counts, in order; they are told by
    ``Wire.publish``. A context is what ``authorise`` found out about who asks; the wire keeps it
    for as long as the topic is open.
    """

    name: ClassVar[str]
    flavour: ClassVar[Flavour]
    says: ClassVar[type[BaseModel] | None] = None

    @abstractmethod
    async def authorise(self, connection: HTTPConnection, key: str) -> Context:
        """Raises TongkeError. Asked when a page opens the topic, now and then while it has it
        open, and when ``Wire.recheck`` wants to know.
        """

    @abstractmethod
    async def snapshot(self, key: str, context: Context) -> Json:
        """The topic as this context sees it. What was published before the call must be in it.

        One snapshot is shared by everybody of the same ``variant``.
        """

    def variant(self, context: Context) -> str:
        """Contexts of one variant see the same snapshot."""
        return ""

    async def said(self, key: str, context: Context, what: Any, ref: str | None) -> Json | None:
        """A page said ``what``, an instance of ``says``. Raises TongkeError to refuse it.

        Called once for each ``ref`` of a credential, but for a process that dies within the call:
        what must not be done twice even then is kept under its ref in the same transaction. The
        answer goes back with the acknowledgement and should be small.
        """
        return None

    def joined(self, key: str, context: Context) -> None:
        """A page has opened the topic; called again with a new context when rights changed."""

    def left(self, key: str, context: Context) -> None:
        """Each call of ``joined`` is followed by one of this."""

    def heard(self, key: str, sender: str, data: Json) -> None:
        """``Wire.share`` was called for this topic, here or in another process (``sender``)."""
