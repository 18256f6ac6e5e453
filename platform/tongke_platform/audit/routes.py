"""JSON API of the audit log."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.audit import service
from tongke_platform.audit.repository import Filter, Shown
from tongke_platform.audit.schemas import EntriesOut, EntryOut
from tongke_platform.fields import Day
from tongke_platform.frame import Reading

router = APIRouter(prefix="/api/audit", tags=["audit"])


@router.get("")
async def search(
    session: Reading,
    principal: RequiredPrincipal,
    act: Annotated[str, Query(max_length=64, pattern=r"^[a-z_.]*$")] = "",
    person: UUID | None = None,
    subject: UUID | None = None,
    organisation: UUID | None = None,
    first_day: Day | None = None,
    last_day: Day | None = None,
    before: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> EntriesOut:
    """``act`` is a whole act (``post.given``) or the thing before its dot."""
    wanted = Filter(act, person, subject, organisation, first_day, last_day)
    found = await service.search(session, principal, wanted, before=before, limit=limit)
    return entries_of(found, limit)


@router.get("/{entry_id}")
async def one_entry(entry_id: UUID, session: Reading, principal: RequiredPrincipal) -> EntryOut:
    return entry_of(await service.one(session, principal, entry_id))


def entry_of(found: Shown) -> EntryOut:
    names = {"person": found.person, "organisation": found.organisation}
    return EntryOut.model_validate(found.entry).model_copy(update=names)


def entries_of(found: Sequence[Shown], limit: int) -> EntriesOut:
    entries = [entry_of(one) for one in found]
    return EntriesOut(entries=entries, next=entries[-1].id if len(entries) == limit else None)
