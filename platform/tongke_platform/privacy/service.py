"""Rules of personal data: given out at once and kept nowhere, erased after days to think."""

import io
import json
import zipfile
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any
from uuid import UUID

from tongke_platform.audit import service as log
from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.errors import N_, Conflict, Forbidden, Invalid
from tongke_platform.frame import Frame
from tongke_platform.people import service as people
from tongke_platform.people.repository import MembershipRepository
from tongke_platform.people.roles import Role
from tongke_platform.privacy import repository
from tongke_platform.privacy.models import DataExport, Erasure, ExportState
from tongke_platform.privacy.repository import ErasureRepository, ExportRepository
from tongke_platform.privacy.rights import MANAGE
from tongke_platform.rights import Principal

GRACE = timedelta(days=7)


async def check_managed(session: WriteSession, by: Principal, person_id: UUID) -> None:
    """Raises NotFound, Forbidden."""
    if not MANAGE.allows_anywhere(by):
        raise Forbidden
    await people.to_change(session, person_id, by)


def _reason(text: str, needed: bool) -> str:
    text = " ".join(text.split())[:200]
    if needed and (len(text) < 2 or not text.isprintable()):
        raise Invalid(N_("Please give the reason."), code="no_reason")
    return text


async def export(
    session: WriteSession, frame: Frame, by: Principal, person_id: UUID, reason: str = ""
) -> bytes:
    """A zip of JSON; the server keeps no copy. ``by`` may (``check_managed``) or it is their own.

    Raises Invalid ``no_reason`` when somebody else asks without one.
    """
    said = _reason(reason, person_id != by.id)
    found = await repository.rows_about(session, person_id)
    data = _zip(found, frame.now())
    await ExportRepository(session).add(
        DataExport(
            person_id=person_id,
            asked_by_id=by.id,
            reason=said,
            state=ExportState.FETCHED,
            size=len(data),
            fetched_at=frame.now(),
        )
    )
    return data


def _zip(found: dict[str, list[dict[str, Any]]], now: datetime) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, rows in found.items():
            text = json.dumps(rows, ensure_ascii=False, indent=1, default=_plain)
            archive.writestr(f"{name}.json", text)
        lines = [f"{name}.json\t{len(rows)}" for name, rows in found.items()]
        head = f"同课 Tongke\t{now.isoformat()}"
        archive.writestr("README.txt", "\n".join([head, *lines, ""]))
    return out.getvalue()


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


async def pending(session: ReadSession, person_id: UUID) -> Erasure | None:
    return await ErasureRepository(session).pending(person_id)


async def ask(
    session: WriteSession, frame: Frame, by: Principal, person_id: UUID, reason: str = ""
) -> Erasure:
    """Due after ``GRACE``; asked again, it stays as it is.

    Raises Invalid ``no_reason``, Conflict ``last_administrator``.
    """
    said = _reason(reason, person_id != by.id)
    erasures = ErasureRepository(session)
    if (found := await erasures.pending(person_id)) is not None:
        return found
    await _check_not_last(session, frame, person_id)
    made = Erasure(person_id=person_id, asked_by_id=by.id, reason=said, due_at=frame.now() + GRACE)
    await erasures.add(made)
    log.record(session, by, "erasure.asked", made, detail={"person_id": person_id, "reason": said})
    return made


async def _check_not_last(session: WriteSession, frame: Frame, person_id: UUID) -> None:
    posts = MembershipRepository(session)
    today = frame.today()
    held = [
        one
        for one in await posts.of(person_id)
        if one.role is Role.ADMIN and (one.ends_on is None or one.ends_on >= today)
    ]
    if held and await posts.administrators(today) <= 1:
        raise Conflict(
            N_("The platform needs an administrator: appoint another one first."),
            code="last_administrator",
        )


async def call_off(session: WriteSession, frame: Frame, by: Principal, person_id: UUID) -> None:
    """Nothing happens when nothing was asked for."""
    found = await ErasureRepository(session).pending(person_id)
    if found is not None:
        found.cancelled_at = frame.now()
        await session.flush()
        log.record(session, by, "erasure.cancelled", found, detail={"person_id": person_id})


async def run_due(frame: Frame) -> int:
    """Erase who is due; how many. One transaction each: one that fails holds up no other."""
    async with frame.database.read() as session:
        due = [one.id for one in await ErasureRepository(session).due(frame.now())]
    done = 0
    for key in due:
        async with frame.database.write() as session:
            found = await ErasureRepository(session).by_id(key)
            if found is None or found.done_at or found.cancelled_at:
                continue
            try:
                await _check_not_last(session, frame, found.person_id)
            except Conflict:
                continue
            await repository.erase(session, found.person_id, frame.now(), frame.today())
            found.done_at, found.reason = frame.now(), ""
            await session.flush()
            log.record(session, None, "erasure.done", found)
            done += 1
    return done
