"""Documents of a kind of their own, and askers without a database behind them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from tongke_courses.search import kinds
from tongke_courses.search.documents import Document
from tongke_platform.database import ReadSession
from tongke_platform.rights import Principal

NOTE = "note"
BEGAN = datetime(2026, 9, 1, 8, tzinfo=UTC)
hidden: set[UUID] = set()


async def readable(
    _session: ReadSession, _principal: Principal | None, ids: Sequence[UUID]
) -> set[UUID]:
    return set(ids) - hidden


def register() -> None:
    hidden.clear()
    kinds.register(
        kinds.Kind(
            name=NOTE,
            label="Note",
            icon="file-text",
            href=lambda place: f"/notes/{place.id}",
            readable_ids=readable,
        )
    )


def note(number: int, title: str = "", **fields: Any) -> Document:
    """``number`` is its id, and a minute later than the one before."""
    values: dict[str, Any] = {
        "kind": NOTE,
        "id": UUID(int=number),
        "title": title,
        "at": BEGAN + timedelta(minutes=number),
        "audience": frozenset(("public",)),
    }
    return Document(**values | fields)
