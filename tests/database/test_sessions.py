"""Transactions as the house means them, on a real file."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError, StatementError

from tests.makers import Makers
from tongke_courses.lessons.models import Lesson
from tongke_platform.accounts.models import School
from tongke_platform.accounts.repository import SchoolRepository
from tongke_platform.database import Database, uuid7
from tongke_platform.frame import Frame


class Oops(Exception):
    pass


@pytest.fixture
def database(frame: Frame) -> Database:
    return frame.database


async def count(database: Database) -> int:
    async with database.read() as session:
        return len((await session.execute(select(School))).scalars().all())


async def test_a_block_is_one_transaction(database: Database) -> None:
    async def fail() -> None:
        async with database.write() as session:
            await SchoolRepository(session).add(School(code="a", name="甲"))
            raise Oops

    with pytest.raises(Oops):
        await fail()
    assert await count(database) == 0
    async with database.write() as session:
        await SchoolRepository(session).add(School(code="a", name="甲"))
    assert await count(database) == 1


async def test_reading_sessions_cannot_add(database: Database) -> None:
    async with database.read() as session:
        with pytest.raises(TypeError):
            await SchoolRepository(session).add(School(code="a", name="甲"))


async def test_callbacks_run_after_commit_only(database: Database) -> None:
    ran: list[str] = []

    async def fail() -> None:
        async with database.write() as session:
            session.after_commit(lambda: ran.append("rolled back"))
            raise Oops

    with pytest.raises(Oops):
        await fail()
    async with database.write() as session:
        session.after_commit(lambda: ran.append("committed"))
        assert ran == []
    assert ran == ["committed"]


async def test_read_then_write_never_fails_under_contention(database: Database) -> None:
    """What a DEFERRED transaction does here is SQLITE_BUSY at once, whatever the timeout."""
    async with database.write() as session:
        await SchoolRepository(session).add(School(code="n", name="0"))

    async def add_one() -> None:
        async with database.write() as session:
            school = await SchoolRepository(session).by_code("n")
            assert school is not None
            school.name = str(int(school.name) + 1)

    await asyncio.gather(*[add_one() for _ in range(30)])
    async with database.read() as reading:
        school = await SchoolRepository(reading).by_code("n")
    assert school is not None
    assert school.name == "30"


async def test_two_processes_write_in_turn(database: Database) -> None:
    other = Database(database.url)
    try:
        await asyncio.gather(*[make_school(one, n) for n in range(10) for one in (database, other)])
    finally:
        await other.close()
    assert await count(database) == 20


async def make_school(database: Database, number: int) -> None:
    async with database.write() as session:
        code = f"{id(database)}-{number}"
        await SchoolRepository(session).add(School(code=code, name="校"))


async def test_readers_do_not_wait_for_a_writer(database: Database) -> None:
    async with database.write() as session:
        await SchoolRepository(session).add(School(code="a", name="甲"))
        async with asyncio.timeout(2):
            assert await count(database) == 0


async def test_foreign_keys_hold(database: Database) -> None:
    with pytest.raises(IntegrityError):
        async with database.write() as session:
            await session.execute(
                text(
                    "INSERT INTO rooms (id, created_at, name, school_id, class_size, token) "
                    "VALUES ('1', '2026-01-01', 'x', 'nobody', 1, 't')"
                )
            )


async def test_times_come_back_in_utc(make: Makers, database: Database) -> None:
    china = timezone(timedelta(hours=8))
    lesson = await make.lesson(planned_start=datetime(2026, 11, 23, 8, 0, tzinfo=china))
    async with database.read() as session:
        found = await session.get_one(Lesson, lesson.id)
    assert found.planned_start == datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
    assert found.planned_start.tzinfo is UTC


async def test_times_without_a_zone_are_refused(make: Makers) -> None:
    with pytest.raises(StatementError, match="a time without a zone"):
        await make.lesson(planned_start=datetime(2026, 11, 23, 8, 0))


def test_uuid7_is_versioned_and_ordered() -> None:
    keys = [uuid7() for _ in range(1000)]
    assert {key.version for key in keys} == {7}
    assert {key.variant for key in keys} == {"specified in RFC 4122"}
    assert len(set(keys)) == len(keys)
    milliseconds = [key.int >> 80 for key in keys]
    assert milliseconds == sorted(milliseconds)
