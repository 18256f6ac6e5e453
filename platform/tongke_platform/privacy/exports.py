"""A person's data given out: asked for, made in the background, fetched once, and removed."""

import asyncio
import io
import json
import os
import zipfile
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Any
from uuid import UUID

from tongke_platform import notices
from tongke_platform.audit import service as log
from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.errors import N_, Invalid, NotFound
from tongke_platform.frame import Frame
from tongke_platform.jobs import Jobs, Payload
from tongke_platform.notices.kinds import NoticeKind, register
from tongke_platform.notices.models import Choice
from tongke_platform.people.models import Person
from tongke_platform.privacy import repository
from tongke_platform.privacy.models import DataExport, ExportState
from tongke_platform.privacy.repository import ExportRepository
from tongke_platform.rights import Principal

JOB = "privacy.export"
KEPT = timedelta(days=7)
GONE = N_("This file was fetched already or is too old. Please ask for a new one.")
READY = register(
    NoticeKind(
        "data.ready",
        N_("Personal data you asked for is ready"),
        N_("The data of %(name)s is ready to fetch"),
        N_("It can be fetched once, until %(until_at)s; then it is removed from the server."),
        mail=Choice.NOW,
    )
)


def folder(frame: Frame) -> Path:
    """Where files lie until they are fetched or too old."""
    return frame.settings.data_dir / "private" / "exports"


def _path(frame: Frame, key: UUID) -> Path:
    return folder(frame) / f"{key}.zip"


def reason_of(text: str, needed: bool) -> str:
    """Raises Invalid ``no_reason``."""
    text = " ".join(text.split())[:200]
    if needed and (len(text) < 2 or not text.isprintable()):
        raise Invalid(N_("Please give the reason."), code="no_reason")
    return text


async def ask(
    session: WriteSession, frame: Frame, by: Principal, person_id: UUID, reason: str = ""
) -> DataExport:
    """Asked again before it is fetched, it is the same. ``by`` may, or it is their own.

    Raises Invalid ``no_reason`` when somebody else asks without one.
    """
    said = reason_of(reason, person_id != by.id)
    exports = ExportRepository(session)
    there = await exports.open_of(by.id, frame.now(), person_id)
    if there:
        return there[0]
    made = await exports.add(DataExport(person_id=person_id, asked_by_id=by.id, reason=said))
    await frame.jobs.add(session, JOB, id=str(made.id))
    return made


async def of(session: ReadSession, by: Principal, now: datetime) -> Sequence[DataExport]:
    """What they have asked for and not fetched yet, with its person."""
    return await ExportRepository(session).open_of(by.id, now)


def register_job(jobs: Jobs, frame: Frame) -> None:
    async def make(payload: Payload) -> None:
        await put_together(frame, UUID(payload["id"]))

    jobs.handle(JOB, make)


async def put_together(frame: Frame, key: UUID) -> None:
    """Run again after a crash, it writes the same file anew."""
    async with frame.database.read() as session:
        found = await ExportRepository(session).by_id(key)
        if found is None or found.state is not ExportState.WAITING:
            return
        rows = await repository.rows_about(session, found.person_id)
    data = await asyncio.to_thread(_zip, rows, frame.now())
    await asyncio.to_thread(_keep, _path(frame, key), data)
    async with frame.database.write() as session:
        await _ready(frame, session, key, len(data))


def _keep(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
    part.replace(path)


async def _ready(frame: Frame, session: WriteSession, key: UUID, size: int) -> None:
    found = await ExportRepository(session).to_change(key)
    if found is None or found.state is not ExportState.WAITING:
        # Its person was erased meanwhile.
        session.after_commit(lambda: _remove(frame, [key]))
        return
    until = frame.now() + KEPT
    found.state, found.size, found.expires_at = ExportState.READY, size, until
    await session.flush()
    person = await session.get_one(Person, found.person_id)
    await notices.send(
        session,
        to=[found.asked_by_id],
        kind=READY,
        params={"name": person.display_name, "until_at": until},
        link="/me#data",
        key=f"data.ready:{key}",
    )


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


async def fetch(session: WriteSession, frame: Frame, by: Principal, key: UUID) -> bytes:
    """The file, once; the caller has checked that ``by`` still may. Raises NotFound ``no_export``."""
    found = await one(session, frame, by, key)
    try:
        data = await asyncio.to_thread(_path(frame, key).read_bytes)
    except FileNotFoundError as error:
        raise NotFound(GONE, code="no_export") from error
    found.state, found.fetched_at = ExportState.FETCHED, frame.now()
    await session.flush()
    log.record(session, by, "data.downloaded", found, detail={"person_id": found.person_id})
    session.after_commit(lambda: _remove(frame, [key]))
    return data


async def one(session: WriteSession, frame: Frame, by: Principal, key: UUID) -> DataExport:
    """Ready, and asked for by ``by``; locked. Raises NotFound ``no_export``."""
    found = await ExportRepository(session).to_change(key)
    ready = found is not None and found.state is ExportState.READY
    if found is None or not ready or found.asked_by_id != by.id:
        raise NotFound(GONE, code="no_export")
    if found.expires_at is None or found.expires_at <= frame.now():
        raise NotFound(GONE, code="no_export")
    return found


def _remove(frame: Frame, keys: Sequence[UUID]) -> None:
    for key in keys:
        _path(frame, key).unlink(missing_ok=True)


async def forget(session: WriteSession, frame: Frame, person_id: UUID) -> None:
    """Of somebody who is erased nothing lies about."""
    keys = await ExportRepository(session).expire(DataExport.person_id == person_id)
    session.after_commit(lambda: _remove(frame, keys))


async def over(frame: Frame) -> int:
    """How many files ``sweep`` would remove."""
    async with frame.database.read() as session:
        return len(await ExportRepository(session).over(frame.now()))


async def sweep(frame: Frame) -> int:
    """Remove files nobody fetched in time; how many."""
    async with frame.database.write() as session:
        exports = ExportRepository(session)
        keys = await exports.over(frame.now())
        await exports.expire(DataExport.id.in_(keys))
    await asyncio.to_thread(_remove, frame, keys)
    return len(keys)
