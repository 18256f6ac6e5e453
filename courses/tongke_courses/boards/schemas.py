"""API and form shapes of topics and posts."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from tongke_courses.boards.markdown import MOST_TEXT
from tongke_courses.boards.models import AnchorKind, TopicState
from tongke_courses.groups.schemas import Note
from tongke_courses.lessons.schemas import Title
from tongke_platform.fields import Day
from tongke_platform.people.roles import Role

# A day of a lesson, and more pages than a book has.
LONGEST_MS, MOST_PAGES = 24 * 3600 * 1000, 10_000
MOST_MOVED = 500


def _said(text: str) -> str:
    """Blanks at the beginning of a line mean something in Markdown: only what says nothing goes."""
    text = text.replace("\r\n", "\n").strip("\n").rstrip()
    if not text.strip() or "\0" in text:
        raise ValueError("nothing is said")
    return text


Text = Annotated[str, StringConstraints(max_length=MOST_TEXT), AfterValidator(_said)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AnchorIn(_Strict):
    """``id`` is of the lesson, material, course or textbook node. ``at_ms`` is the place in a lesson's
    replay, of a moment only; ``page`` of a material.
    """

    kind: AnchorKind
    id: UUID
    at_ms: Annotated[int, Field(ge=0, le=LONGEST_MS)] | None = None
    page: Annotated[int, Field(ge=1, le=MOST_PAGES)] | None = None

    @model_validator(mode="after")
    def fits(self) -> Self:
        if (self.at_ms is not None) is not (self.kind is AnchorKind.MOMENT):
            raise ValueError("a moment, and nothing else, has at_ms")
        if self.page is not None and self.kind is not AnchorKind.MATERIAL:
            raise ValueError("only a material has pages")
        return self


class TopicIn(_Strict):
    """``sent_as``: a key the sender makes once and sends again with the same words."""

    title: Title
    text: Text
    sent_as: UUID
    anchor: AnchorIn | None = None


class TopicChange(_Strict):
    version: int
    title: Title


class PostIn(_Strict):
    text: Text
    sent_as: UUID
    reply_to_id: UUID | None = None


class PostChange(_Strict):
    version: int
    text: Text


class RemovalIn(_Strict):
    """Those who take out what somebody else wrote say why."""

    reason: Note = ""


class ReportIn(_Strict):
    reason: Reason


class ReportAnswer(_Strict):
    upheld: bool


class StepIn(_Strict):
    """``class_id``: where it was tried."""

    version: int
    state: TopicState
    note: Note = ""
    class_id: UUID | None = None
    post_id: UUID | None = None


class TryIn(_Strict):
    due_on: Day | None = None
    class_id: UUID | None = None


class MoveIn(_Strict):
    version: int
    group_id: UUID


class MergeIn(_Strict):
    """Into ``into_id``, a topic of the same group."""

    version: int
    into_id: UUID


class SplitIn(_Strict):
    version: int
    title: Title
    post_ids: Annotated[list[UUID], Field(min_length=1, max_length=MOST_MOVED)]


class AnchorOut(BaseModel):
    """Who may not see the anchored thing gets its ``kind`` only; so does everybody but who wrote the
    topic when the thing is ``gone``.
    """

    kind: AnchorKind
    id: UUID | None = None
    label: str = ""
    at_ms: int | None = None
    page: int | None = None
    href: str = ""
    gone: bool = False


class TopicOut(BaseModel):
    """``posts`` counts those taken out as well: they keep their places. ``merged_into_id``: where its
    posts are now. A topic taken out has no title.
    """

    id: UUID
    group_id: UUID
    title: str
    state: TopicState
    by_id: UUID | None
    by: str
    anchor: AnchorOut | None
    posts: int
    last_post_id: UUID | None
    last_post_at: datetime
    created_at: datetime
    pinned_at: datetime | None
    closed_at: datetime | None
    deleted_at: datetime | None
    deleted_because: str
    merged_into_id: UUID | None
    version: int


class TopicPage(BaseModel):
    """``pinned`` are on the first page only; ``next`` is what comes ``before`` the following one."""

    pinned: list[TopicOut]
    items: list[TopicOut]
    next: UUID | None


class QuoteOut(BaseModel):
    """What a post answers, perhaps in another topic by now; without words when that was taken out."""

    id: UUID
    topic_id: UUID
    by: str
    words: str
    deleted: bool


class PostOut(BaseModel):
    """``html`` is safe to show, ``text`` the Markdown it was made of; both empty when it was taken out.
    ``voted``: by who asks. ``reply_to`` is None as well for what is in another group by now.
    """

    id: UUID
    topic_id: UUID
    by_id: UUID | None
    by: str
    text: str
    html: str
    reply_to: QuoteOut | None
    created_at: datetime
    edited_at: datetime | None
    version: int
    votes: int
    voted: bool
    deleted_at: datetime | None
    deleted_because: str


class StepOut(BaseModel):
    id: UUID
    state: TopicState
    by_id: UUID | None
    by: str
    at: datetime
    note: str
    class_label: str
    post_id: UUID | None


class TryOut(BaseModel):
    person_id: UUID
    name: str
    due_on: date | None
    class_label: str
    done_at: datetime | None
    step_id: UUID | None


class TopicFull(TopicOut):
    """``items`` in the order they were written, ``next`` is what the following ones come ``after``.
    ``part`` is the reader's own in the group.
    """

    group: str
    part: Role
    steps: list[StepOut]
    tries: list[TryOut]
    items: list[PostOut]
    next: UUID | None


class EditOut(BaseModel):
    """What a post said before it was changed at ``replaced_at``."""

    version: int
    text: str
    replaced_at: datetime


class VoteOut(BaseModel):
    votes: int
    voted: bool


class ReportOut(BaseModel):
    id: UUID
    post_id: UUID
    topic_id: UUID
    words: str
    reason: str
    created_at: datetime
    answered_at: datetime | None
    upheld: bool | None


class ReportPage(BaseModel):
    """Those that wait first, the newest of each first."""

    items: list[ReportOut]
