"""Packages in the background: a job takes a turn of some seconds and leaves the rest to the next.

What cannot be left in the middle (fetching the file, unpacking it, one large file) takes as long as it
gets on.
"""

import asyncio
from pathlib import Path
from uuid import UUID

from tongke_courses.materials.models import StoredFile
from tongke_courses.materials.store import FileStore
from tongke_courses.packages import importing
from tongke_courses.packages.models import PackageState
from tongke_courses.packages.reading.archives import LIMITS, gunzip, is_gzip
from tongke_courses.packages.reading.structure import BadPackage
from tongke_courses.packages.repository import PackageImportRepository
from tongke_courses.packages.service import JOB
from tongke_platform.errors import Forbidden, NotFound
from tongke_platform.frame import Frame
from tongke_platform.jobs import Beat, Payload

# Then it makes room for other packages.
TURN_S = 5.0
FOLDER = "packages"


def register(frame: Frame) -> None:
    async def bring_in(payload: Payload, beat: Beat) -> None:
        await turn(frame, UUID(payload["id"]), beat)

    frame.jobs.handle_long(JOB, bring_in)


async def turn(frame: Frame, key: UUID, beat: Beat) -> None:
    async with frame.database.read() as session:
        found = await PackageImportRepository(session).by_id(key)
    local = frame.settings.data_dir / FOLDER / str(key)
    if found is None or found.state is not PackageState.RUNNING or found.file is None:
        local.unlink(missing_ok=True)
        return
    clock = asyncio.get_running_loop().time
    try:
        await _fetch(frame, found.file, local, beat)
        until = clock() + TURN_S
        done = await importing.bring_in(
            frame, key, local, until=lambda: clock() > until, alive=beat.alive
        )
    except FileNotFoundError:
        await importing.fail(frame, key, NotFound.message)
        done = True
    except BadPackage as error:
        await importing.fail(frame, key, error.message)
        done = True
    except (Forbidden, NotFound):
        await importing.fail(frame, key, importing.MAKER_GONE)
        done = True
    if done:
        local.unlink(missing_ok=True)
        return
    async with frame.database.write() as session:
        await frame.jobs.add(session, JOB, id=str(key))


async def _fetch(frame: Frame, stored: StoredFile, local: Path, beat: Beat) -> None:
    """A copy that stays from turn to turn, unpacked where that takes long."""
    if local.exists():
        return
    local.parent.mkdir(mode=0o700, exist_ok=True)
    part = local.with_suffix(".part")
    await FileStore(frame).fetch(stored, part, beat.alive)
    if await asyncio.to_thread(is_gzip, part):
        plain = local.with_suffix(".tar")
        try:
            await asyncio.to_thread(gunzip, part, plain, LIMITS, beat.alive)
        finally:
            part.unlink(missing_ok=True)
        part = plain
    part.rename(local)
