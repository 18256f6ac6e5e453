"""Keep the inverse of an act; take the act back with it."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.errors import N_, Conflict, NotFound
from tongke_platform.rights import Principal
from tongke_platform.undo.models import Undo
from tongke_platform.undo.repository import UndoRepository

LIFETIME = timedelta(minutes=10)
NOTHING_LEFT = N_("There is nothing left to take back here.")

# Given what was kept; checks the rights anew and raises Conflict when too much has happened since.
Inverse = Callable[[WriteSession, Principal, dict[str, Any]], Awaitable[None]]
_inverses: dict[str, Inverse] = {}


def takes_back(act: str) -> Callable[[Inverse], Inverse]:
    """Say how ``act`` (``thing.act``) is taken back."""

    def register(inverse: Inverse) -> Inverse:
        _inverses[act] = inverse
        return inverse

    return register


async def keep(
    session: WriteSession,
    by: Principal,
    act: str,
    data: dict[str, Any],
    now: datetime,
    lifetime: timedelta = LIFETIME,
) -> Undo:
    """``data`` is JSON: ids as text, days in ISO form."""
    undos = UndoRepository(session)
    await undos.remove_expired(by.id, now)
    return await undos.add(Undo(person_id=by.id, act=act, data=data, expires_at=now + lifetime))


async def one(session: ReadSession, by: Principal, key: UUID) -> Undo:
    """Of the asker's own acts. Raises NotFound."""
    found = await UndoRepository(session).seen(by.id, key)
    if found is None:
        raise NotFound(NOTHING_LEFT)
    return found


async def take_back(session: WriteSession, by: Principal, key: UUID, now: datetime) -> None:
    """Raises NotFound, Conflict ``too_late``, and what the inverse raises."""
    found = await UndoRepository(session).of(by.id, key)
    if found is None:
        raise NotFound(NOTHING_LEFT)
    if found.done_at is not None or found.expires_at <= now:
        raise Conflict(N_("This can no longer be taken back."), code="too_late")
    data, found.done_at, found.data = found.data, now, {}
    await _inverses[found.act](session, by, data)
