"""Rules of imports: a preview is stored, confirmed by its maker, and written in batches."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from tongke_platform.accounts import service as accounts
from tongke_platform.audit import service as audit
from tongke_platform.database import Database, ReadSession, WriteSession, uuid7
from tongke_platform.errors import N_, Conflict, Forbidden, NotFound
from tongke_platform.frame import Frame
from tongke_platform.imports import people, repository
from tongke_platform.imports.asker import Asker
from tongke_platform.imports.cells import Problem
from tongke_platform.imports.models import Import, ImportKind, ImportRow, ImportState, Outcome
from tongke_platform.imports.oneroster import desk as rosters
from tongke_platform.imports.oneroster.files import looks_like_roster
from tongke_platform.imports.people import BATCH, Judged, Progress, Table
from tongke_platform.imports.planning import Place, Planned
from tongke_platform.imports.repository import ImportRepository, ImportRowRepository
from tongke_platform.imports.rights import PEOPLE
from tongke_platform.jobs import Job
from tongke_platform.organisations.models import Organisation
from tongke_platform.organisations.repository import OrganisationRepository
from tongke_platform.people.roles import Role
from tongke_platform.rights import Principal

KEPT = timedelta(hours=24)
WRITE_JOB = "imports.write"
ROSTER_JOB = "imports.write_roster"
EXPIRE_JOB = "imports.expire"
ACT = "people.imported"
_WRITTEN = (Outcome.NEW, Outcome.CHANGED)

NO_IMPORT = N_("There is no such import. Previews are kept for a day.")
NO_SCHOOL = N_("There is no such school among those you may add people to.")
EXPIRED = N_("This preview is too old. Please choose the file again.")
BEGUN = N_("This import has been confirmed already.")
SCHOOL = N_("School")
HAS_ERRORS = N_("Some rows are wrong. Correct the file, or choose to leave those rows out.")
NOTHING = N_("There is nothing to write: everything is as the file says already.")


@dataclass(frozen=True)
class Checked:
    """A file held against the database; nothing is written yet."""

    titles: Mapping[str, str]
    rows: Sequence[Judged]

    def counts(self) -> dict[str, int]:
        found = {one.value: 0 for one in Outcome}
        for row in self.rows:
            found[row.outcome.value] += 1
        return found


async def school_of_code(session: ReadSession, asker: Asker, code: str) -> Organisation:
    """Raises NotFound ``no_school``, also for one the asker may not write to."""
    school = await OrganisationRepository(session).by_code(code)
    if school is None or not asker.covers(school):
        raise NotFound(NO_SCHOOL, code="no_school")
    return school


async def schools_for(
    session: ReadSession, principal: Principal, today: date
) -> Sequence[Organisation]:
    """What a form offers, at most 200. Raises Forbidden."""
    if not PEOPLE.allows_anywhere(principal):
        raise Forbidden
    return await repository.PlaceRepository(session).some(PEOPLE.clause(principal), today)


async def check_people(
    session: ReadSession,
    asker: Asker,
    table: Table,
    school: Organisation | None,
    today: date,
    progress: Progress = lambda done, total: None,
) -> Checked:
    places = await people.find_places(session, asker, table, school, today)
    settled = await asyncio.to_thread(people.settle, table, places, asker)
    rows = await people.judge(session, asker, settled, table.titles, today, progress)
    return Checked(table.titles, rows)


async def preview(
    frame: Frame, principal: Principal, data: bytes, file_name: str, school_code: str
) -> UUID:
    """Read and check a file, and keep what was found for a day; the import's id.

    Raises Forbidden, NotFound ``no_school``, BadFile.
    """
    if not PEOPLE.allows_anywhere(principal):
        raise Forbidden
    if await asyncio.to_thread(looks_like_roster, data):
        return await _preview_roster(frame, principal, data, file_name)
    asker, today = Asker(principal), frame.today()
    async with frame.database.read() as session:
        school = await school_of_code(session, asker, school_code) if school_code else None
        table = await asyncio.to_thread(people.read_people, data)
        checked = await check_people(session, asker, table, school, today)
    async with frame.database.write() as session:
        return await _keep(session, asker, checked, file_name, school, frame.now())


async def _preview_roster(frame: Frame, principal: Principal, data: bytes, file_name: str) -> UUID:
    key = await rosters.preview(frame, principal, data, printable(file_name), KEPT)
    async with frame.database.write() as session:
        session.add(Job(kind=EXPIRE_JOB, payload={}, run_at=frame.now() + KEPT))
    return key


async def _keep(
    session: WriteSession,
    asker: Asker,
    checked: Checked,
    file_name: str,
    school: Organisation | None,
    now: datetime,
) -> UUID:
    counts = checked.counts()
    await ImportRepository(session).remove_expired(now)
    found = await ImportRepository(session).add(
        Import(
            by_id=asker.id,
            kind=ImportKind.PEOPLE,
            organisation_id=school.id if school else None,
            file_name=printable(file_name),
            counts=counts,
            to_write=sum(counts[one.value] for one in _WRITTEN),
            expires_at=now + KEPT,
        )
    )
    rows = [_stored(found.id, one) for one in checked.rows]
    for start in range(0, len(rows), 2000):
        await ImportRowRepository(session).add_all(rows[start : start + 2000])
    session.add(Job(kind=EXPIRE_JOB, payload={}, run_at=now + KEPT))
    return found.id


def _stored(key: UUID, row: Judged) -> dict[str, Any]:
    return {
        "id": uuid7(),
        "import_id": key,
        "line": row.line,
        "outcome": row.outcome,
        "data": row.data,
        "changes": [list(one) for one in row.planned.changes],
        "problems": [one.stored() for one in row.planned.problems],
    }


def printable(file_name: str) -> str:
    return "".join(one for one in file_name if one.isprintable())[-120:] or "?"


async def get(session: ReadSession, principal: Principal, key: UUID) -> Import:
    """Raises NotFound: only its maker, while they may still import, knows of an import."""
    found = await ImportRepository(session).by_id(key)
    if found is None or found.by_id != principal.id or not _may(principal, found.organisation):
        raise NotFound(NO_IMPORT, code="no_import")
    return found


def _may(principal: Principal, school: Organisation | None) -> bool:
    if school is None:
        return PEOPLE.allows_anywhere(principal)
    return PEOPLE.allows(principal, school)


async def recent(
    session: ReadSession, principal: Principal, before: UUID | None = None, limit: int = 50
) -> Sequence[Import]:
    """The newest first. Raises Forbidden."""
    if not PEOPLE.allows_anywhere(principal):
        raise Forbidden
    return await ImportRepository(session).of_person(principal.id, before, limit)


async def to_confirm(session: ReadSession, principal: Principal, now: datetime) -> int:
    """How many previews of theirs have something to write and wait to be confirmed."""
    return await ImportRepository(session).to_confirm(principal.id, now)


async def rows_of(
    session: ReadSession,
    found: Import,
    outcomes: Sequence[Outcome] = (),
    after: int = 0,
    limit: int = 50,
) -> Sequence[ImportRow]:
    return await ImportRowRepository(session).page(found.id, outcomes, after, limit)


async def confirm(
    frame: Frame, session: WriteSession, principal: Principal, key: UUID, skip_errors: bool
) -> Import:
    """Write what the preview says, as a job. Raises NotFound, Conflict."""
    await get(session, principal, key)
    found = await ImportRepository(session).locked_by_id(key)
    if found is None:
        raise NotFound(NO_IMPORT, code="no_import")
    if found.state is not ImportState.PREVIEW:
        raise Conflict(BEGUN, code="already_confirmed")
    if found.expires_at <= frame.now():
        raise Conflict(EXPIRED, code="expired")
    if found.count(Outcome.WRONG) and not skip_errors:
        raise Conflict(HAS_ERRORS, code="has_errors")
    if not found.to_write:
        raise Conflict(NOTHING, code="nothing_to_write")
    found.state, found.started_at = ImportState.RUNNING, frame.now()
    job = ROSTER_JOB if found.kind is ImportKind.ONEROSTER else WRITE_JOB
    await frame.jobs.add(session, job, id=str(found.id))
    # The rows are written in bulk, which the log does not see: this entry stands for them.
    audit.record(session, principal, ACT, found, found.organisation_id, found.counts)
    return found


async def discard(frame: Frame, session: WriteSession, principal: Principal, key: UUID) -> None:
    """Raises NotFound, Conflict ``already_confirmed``."""
    found = await get(session, principal, key)
    if found.state is not ImportState.PREVIEW:
        raise Conflict(BEGUN, code="already_confirmed")
    await ImportRepository(session).remove(key)
    session.after_commit(lambda: rosters.remove(frame, key))


async def write_next(frame: Frame, session: WriteSession, key: UUID) -> bool:
    """Write one batch of a confirmed import; whether there is more to do."""
    found = await ImportRepository(session).locked_by_id(key)
    if found is None or found.state is not ImportState.RUNNING:
        return False
    rows = await ImportRowRepository(session).page(key, _WRITTEN, found.position, BATCH)
    if rows:
        failed = await _write_rows(frame, session, found, rows)
        found.failed += failed
        found.written += len(rows) - failed
        found.position = rows[-1].line
    if len(rows) < BATCH:
        found.state, found.finished_at = ImportState.DONE, frame.now()
        return False
    return True


async def _write_rows(
    frame: Frame, session: WriteSession, found: Import, rows: Sequence[ImportRow]
) -> int:
    """The number of rows that are not right any more: their maker's rights or the data changed."""
    principal = None
    if found.by_id is not None:
        principal = await accounts.principal_of(session, found.by_id, frame.today())
    codes = sorted({row.data["school"] for row in rows})
    if principal is None:
        wrong = {row.id: Planned(Outcome.WRONG, problems=[_gone(row)]) for row in rows}
    else:
        asker, today = Asker(principal), frame.today()
        places = await people.places_named(session, asker, codes, None, today)
        wrong = await write_batch(session, asker, rows, places.by_code, today)
    await ImportRowRepository(session).say_wrong(
        [
            {
                "id": key,
                "outcome": Outcome.WRONG,
                "problems": [one.stored() for one in planned.problems],
            }
            for key, planned in wrong.items()
        ]
    )
    return len(wrong)


def _gone(row: ImportRow) -> Problem:
    return Problem(people.UNKNOWN_SCHOOL, "", {"value": row.data["school"]}, SCHOOL)


async def write_batch(
    session: WriteSession,
    asker: Asker,
    rows: Sequence[ImportRow],
    places: Mapping[str, Place],
    today: date,
) -> dict[UUID, Planned]:
    """Plan once more on what the database says now, and write; the rows that are wrong by now."""
    allowed = [row for row in rows if row.data["school"] in places and _roles_fit(asker, row)]
    wrong = {row.id: Planned(Outcome.WRONG, problems=[_gone(row)]) for row in rows}
    pairs = [(row.data, places[row.data["school"]]) for row in allowed]
    planner = await people.planner_for(session, asker, pairs, today)
    for row, (data, place) in zip(allowed, pairs, strict=True):
        planned = planner.plan(data, place, {})
        del wrong[row.id]
        if planned.outcome is Outcome.WRONG:
            wrong[row.id] = planned
    await repository.write(session, planner.writes)
    return wrong


def _roles_fit(asker: Asker, row: ImportRow) -> bool:
    return all(asker.may_give(Role(role)) for role in row.data["roles"])


async def write_checked(
    database: Database,
    asker: Asker,
    checked: Checked,
    today: date,
    progress: Progress = lambda done, total: None,
) -> list[Judged]:
    """For programs: write the good rows of a checked file; those that turned out wrong meanwhile."""
    rows = [one for one in checked.rows if one.outcome in _WRITTEN]
    lost: list[Judged] = []
    for start in range(0, len(rows), BATCH):
        batch = {uuid7(): one for one in rows[start : start + BATCH]}
        records = [ImportRow(id=key, line=one.line, data=one.data) for key, one in batch.items()]
        async with database.write() as session:
            codes = sorted({one.data["school"] for one in batch.values()})
            places = await people.places_named(session, asker, codes, None, today)
            wrong = await write_batch(session, asker, records, places.by_code, today)
        lost += [Judged(batch[key].line, batch[key].data, p) for key, p in wrong.items()]
        progress(min(start + BATCH, len(rows)), len(rows))
    return lost
