"""JSON API of the search."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from tongke_courses.search.query import MAX_LIMIT, MOST, find
from tongke_courses.search.schemas import FoundOut
from tongke_platform.accounts.rights import CurrentPrincipal
from tongke_platform.frame import Reading

router = APIRouter(prefix="/api/search", tags=["search"])


@router.get("")
async def search(
    session: Reading,
    principal: CurrentPrincipal,
    q: str = "",
    kind: Annotated[list[str] | None, Query()] = None,
    stage: str = "",
    subject: str = "",
    edition: str = "",
    grade: str = "",
    school: str = "",
    group: UUID | None = None,
    counts: bool = False,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 20,
    offset: Annotated[int, Query(ge=0, le=MOST)] = 0,
) -> FoundOut:
    """What answers ``q`` and may be seen by whoever asks, with or without signing in. With ``counts`` also
    how many of them have which value of each facet. ``group``: only what was said there.
    """
    facets = {
        "stage": stage, "subject": subject, "edition": edition, "grade": grade, "school": school,
    }  # fmt: skip
    found = await find(
        session,
        principal,
        q,
        kinds=[one for one in kind or () if one],
        facets=facets,
        group=group,
        limit=limit,
        offset=offset,
        counts=counts,
    )
    return FoundOut.of(found)
