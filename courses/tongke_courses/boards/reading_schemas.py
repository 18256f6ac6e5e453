"""API shapes of drafts, of how far one has read, and of what is new."""

import json
from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from tongke_courses.boards.models import Draft, Follow, TopicState
from tongke_courses.lessons.schemas import NO_NUL

LONGEST_TEXT = 40_000
LONGEST_ANCHOR = 2000

# As typed: blanks at the ends are somebody's words as well.
Title = Annotated[str, StringConstraints(max_length=200, pattern=NO_NUL)]
Words = Annotated[str, StringConstraints(max_length=LONGEST_TEXT, pattern=r"^[^\x00]*$")]
Version = Annotated[int, Field(ge=1, le=2_000_000_000)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class DraftIn(_Strict):
    """``version``: of the draft these words go on from; null for words that begin one. ``anchor`` is
    kept as it is sent.
    """

    group_id: UUID
    topic_id: UUID | None = None
    title: Title = ""
    text: Words
    anchor: dict[str, Any] | None = None
    reply_to: UUID | None = None
    version: Version | None = None

    @field_validator("anchor")
    @classmethod
    def short(cls, anchor: dict[str, Any] | None) -> dict[str, Any] | None:
        if anchor is not None:
            text = packed(anchor)
            if len(text) > LONGEST_ANCHOR or "\\u0000" in text:
                raise ValueError("too long for an anchor")
        return anchor


def packed(anchor: dict[str, Any] | None) -> str:
    return json.dumps(anchor) if anchor is not None else ""


class DraftOut(BaseModel):
    """``may_send``: its writer still belongs to the group."""

    sent_as: UUID
    group_id: UUID
    topic_id: UUID | None
    title: str
    text: str
    anchor: dict[str, Any] | None
    reply_to: UUID | None
    version: int
    changed_at: datetime
    may_send: bool

    @classmethod
    def of(cls, draft: Draft, *, may_send: bool) -> Self:
        return cls(
            sent_as=draft.sent_as,
            group_id=draft.group_id,
            topic_id=draft.topic_id,
            title=draft.title,
            text=draft.text,
            anchor=json.loads(draft.anchor) if draft.anchor else None,
            reply_to=draft.reply_to_id,
            version=draft.version,
            changed_at=draft.changed_at,
            may_send=may_send,
        )


class DraftPage(BaseModel):
    """The newest first; ``most`` is how many somebody can have."""

    drafts: list[DraftOut]
    most: int


class ReadingIn(_Strict):
    """``read_post_id``: the newest post that was on the screen. What is not sent stays; ``follows``
    null is as the follow of the group says.
    """

    read_post_id: UUID | None = None
    follows: bool | None = None


class ReadingOut(BaseModel):
    read_post_id: UUID | None
    read_at: datetime | None
    follows: bool | None


class FollowIn(_Strict):
    follow: Follow


class FollowOut(BaseModel):
    follow: Follow


class UnreadOut(BaseModel):
    """``unread`` counts posts of others, at most 100; ``first_unread_id`` is where to read on."""

    topic_id: UUID
    group_id: UUID
    group: str
    title: str
    state: TopicState
    posts: int
    unread: int
    first_unread_id: UUID | None
    last_post_id: UUID
    last_post_at: datetime
    last_by: str


class UnreadPage(BaseModel):
    """``count`` of all unread topics, at most 100; ``next`` is the ``before`` of the next page."""

    topics: list[UnreadOut]
    count: int
    next: UUID | None


class ChangedTopic(BaseModel):
    """``new``: it was begun meanwhile. ``new_posts`` counts at most 100."""

    topic_id: UUID
    title: str
    state: TopicState
    by: str
    new: bool
    new_posts: int
    last_post_at: datetime


class ChangedStep(BaseModel):
    topic_id: UUID
    title: str
    state: TopicState
    by: str
    note: str
    class_label: str
    at: datetime


class ChangedFile(BaseModel):
    file_id: UUID
    name: str
    by: str
    at: datetime
    href: str


class ChangesOut(BaseModel):
    """What happened in a group after ``since``; ``more``: there was more than is told here."""

    since: datetime
    until: datetime
    topics: list[ChangedTopic]
    steps: list[ChangedStep]
    files: list[ChangedFile]
    more: bool


class FeedOut(BaseModel):
    """The whole address; who has it reads the titles of the group's topics."""

    address: str
