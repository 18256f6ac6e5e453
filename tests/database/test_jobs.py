"""Jobs are rows: nothing is lost, nothing runs before its cause is committed."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update

from tongke_platform import jobs
from tongke_platform.frame import Frame
from tongke_platform.jobs import LEASE, Abandoned, Beat, Job, Jobs, Payload


class Oops(Exception):
    pass


class Record:
    """A handler that remembers; it fails while ``broken``."""

    def __init__(self) -> None:
        self.ran: list[Payload] = []
        self.broken = False
        self.woken = asyncio.Event()

    async def __call__(self, payload: Payload) -> None:
        self.ran.append(payload)
        self.woken.set()
        if self.broken:
            raise OSError("away")


@pytest.fixture
def record(frame: Frame) -> Record:
    record = Record()
    frame.jobs.handle("greet", record)
    return record


async def add(frame: Frame, jobs: Jobs | None = None) -> UUID:
    async with frame.database.write() as session:
        return await (jobs or frame.jobs).add(session, "greet", name="王老师")


async def test_runs_once(frame: Frame, record: Record) -> None:
    key = await add(frame)
    assert await frame.jobs.settled("greet", name="王老师") is False
    assert await frame.jobs.run(key) is True
    assert await frame.jobs.run(key) is False
    assert await frame.jobs.run_due() == 0
    assert record.ran == [{"name": "王老师"}]
    assert await frame.jobs.settled("greet", name="王老师") is True


async def test_rolled_back_with_its_cause(frame: Frame, record: Record) -> None:
    async def fail() -> None:
        async with frame.database.write() as session:
            await frame.jobs.add(session, "greet")
            raise Oops

    with pytest.raises(Oops):
        await fail()
    assert await frame.jobs.run_due() == 0


async def test_commit_wakes_the_worker(frame: Frame, record: Record) -> None:
    frame.jobs.start()
    try:
        await add(frame)
        async with asyncio.timeout(3):
            await record.woken.wait()
    finally:
        await frame.jobs.stop()


async def test_a_failed_job_is_tried_again_later(frame: Frame, record: Record) -> None:
    record.broken = True
    key = await add(frame)
    assert await frame.jobs.run(key) is False
    record.broken = False
    assert await frame.jobs.run_due() == 0
    pretend(frame.jobs, frame.now() + timedelta(seconds=10))
    assert await frame.jobs.run_due() == 1
    assert len(record.ran) == 2


async def test_a_crashed_process_leaves_its_job_to_another(frame: Frame, record: Record) -> None:
    crashed = Jobs(frame.database)
    key = await add(frame, crashed)
    assert await crashed._lease(key) is not None
    assert await frame.jobs.run_due() == 0, "it is still leased"
    pretend(frame.jobs, frame.now() + LEASE + timedelta(seconds=1))
    assert await frame.jobs.run_due() == 1


async def test_two_workers_run_a_job_once(frame: Frame, record: Record) -> None:
    other = Jobs(frame.database)
    other.handle("greet", record)
    key = await add(frame)
    assert sorted(await asyncio.gather(frame.jobs.run(key), other.run(key))) == [False, True]
    assert len(record.ran) == 1


async def spend(seconds: float, beat: Beat | None = None) -> None:
    """The time itself is what is tested."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while loop.time() < until:
        if beat is not None:
            beat.alive()
        await asyncio.sleep(0)


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> float:
    """A job has 0.2 s; the lease of one that gets on is renewed each 0.02 s."""
    monkeypatch.setattr(jobs, "HANDLER_TIMEOUT_S", 0.2)
    monkeypatch.setattr(jobs, "KEEP_S", 0.02)
    monkeypatch.setattr(jobs, "LEASE", timedelta(seconds=0.4))
    return 0.2


async def test_a_long_job_has_time_while_it_gets_on(frame: Frame, hurried: float) -> None:
    """Longer than a job and longer than a lease, and nobody else takes it meanwhile."""
    other, taken = Jobs(frame.database), list[bool]()

    async def slow(_: Payload, beat: Beat) -> None:
        await spend(4 * hurried, beat)
        taken.append(await other.run(key))

    frame.jobs.handle_long("greet", slow)
    key = await add(frame)
    assert await frame.jobs.run(key) is True
    assert taken == [False]


async def test_a_long_job_that_stands_still_is_given_up(frame: Frame, hurried: float) -> None:
    beats: list[Beat] = []

    async def stuck(_: Payload, beat: Beat) -> None:
        beats.append(beat)
        beat.alive()
        await asyncio.Event().wait()

    frame.jobs.handle_long("greet", stuck)
    key = await add(frame)
    async with asyncio.timeout(10):
        assert await frame.jobs.run(key) is False
    with pytest.raises(Abandoned):
        beats[0].alive()


async def test_a_long_job_may_say_how_long_its_next_step_is(frame: Frame, hurried: float) -> None:
    async def large(_: Payload, beat: Beat) -> None:
        beat.alive(10.0)
        await spend(2 * hurried)

    frame.jobs.handle_long("greet", large)
    assert await frame.jobs.run(await add(frame)) is True


async def test_what_somebody_else_has_taken_is_let_go(frame: Frame, hurried: float) -> None:
    async def robbed(_: Payload, beat: Beat) -> None:
        async with frame.database.write() as session:
            await session.execute(update(Job).values(leased_by="another"))
        while True:
            beat.alive()
            await asyncio.sleep(0)

    frame.jobs.handle_long("greet", robbed)
    key = await add(frame)
    async with asyncio.timeout(10):
        assert await frame.jobs.run(key) is False
    async with frame.database.read() as session:
        found = (await session.execute(select(Job))).scalar_one()
        assert (found.leased_by, found.last_error) == ("another", None)


async def test_a_long_job_holds_up_no_other(frame: Frame, record: Record) -> None:
    began, may_end, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def long(_: Payload, beat: Beat) -> None:
        began.set()
        await may_end.wait()
        ended.set()

    frame.jobs.handle_long("long", long)
    async with frame.database.write() as session:
        await frame.jobs.add(session, "long")
    frame.jobs.start()
    try:
        async with asyncio.timeout(10):
            await began.wait()
            await add(frame)
            await record.woken.wait()
            may_end.set()
            await ended.wait()
    finally:
        await frame.jobs.stop()


def pretend(jobs: Jobs, now: datetime) -> None:
    jobs.now = lambda: now
