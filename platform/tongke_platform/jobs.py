"""Background work: a row committed with the change that caused it; a queue only wakes the worker.

A job may run more than once (a crash between its work and its row), so every handler is idempotent.
A handler has ``HANDLER_TIMEOUT_S``; a long one has them anew whenever it says that it got on, keeps its
lease as long, and holds up no other job of this process.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import structlog
from sqlalchemy import JSON, Index, String, or_, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapped, mapped_column

from tongke_platform.database import Database, Record, WriteSession, utc_now

Payload = Mapping[str, Any]
Handler = Callable[[Payload], Awaitable[None]]
LongHandler = Callable[[Payload, "Beat"], Awaitable[None]]

LEASE = timedelta(seconds=20)
HANDLER_TIMEOUT_S = 15.0
KEEP_S = 4.0
POLL_S = 5.0
MAX_DELAY_S = 300.0

log = structlog.get_logger(__name__)


class Job(Record):
    """Done when ``done_at`` is set; taken while ``leased_until`` is in the future."""

    __tablename__ = "jobs"
    __table_args__ = (Index("ix_jobs_done_at_run_at", "done_at", "run_at"),)

    kind: Mapped[str] = mapped_column(String(64))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    run_at: Mapped[datetime] = mapped_column(default=utc_now)
    attempts: Mapped[int] = mapped_column(default=0)
    leased_by: Mapped[str | None] = mapped_column(String(36))
    leased_until: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(String(500))


class Abandoned(Exception):
    """The job was given up while a thread still worked for it."""


class Beat:
    """How a long job says that it gets on; from any thread."""

    def __init__(self) -> None:
        self.until = time.monotonic() + HANDLER_TIMEOUT_S
        self._over = False

    def alive(self, more_s: float = 0.0) -> None:
        """Something was done just now; what comes next may take ``more_s`` seconds longer than usual.

        Raises Abandoned once nobody waits for it any more.
        """
        if self._over:
            raise Abandoned
        self.until = time.monotonic() + HANDLER_TIMEOUT_S + more_s

    def end(self) -> None:
        self._over = True


class Jobs:
    """The handlers, and the worker of this process once ``start`` was called."""

    def __init__(self, database: Database, now: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self.now = now
        self._handlers: dict[str, Handler] = {}
        self._long: dict[str, LongHandler] = {}
        self._long_task: asyncio.Task[None] | None = None
        self._me = str(uuid4())
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def handle(self, kind: str, handler: Handler) -> None:
        self._handlers[kind] = handler

    def handle_long(self, kind: str, handler: LongHandler) -> None:
        self._long[kind] = handler

    async def add(self, session: WriteSession, kind: str, **payload: Any) -> UUID:
        """Write the job into the caller's transaction; workers wake when that commits."""
        job = Job(kind=kind, payload=payload)
        session.add(job)
        await session.flush()
        session.after_commit(self.wake)
        return job.id

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._work())

    async def stop(self) -> None:
        for task in (self._task, self._long_task):
            if task is not None:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    def wake(self) -> None:
        """Look now for jobs that were written without ``add``."""
        self._wake.set()

    async def run(self, key: UUID) -> bool:
        """Run one job now unless somebody else has it. True when it is done."""
        job = await self._lease(key)
        return job is not None and await self._run(job)

    async def settled(self, kind: str, **payload: Any) -> bool:
        """Whether no job of this kind and payload is waiting."""
        statement = select(Job.payload).where(Job.kind == kind, Job.done_at.is_(None))
        async with self._database.read() as session:
            waiting = (await session.execute(statement)).scalars().all()
        return payload not in waiting

    async def run_due(self) -> int:
        """Run what is due; the number of jobs done."""
        done = 0
        for key, _ in await self._due():
            done += await self.run(key)
        return done

    async def _take_turns(self) -> None:
        """What is due, long ones one at a time beside the others."""
        for key, kind in await self._due():
            if kind not in self._long:
                await self.run(key)
            elif self._long_task is None or self._long_task.done():
                self._long_task = asyncio.get_running_loop().create_task(self._one_long(key))

    async def _one_long(self, key: UUID) -> None:
        try:
            await self.run(key)
        except Exception:
            # Nobody awaits this task: a database that is away must not end the worker's long jobs.
            log.exception("long job failed")
        self._wake.set()

    async def _work(self) -> None:
        while True:
            self._wake.clear()
            try:
                await self._take_turns()
            except Exception:
                log.exception("job worker failed")
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_S):
                    await self._wake.wait()

    async def _due(self) -> Sequence[tuple[UUID, str]]:
        now, kinds = self.now(), [*self._handlers, *self._long]
        statement = (
            select(Job.id, Job.kind)
            .where(Job.done_at.is_(None), Job.run_at <= now, Job.kind.in_(kinds))
            .where(or_(Job.leased_until.is_(None), Job.leased_until < now))
            .order_by(Job.run_at)
            .limit(100)
        )
        async with self._database.read() as session:
            return [(row.id, row.kind) for row in await session.execute(statement)]

    async def _lease(self, key: UUID) -> Job | None:
        now = self.now()
        statement = (
            update(Job)
            .where(Job.id == key, Job.done_at.is_(None))
            .where(or_(Job.leased_until.is_(None), Job.leased_until < now))
            .values(leased_by=self._me, leased_until=now + LEASE, attempts=Job.attempts + 1)
            .returning(Job)
        )
        async with self._database.write() as session:
            return (await session.execute(statement)).scalar_one_or_none()

    async def _run(self, job: Job) -> bool:
        try:
            async with asyncio.timeout(HANDLER_TIMEOUT_S) as limit:
                if job.kind in self._long:
                    await self._run_long(job, limit)
                else:
                    await self._handlers[job.kind](job.payload)
        except Exception as error:
            log.exception("job failed", job=job.kind, attempts=job.attempts)
            delay = min(2.0**job.attempts, MAX_DELAY_S)
            await self._release(
                job.id,
                run_at=self.now() + timedelta(seconds=delay),
                last_error=repr(error)[:500],
            )
            return False
        await self._release(job.id, done_at=self.now(), last_error=None)
        return True

    async def _run_long(self, job: Job, limit: asyncio.Timeout) -> None:
        beat = Beat()
        keeping = asyncio.get_running_loop().create_task(self._keep(job.id, beat, limit))
        try:
            await self._long[job.kind](job.payload, beat)
        finally:
            beat.end()
            keeping.cancel()
            with suppress(asyncio.CancelledError):
                await keeping

    async def _keep(self, key: UUID, beat: Beat, limit: asyncio.Timeout) -> None:
        """Time and lease go on while the job gets on; it ends when somebody else has it."""
        clock = asyncio.get_running_loop().time
        while not limit.expired():
            # The loop's clock is the monotonic one.
            limit.reschedule(max(beat.until, clock()))
            await asyncio.sleep(KEEP_S)
            if beat.until > clock() and not await self._renew(key) and not limit.expired():
                limit.reschedule(clock())
                return

    async def _renew(self, key: UUID) -> bool:
        """False when the job is somebody else's. A database that is away is asked again."""
        statement = update(Job).where(Job.id == key, Job.leased_by == self._me)
        try:
            async with self._database.write() as session:
                renewed = statement.values(leased_until=self.now() + LEASE).returning(Job.id)
                return (await session.execute(renewed)).scalar_one_or_none() is not None
        except DBAPIError:
            log.exception("lease not renewed")
            return True

    async def _release(self, key: UUID, **values: Any) -> None:
        statement = update(Job).where(Job.id == key, Job.leased_by == self._me)
        async with self._database.write() as session:
            await session.execute(statement.values(leased_until=None, **values))
