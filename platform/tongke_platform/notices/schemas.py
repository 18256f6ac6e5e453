"""What the API says of notices, and what it is told."""

from datetime import datetime, time
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema

from tongke_platform.fields import Plain
from tongke_platform.notices.models import Channel, ChatService, Choice


def _on_the_wall(value: time) -> time:
    """A time as a clock in the schools' zone shows it, to the minute."""
    return value.replace(second=0, microsecond=0, tzinfo=None)


# OpenAPI's format "time" is one with a zone.
_CLOCK = WithJsonSchema(
    {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$"}
)
LocalTime = Annotated[time, AfterValidator(_on_the_wall), _CLOCK]


class NoticeOut(BaseModel):
    """``title`` and ``body`` in the language of the request; ``link`` is an address of ours."""

    id: UUID
    kind: str
    title: str
    body: str
    link: str
    created_at: datetime
    read_at: datetime | None
    archived_at: datetime | None


class InboxOut(BaseModel):
    """The newest first; ``next`` is the ``before`` of the page after this one."""

    notices: list[NoticeOut]
    unread: int
    next: UUID | None


class MarkIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    read: bool | None = None
    archived: bool | None = None


class ReadIn(BaseModel):
    """``until``: the newest notice that was seen."""

    model_config = ConfigDict(extra="forbid")

    until: UUID


class ChoiceIn(BaseModel):
    model_config = ConfigDict(extra="forbid", from_attributes=True)

    kind: str = Field(max_length=64)
    channel: Channel
    choice: Choice


class SettingsIn(BaseModel):
    """Local times; quiet from a time until the same time is never quiet."""

    model_config = ConfigDict(extra="forbid")

    quiet_from: LocalTime
    quiet_until: LocalTime
    digest_at: LocalTime
    choices: list[ChoiceIn] = Field(default=[], max_length=200)


class SettingsOut(BaseModel):
    """``mail`` is empty for those who sign in with none; ``mail_works`` is false once refused."""

    quiet_from: LocalTime
    quiet_until: LocalTime
    digest_at: LocalTime
    mail: str
    mail_works: bool
    choices: list[ChoiceIn]


class ChatIn(BaseModel):
    """``address`` as the chat tool shows it; ``secret`` is a DingTalk bot's for signing."""

    model_config = ConfigDict(extra="forbid")

    organisation_id: UUID
    label: Plain = Field(min_length=1, max_length=80)
    address: Plain = Field(max_length=500)
    secret: Plain = Field(default="", max_length=128)


class ChatOut(BaseModel):
    """``hint``: the last characters of the bot's key, all that is ever shown of its address."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    organisation_id: UUID
    service: ChatService
    label: str
    hint: str
    trouble: str


class ChatsOut(BaseModel):
    chats: list[ChatOut]
    next: UUID | None


class TestedOut(BaseModel):
    """``trouble`` is empty when the group's service took the line."""

    trouble: str
