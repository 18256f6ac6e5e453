"""API shapes of what a group remembers."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from tongke_courses.boards.models import AnchorKind, TopicState
from tongke_courses.boards.schemas import AnchorOut, StepOut, TryOut

MOST_WORDS = 200
MOST_OFFSET = 100_000


class MemoryQuery(BaseModel):
    """``node_id`` with all that stands below it in the book; ``q``: words of its posts or its title."""

    model_config = ConfigDict(extra="ignore")

    state: TopicState | None = None
    anchor: AnchorKind | None = None
    by: UUID | None = None
    node_id: UUID | None = None
    q: Annotated[str, Field(max_length=MOST_WORDS)] = ""
    offset: Annotated[int, Field(ge=0, le=MOST_OFFSET)] = 0
    limit: Annotated[int, Field(ge=1, le=50)] = 20


class MemoryStep(StepOut):
    """``words``: the beginning of the post it names, empty when that was taken out."""

    words: str


class MemoryTopic(BaseModel):
    """``asked``: the beginning of its first post. ``steps`` in their order."""

    id: UUID
    title: str
    state: TopicState
    by_id: UUID | None
    by: str
    created_at: datetime
    posts: int
    asked: str
    anchor: AnchorOut | None
    steps: list[MemoryStep]
    tries: list[TryOut]


class MemoryChoice(BaseModel):
    """Something the topics can be asked for by, and how many of all of them answer."""

    id: UUID
    name: str
    topics: int


class MemoryOut(BaseModel):
    """``counts`` by state are of the topics that answer all but the state. ``items``: the last decision
    first, then what nothing was decided about. ``next`` is the following ``offset``.
    """

    group_id: UUID
    group: str
    counts: dict[TopicState, int]
    authors: list[MemoryChoice]
    nodes: list[MemoryChoice]
    items: list[MemoryTopic]
    next: int | None
