"""A package becomes a draft course, batch after batch, going on where it was left."""

import asyncio
import contextlib
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from uuid import UUID

from tongke_courses.catalogue import indexing
from tongke_courses.catalogue import service as courses
from tongke_courses.catalogue.models import CourseState
from tongke_courses.catalogue.schemas import CourseIn
from tongke_courses.materials.store import FileStore
from tongke_courses.packages.models import PackageImport, PackageState
from tongke_courses.packages.reading.archives import LIMITS, UNREADABLE, Archive, Unreadable
from tongke_courses.packages.reading.reader import opened_package
from tongke_courses.packages.reading.structure import (
    BadPackage,
    Package,
    PackedFile,
    PackedPage,
)
from tongke_courses.packages.repository import PackageImportRepository
from tongke_courses.packages.steps import Plan, Step, plan, size_of
from tongke_courses.packages.unpacking import unpack
from tongke_courses.packages.writing import Place, Ready, Said, Writing
from tongke_platform.accounts.service import principal_of
from tongke_platform.database import WriteSession
from tongke_platform.errors import N_, Invalid
from tongke_platform.frame import Frame
from tongke_platform.rights import Principal

BATCH = 50
MAX_SKIPPED = 1000
# Bytes a second that a file takes at worst, out of its package and into the store.
SLOWEST = 2 << 20
MAKER_GONE = N_("The person who began this import may not make courses any more.")

Progress = Callable[[int, int], None]


async def read_plan(frame: Frame, archive: Archive, package: Package) -> Plan:
    return await asyncio.to_thread(
        plan, package, archive, frame.settings.upload_max_bytes, LIMITS.total
    )


async def bring_in(
    frame: Frame,
    key: UUID,
    path: Path,
    *,
    until: Callable[[], bool] = lambda: False,
    progress: Progress = lambda done, total: None,
    alive: Callable[[float], None] = lambda seconds: None,
) -> bool:
    """Go on with an import from its file until all is done (True) or ``until`` says stop (False).

    ``alive`` is told before each file how many seconds more than usual it may take. A file that is
    no package ends it; see ``trouble``.
    """
    async with contextlib.AsyncExitStack() as stack:
        opening = opened_package(path)
        try:
            archive, package = await asyncio.to_thread(opening.__enter__)
        except BadPackage as error:
            await fail(frame, key, error.message)
            return True
        stack.push(opening.__exit__)
        wanted = await read_plan(frame, archive, package)
        run = _Run(frame, key, archive, package, wanted, alive)
        done = False
        while not done:
            done = await run.next_batch()
            progress(run.position, len(wanted.steps))
            if until() and not done:
                return False
    return True


async def fail(frame: Frame, key: UUID, trouble: str) -> None:
    async with frame.database.write() as session:
        found = await PackageImportRepository(session).to_change(key)
        if found is not None and found.state is PackageState.RUNNING:
            await _give_up(frame, session, found, trouble[:200])


async def _give_up(frame: Frame, session: WriteSession, found: PackageImport, trouble: str) -> None:
    """What came in so far is a draft: its school finishes it, or throws it away."""
    _finish(frame, found, PackageState.FAILED)
    found.trouble = trouble
    if found.course_id is not None:
        await courses.arrived(frame, session, found.course_id)


def _finish(frame: Frame, found: PackageImport, state: PackageState) -> None:
    """Its file is nobody's any more."""
    found.state, found.finished_at, found.file_id = state, frame.now(), None


class _Run:
    def __init__(
        self,
        frame: Frame,
        key: UUID,
        archive: Archive,
        package: Package,
        wanted: Plan,
        alive: Callable[[float], None],
    ) -> None:
        self.frame, self.key, self.alive = frame, key, alive
        self.archive, self.package, self.plan = archive, package, wanted
        self.store = FileStore(frame)
        self.position = 0
        self.by: Principal | None = None

    async def next_batch(self) -> bool:
        """Whether all is done. Files are put into the store before the transaction that names them."""
        async with self.frame.database.read() as session:
            found = await PackageImportRepository(session).by_id(self.key)
            if found is None or found.state is not PackageState.RUNNING:
                return True
            # Of a session of its own: others forget what they have read between two lessons.
            self.by = await principal_of(session, found.by_id, self.frame.today())
        self.position = found.position
        steps = self.plan.steps[self.position : self.position + BATCH]
        with tempfile.TemporaryDirectory(prefix="tongke-") as folder:
            ready = [await self._ready(one, Path(folder) / "file") for one in steps]
        async with self.frame.database.write() as session:
            return await self._write(session, ready)

    async def _ready(self, step: Step, into: Path) -> Ready:
        one = step.material
        if not isinstance(one, PackedFile | PackedPage):
            return Ready(step)
        self.alive(size_of(one, self.archive) / SLOWEST)
        try:
            unpacked = await asyncio.to_thread(unpack, self.archive, one, into)
            return Ready(step, await self.store.put_path(into), unpacked)
        except Unreadable:
            return Ready(step, why=UNREADABLE)
        except Invalid as error:
            return Ready(step, why=error.message)

    async def _write(self, session: WriteSession, ready: Sequence[Ready]) -> bool:
        repository = PackageImportRepository(session)
        found = await repository.to_change(self.key)
        if found is None or found.state is not PackageState.RUNNING:
            return True
        if found.position != self.position:
            return False  # somebody else has done these
        by = self.by
        if by is None:
            await _give_up(self.frame, session, found, MAKER_GONE)
            return True
        said = Said(
            found.school_id, by.id, self.package.title or found.name, found.subject, found.grade
        )
        place = await self._place(session, by, found)
        await Writing(session, self.frame, said, place).write(ready)
        return await self._note(session, place, len(ready))

    async def _place(self, session: WriteSession, by: Principal, found: PackageImport) -> Place:
        """Raises Forbidden, NotFound: whoever began it may have lost their post."""
        if found.course_id is not None:
            await courses.to_go_on(session, by, found.course_id)
            return Place(found.course_id, found.unit_id, found.lesson_id)
        title = self.package.title or found.name.rpartition(".")[0] or found.name
        course = CourseIn(
            school_id=found.school_id,
            title=title[:200],
            description=self.package.description,
            subject=found.subject,
            grade=found.grade,
        )
        found.kind, found.total = self.package.kind.value, len(self.plan.steps)
        found.skipped = [[one.what, one.why] for one in self.plan.skipped][:MAX_SKIPPED]
        made = await courses.create(self.frame, session, by, course)
        made.state = CourseState.ARRIVING
        await indexing.course_changed(session, made.id)
        return Place(made.id, None, None)

    async def _note(self, session: WriteSession, place: Place, count: int) -> bool:
        found = await PackageImportRepository(session).to_change(self.key)
        assert found is not None, "it is locked"
        found.course_id, found.unit_id, found.lesson_id = (
            place.course_id, place.unit_id, place.lesson_id,
        )  # fmt: skip
        self.position = found.position = self.position + count
        found.imported += place.imported
        skipped = [*found.skipped, *([one.what, one.why] for one in place.skipped)]
        found.skipped = skipped[:MAX_SKIPPED]
        if self.position < len(self.plan.steps):
            return False
        _finish(self.frame, found, PackageState.DONE)
        await courses.arrived(self.frame, session, place.course_id)
        return True
