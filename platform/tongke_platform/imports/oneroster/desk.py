"""A roster brought in by pages: looked at first, then written as a whole, with its maker's rights."""

import asyncio
import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from tongke_platform.accounts import service as accounts
from tongke_platform.database import WriteSession, uuid7
from tongke_platform.errors import N_
from tongke_platform.frame import Frame
from tongke_platform.imports.asker import Asker
from tongke_platform.imports.models import Import, ImportKind, ImportState, Outcome
from tongke_platform.imports.oneroster.files import Roster, check_size, read_roster
from tongke_platform.imports.oneroster.incoming import Incoming, write_result
from tongke_platform.imports.oneroster.places import Result, Told
from tongke_platform.imports.repository import ImportRepository, ImportRowRepository
from tongke_platform.imports.table import BadFile
from tongke_platform.rights import Principal

# More is a matter for the command, which has no others waiting.
MAX_UNPACKED = 32 << 20
MAX_ROWS = 60_000
TOO_MANY = N_("This roster has %(rows)s rows. Please bring in at most %(limit)s at a time.")


def folder(frame: Frame) -> Path:
    """Where rosters lie until they are written or too old."""
    return frame.settings.data_dir / "private" / "imports"


def _path(frame: Frame, key: UUID) -> Path:
    return folder(frame) / f"{key}.zip"


def _keep(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(made, "wb") as file:
        file.write(data)


def remove(frame: Frame, key: UUID) -> None:
    _path(frame, key).unlink(missing_ok=True)


def sweep(frame: Frame, before: datetime) -> int:
    """Remove files older than that, whatever became of their imports; how many."""
    found = [
        path for path in folder(frame).glob("*.zip") if path.stat().st_mtime < before.timestamp()
    ]
    for path in found:
        path.unlink(missing_ok=True)
    return len(found)


async def _read(data: bytes) -> Roster:
    """Raises BadFile."""
    await asyncio.to_thread(check_size, data, MAX_UNPACKED)
    roster = await asyncio.to_thread(read_roster, data)
    rows = sum(len(table) for table in roster.tables.values())
    if rows > MAX_ROWS:
        raise BadFile(TOO_MANY, code="too_many_rows", rows=rows, limit=MAX_ROWS)
    return roster


async def preview(
    frame: Frame, by: Principal, data: bytes, file_name: str, life: timedelta
) -> UUID:
    """Check a roster and keep it and what was found for ``life``; the import's id.

    Raises BadFile.
    """
    roster = await _read(data)
    async with frame.database.read() as session:
        result = await Incoming(session, Asker(by), roster, frame.today()).plan()
    key, now = uuid7(), frame.now()
    await asyncio.to_thread(_keep, _path(frame, key), data)
    async with frame.database.write() as session:
        await ImportRepository(session).remove_expired(now)
        await ImportRepository(session).add(
            Import(
                id=key,
                kind=ImportKind.ONEROSTER,
                by_id=by.id,
                file_name=file_name,
                counts=result.counts,
                to_write=_writes(result),
                expires_at=now + life,
            )
        )
        await _store(session, key, result)
    return key


def _writes(result: Result) -> int:
    return result.counts[Outcome.NEW.value] + result.counts[Outcome.CHANGED.value]


async def _store(session: WriteSession, key: UUID, result: Result) -> None:
    """``line`` of a row here is its place among all tables: it orders the list."""
    wrong = {(p.column.partition(".csv")[0], line): p.stored() for line, p in result.wrong}
    rows = [
        _row(key, number, one, wrong.get((one.table, one.line)))
        for number, one in enumerate(result.told, 1)
    ]
    for start in range(0, len(rows), 2000):
        await ImportRowRepository(session).add_all(rows[start : start + 2000])


def _row(key: UUID, number: int, one: Told, problem: Any) -> dict[str, Any]:
    return {
        "id": uuid7(),
        "import_id": key,
        "line": number,
        "outcome": one.outcome,
        "data": {"table": f"{one.table}.csv", "line": one.line, "name": one.name, "roles": []},
        "changes": [],
        "problems": [problem] if problem else [],
    }


async def write(frame: Frame, session: WriteSession, key: UUID) -> None:
    """Plan once more on what the database says now, and write it all in this transaction."""
    found = await ImportRepository(session).locked_by_id(key)
    if found is None or found.state is not ImportState.RUNNING:
        return
    result = await _again(frame, session, found)
    if result is None:
        found.failed = found.to_write
    else:
        found.written = _writes(result)
        found.failed = max(0, len(result.wrong) - found.count(Outcome.WRONG))
        await write_result(session, result)
        await ImportRowRepository(session).remove_of(key)
        await _store(session, key, result)
    found.state, found.finished_at = ImportState.DONE, frame.now()
    session.after_commit(lambda: remove(frame, key))


async def _again(frame: Frame, session: WriteSession, found: Import) -> Result | None:
    """None when its maker may not any more, or the file is gone."""
    by = None
    if found.by_id is not None:
        by = await accounts.principal_of(session, found.by_id, frame.today())
    try:
        data = await asyncio.to_thread(_path(frame, found.id).read_bytes)
    except FileNotFoundError:
        return None
    if by is None:
        return None
    return await Incoming(session, Asker(by), await _read(data), frame.today()).plan()
