"""Jobs are rows: nothing is lost, nothing runs before its cause is committed."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from tongke_platform.frame import Frame
from tongke_platform.jobs import LEASE, Jobs, Payload


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


def pretend(jobs: Jobs, now: datetime) -> None:
    jobs.now = lambda: now
