"""What happens on a board is told from here: to open pages, and to those who want to know of it.

Called in the transaction the thing happens in; what is told leaves with its commit.
"""

from collections.abc import Collection
from enum import StrEnum
from uuid import UUID

from tongke_courses.boards.models import Post, Topic
from tongke_platform.database import WriteSession


class Change(StrEnum):
    """What an open page is told of; it asks for the rest itself."""

    POST = "post"
    EDIT = "edit"
    DELETION = "deletion"
    VOTE = "vote"
    TOPIC = "topic"


async def posted(
    session: WriteSession, topic: Topic, post: Post, mentioned: Collection[UUID]
) -> None:
    """``post`` is new in ``topic``. ``mentioned`` may read it."""


async def changed(
    session: WriteSession, topic: Topic, change: Change, post: Post | None = None
) -> None:
    """Something else happened to ``topic``, or to one of its posts."""


async def asked_to_try(session: WriteSession, topic: Topic, person_id: UUID) -> None:
    """``person_id`` is asked by somebody else to try what ``topic`` says."""


async def reported(session: WriteSession, topic: Topic, post: Post) -> None:
    """Those who moderate the group have a report to answer."""
