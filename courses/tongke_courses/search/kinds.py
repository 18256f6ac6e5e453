"""The kinds of objects that can be found; each slice registers its own, at the assembly's call."""

from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tongke_courses.search.documents import Document
from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.rights import Principal

ReadableIds = Callable[
    [ReadSession, Principal | None, Sequence[UUID]], Coroutine[Any, Any, set[UUID]]
]
AskAgain = Callable[[WriteSession], Coroutine[Any, Any, None]]
Documents = Callable[[ReadSession, UUID | None], AsyncGenerator[Document, None]]


@dataclass(frozen=True, slots=True)
class Place:
    """Which object an address is wanted for."""

    id: UUID
    parent_id: UUID | None = None
    at_seconds: int | None = None


@dataclass(frozen=True)
class Kind:
    """``label`` is a sentence for gettext, ``icon`` a name of ``macros/icons.html``.

    ``readable_ids(session, principal or None, ids)``: those of ``ids`` that may be seen; the last
    word, whatever the index says. ``documents(session, after)``: all there are with an id above
    ``after``, in the order of their ids, for rebuilding. ``ask_again(session)``, for a kind whose
    texts take long to read: has them put again in the background. ``closed``: only for members of
    groups, whatever else somebody may see.
    """

    name: str
    label: str
    icon: str
    href: Callable[[Place], str]
    readable_ids: ReadableIds
    documents: Documents | None = None
    ask_again: AskAgain | None = None
    closed: bool = False


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Again is no error: the later one counts."""
    _kinds[kind.name] = kind


def get(name: str) -> Kind | None:
    return _kinds.get(name)


def all_kinds() -> list[Kind]:
    return list(_kinds.values())
