"""What a slice tells the search about one of its objects."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from tongke_courses.search.tokens import FACETS

MAX_TITLE = 500
MAX_SUMMARY = 2000
MAX_BODY = 30_000


@dataclass(frozen=True, slots=True)
class Document:
    """One object as it is to be found. ``summary`` and ``body`` are plain text.

    ``facets``: of ``tokens.FACETS`` (stage, subject, edition, grade, school), compared exactly.
    ``audience``: who may find it, see ``audience``; it may say too much (what is found is asked
    for again), never too little. ``at`` orders results, the newest first. ``at_seconds``: the
    second of the lesson ``parent_id`` that a caption is said at.
    What is longer than ``MAX_TITLE``, ``MAX_SUMMARY`` and ``MAX_BODY`` characters is cut.
    Raises ValueError for a facet that is none.
    """

    kind: str
    id: UUID
    title: str
    at: datetime
    audience: frozenset[str]
    body: str = ""
    summary: str = ""
    facets: Mapping[str, str] = field(default_factory=dict)
    parent_id: UUID | None = None
    at_seconds: int | None = None

    def __post_init__(self) -> None:
        unknown = set(self.facets) - set(FACETS)
        if unknown:
            raise ValueError(f"no such facets: {', '.join(sorted(unknown))}")

    def columns(self) -> dict[str, str]:
        """The texts and facets as they are kept: no NUL (PostgreSQL has none), none too long."""
        lengths = {"title": MAX_TITLE, "summary": MAX_SUMMARY, "body": MAX_BODY}
        texts = {name: clean(getattr(self, name))[:most] for name, most in lengths.items()}
        return texts | {name: clean(self.facets.get(name, ""))[:200] for name in FACETS}


def clean(text: str) -> str:
    """Without NUL and half characters, which not every database keeps."""
    return text.replace("\0", "").encode("utf-8", "ignore").decode()
