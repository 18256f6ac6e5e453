"""What the search answers."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from tongke_courses.search.query import Counts, Found, Result


class ResultOut(BaseModel):
    """``title`` and ``snippet`` are plain text; their marks are the stretches that answer, from one
    character (Unicode code point) up to another.
    """

    kind: str
    id: UUID
    title: str
    title_marks: list[tuple[int, int]]
    snippet: str
    snippet_marks: list[tuple[int, int]]
    href: str
    at: datetime
    facets: Mapping[str, str]
    parent_id: UUID | None
    at_seconds: int | None

    @classmethod
    def of(cls, result: Result) -> "ResultOut":
        return cls(
            kind=result.kind.name,
            id=result.id,
            title=result.title.text,
            title_marks=list(result.title.marks),
            snippet=result.snippet.text,
            snippet_marks=list(result.snippet.marks),
            href=result.href,
            at=result.at,
            facets=result.facets,
            parent_id=result.parent_id,
            at_seconds=result.at_seconds,
        )


class FoundOut(BaseModel):
    """``total`` is at most 1,000; ``more`` says that there are others. ``facets``: how many of the
    ``total`` have which value.
    """

    results: list[ResultOut]
    total: int
    more: bool
    facets: Counts

    @classmethod
    def of(cls, found: Found) -> "FoundOut":
        return cls(
            results=[ResultOut.of(one) for one in found.results],
            total=found.total,
            more=found.more,
            facets=found.facet_counts,
        )
