"""Rules of the log: what an entry says, when it is written, whether a day is whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import event
from sqlalchemy.orm import Session

from tongke_platform.audit import chain, repository
from tongke_platform.audit.details import clean
from tongke_platform.audit.origin import origin
from tongke_platform.audit.repository import AuditRepository, Filter, Shown
from tongke_platform.audit.rights import READ
from tongke_platform.database import ReadSession, Record, WriteSession, utc_now
from tongke_platform.errors import N_, Forbidden, NotFound
from tongke_platform.organisations.models import Organisation
from tongke_platform.rights import Principal

_WAITING = "audit entries"
PAGE = 500


class Somebody(Protocol):
    """A principal or a person."""

    @property
    def id(self) -> UUID: ...


def record(
    session: WriteSession,
    by: Somebody | None,
    act: str,
    subject: Record | None = None,
    organisation: Organisation | UUID | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Say in the log what this transaction does; both are committed, or neither.

    ``act`` is ``thing.act``, as rules are called. ``by`` None: whoever the request comes from, or
    the program itself. Secrets and personal fields of ``detail`` are left out, see ``details``.
    """
    put(session.sync_session, act, subject, organisation, detail or {}, by)


def put(
    session: Session,
    act: str,
    subject: Record | None,
    organisation: Organisation | UUID | None,
    detail: Mapping[str, Any],
    by: Somebody | None = None,
) -> None:
    where = origin()
    acting_for = getattr(by, "school_id", None) if by is not None else where.acting_for_id
    entry = {
        "at": utc_now(),
        "person_id": by.id if by is not None else where.person_id,
        "acting_for_id": acting_for,
        "address": where.address[:64],
        "via": where.via[:80],
        "act": act[:64],
        "subject_type": subject.__tablename__[:40] if subject is not None else "",
        "subject_id": subject.id if subject is not None else None,
        "organisation_id": getattr(organisation, "id", organisation),
        "detail": clean(detail),
    }
    session.info.setdefault(_WAITING, []).append(entry)


def _write(session: Session) -> None:
    session.flush()
    if entries := session.info.pop(_WAITING, None):
        repository.write(session, entries)


def _forget(session: Session) -> None:
    session.info.pop(_WAITING, None)


# For every session: rows that are watched are found while the flush before a commit goes on.
event.listen(Session, "before_commit", _write)
event.listen(Session, "after_rollback", _forget)


async def search(
    session: ReadSession,
    principal: Principal,
    wanted: Filter,
    *,
    before: UUID | None = None,
    limit: int = 50,
) -> Sequence[Shown]:
    """What the principal may read, the newest first. Raises Forbidden."""
    if not READ.allows_anywhere(principal):
        raise Forbidden
    return await AuditRepository(session).search(principal, wanted, before=before, limit=limit)


async def one(session: ReadSession, principal: Principal, key: UUID) -> Shown:
    """Raises Forbidden, NotFound."""
    if not READ.allows_anywhere(principal):
        raise Forbidden
    found = await AuditRepository(session).one(principal, key)
    if found is None:
        raise NotFound(N_("There is no such entry."), code="no_entry")
    return found


@dataclass(frozen=True)
class Broken:
    """The first entry of a day that is not what was written; ``seq`` 0: the end is missing."""

    day: date
    seq: int


async def verify(session: ReadSession) -> list[Broken]:
    """The days whose chain does not hold; empty when nobody has touched the log."""
    entries = AuditRepository(session)
    days = await entries.days()
    found = [await _verify_day(entries, one.day, one.entries, one.head) for one in days]
    return [one for one in found if one is not None]


async def _verify_day(entries: AuditRepository, day: date, count: int, head: str) -> Broken | None:
    previous, seq = chain.first(day), 0
    while page := await entries.of_day(day, seq, PAGE):
        for entry in page:
            seq += 1
            values = {name: getattr(entry, name) for name in chain.SEALED}
            whole = (entry.seq, entry.previous) == (seq, previous)
            if not whole or entry.hash != chain.link(previous, values):
                return Broken(day, seq)
            previous = entry.hash
    return None if (seq, previous) == (count, head) else Broken(day, 0)
