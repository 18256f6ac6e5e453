"""Transactions as the house means them, on real databases."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, StatementError

from tests.makers import Makers
from tongke_courses.lessons.models import Lesson, LessonRoom
from tongke_platform.database import Database, uuid7
from tongke_platform.frame import Frame
from tongke_platform.organisations.models import Organisation
from tongke_platform.organisations.repository import OrganisationRepository


class Oops(Exception):
    pass


@pytest.fixture
def database(frame: Frame) -> Database:
    return frame.database


async def count(database: Database) -> int:
    async with database.read() as session:
        return len((await session.execute(select(Organisation))).scalars().all())


async def test_a_block_is_one_transaction(database: Database) -> None:
    async def fail() -> None:
        async with database.write() as session:
            await OrganisationRepository(session).add(Organisation(code="a", name="甲"))
            raise Oops

    with pytest.raises(Oops):
        await fail()
    assert await count(database) == 0
    async with database.write() as session:
        await OrganisationRepository(session).add(Organisation(code="a", name="甲"))
    assert await count(database) == 1


async def test_reading_sessions_cannot_add(database: Database) -> None:
    async with database.read() as session:
        with pytest.raises(TypeError):
            await OrganisationRepository(session).add(Organisation(code="a", name="甲"))


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
    """What a DEFERRED transaction does here is SQLITE_BUSY at once, whatever the timeout; what
    PostgreSQL does without a lock is to forget 29 of 30.
    """
    async with database.write() as session:
        await OrganisationRepository(session).add(Organisation(code="n", name="0"))

    async def add_one() -> None:
        async with database.write() as session:
            repository = OrganisationRepository(session)
            school = await repository.locked(repository.base().where(Organisation.code == "n"))
            assert school is not None
            school.name = str(int(school.name) + 1)

    await asyncio.gather(*[add_one() for _ in range(30)])
    async with database.read() as reading:
        school = await OrganisationRepository(reading).by_code("n")
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
        await OrganisationRepository(session).add(Organisation(code=code, name="校"))


async def test_readers_do_not_wait_for_a_writer(database: Database) -> None:
    async with database.write() as session:
        await OrganisationRepository(session).add(Organisation(code="a", name="甲"))
        async with asyncio.timeout(2):
            assert await count(database) == 0


async def test_foreign_keys_hold(database: Database) -> None:
    with pytest.raises(IntegrityError):
        async with database.write() as session:
            session.add(LessonRoom(lesson_id=uuid7(), room_id=uuid7()))


async def test_times_come_back_in_utc(make: Makers, database: Database) -> None:
    china = timezone(timedelta(hours=8))
    lesson = await make.lesson(planned_start=datetime(2026, 11, 23, 8, 0, tzinfo=china))
    async with database.read() as session:
        found = await session.get_one(Lesson, lesson.id)
    assert found.planned_start == datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
    assert found.starts_at.tzinfo is UTC


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
