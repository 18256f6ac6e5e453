"""What is not kept longer than needed, and why: one table, swept every hour."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import structlog
from sqlalchemy import CursorResult, delete, select

from tongke_platform.accounts.models import LoginSession, OneTimeCode
from tongke_platform.audit.repository import AuditRepository
from tongke_platform.consent import service as consent
from tongke_platform.consent.models import ConsentForm
from tongke_platform.consent.repository import LinkRepository
from tongke_platform.database import WriteSession
from tongke_platform.frame import Frame
from tongke_platform.notices.models import Notice
from tongke_platform.privacy import exports, service
from tongke_platform.rounds import Rounds
from tongke_platform.undo.models import Undo

EVERY_S = 3600.0
# Time for a transaction that has written its photograph and not yet its row.
ORPHAN_AGE = timedelta(days=1)
Sweep = Callable[[WriteSession, datetime], Awaitable[int]]

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Kept:
    """``days`` after which ``what`` goes, and ``why`` not earlier or later."""

    what: str
    days: int
    why: str
    sweep: Sweep


def _older(column: Any) -> Sweep:
    async def sweep(session: WriteSession, before: datetime) -> int:
        found = await session.execute(delete(column.class_).where(column < before))
        return cast("CursorResult[Any]", found).rowcount

    return sweep


async def _links(session: WriteSession, before: datetime) -> int:
    return await LinkRepository(session).forget(before)


async def _entries(session: WriteSession, before: datetime) -> int:
    return await AuditRepository(session).remove_before(before.date())


RETENTION = (
    Kept("sessions that are over", 30, "so that 'where I was logged in' can be told", _older(LoginSession.expires_at)),
    Kept("one-time codes", 7, "used up or over; kept while guesses are counted", _older(OneTimeCode.created_at)),
    Kept("unanswered links of guardians", 30, "over after two weeks; nothing was said by them", _links),
    Kept("notices", 365, "a school year", _older(Notice.created_at)),
    Kept("undos", 30, "can be taken back within minutes", _older(Undo.created_at)),
    Kept("entries of the audit log", 365, "at least six months by law; a school year", _entries),
)  # fmt: skip


async def sweep(frame: Frame, *, dry_run: bool = False) -> dict[str, int]:
    """Remove what is over; how many of each. Each in a transaction of its own.

    ``dry_run``: nothing is removed, only counted.
    """
    gone: dict[str, int] = {}
    for one in RETENTION:
        gone[one.what] = await _one(frame, one, dry_run)
    orphans = await _orphans(frame)
    gone["photographs without a form"] = len(orphans)
    if dry_run:
        gone["personal data nobody fetched"] = await exports.over(frame)
        gone["people erased"] = await service.due(frame)
        return gone
    await asyncio.to_thread(_unlink, orphans)
    gone["personal data nobody fetched"] = await exports.sweep(frame)
    gone["people erased"] = await service.run_due(frame)
    if any(gone.values()):
        log.info("retention", **{what.replace(" ", "_"): n for what, n in gone.items() if n})
    return gone


class _Undone(Exception):
    """Takes a transaction back."""


async def _one(frame: Frame, one: Kept, dry_run: bool) -> int:
    gone = 0
    with suppress(_Undone):
        async with frame.database.write() as session:
            gone = await one.sweep(session, frame.now() - timedelta(days=one.days))
            if dry_run:
                raise _Undone
    return gone


async def _orphans(frame: Frame) -> list[Path]:
    before = (frame.now() - ORPHAN_AGE).timestamp()
    folder = consent.folder(frame)
    found = [path for path in folder.glob("*.jpg") if path.stat().st_mtime < before]
    keys = {path: key for path in found if (key := _key(path)) is not None}
    async with frame.database.read() as session:
        rows = await session.execute(
            select(ConsentForm.id).where(ConsentForm.id.in_(list(keys.values())))
        )
        known = {*rows.scalars()}
    return [path for path, key in keys.items() if key not in known]


def _unlink(paths: Sequence[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _key(path: Path) -> UUID | None:
    try:
        return UUID(path.stem)
    except ValueError:
        return None


def rounds(frame: Frame) -> Rounds:
    return Rounds("retention", lambda: sweep(frame), EVERY_S)
