"""What only a server can do to us: drop connections, make writers wait, fail at the commit."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Column, ForeignKey, Integer, MetaData, Table, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from tests.engines.postgresql import TEMPLATE, PostgreSQL
from tongke_platform.database import Database
from tongke_platform.database.session import BUSY_TIMEOUT_MS
from tongke_platform.frame import Frame

shapes = MetaData()
notes = Table(
    "notes",
    shapes,
    Column("id", Integer, primary_key=True),
    Column("answers", ForeignKey("notes.id", deferrable=True, initially="DEFERRED")),
)
DROP_OTHERS = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@pytest.fixture
async def database(postgresql: PostgreSQL) -> AsyncIterator[Database]:
    name = postgresql.create(TEMPLATE)
    database = Database(postgresql.url(name))
    async with database.engine.begin() as connection:
        await connection.run_sync(shapes.create_all)
    yield database
    await database.close()
    postgresql.drop(name)


async def ids(database: Database) -> list[int]:
    async with database.read() as session:
        return list((await session.execute(select(notes.c.id).order_by(notes.c.id))).scalars())


async def test_dropped_connections_are_replaced(database: Database) -> None:
    async def use() -> None:
        async with database.write() as session:
            await session.execute(text("SELECT 1"))

    await asyncio.gather(*[use() for _ in range(4)])
    other = Database(database.url)
    async with other.write() as session:
        dropped = (await session.execute(text(DROP_OTHERS))).scalar_one()
    await other.close()
    assert dropped > 0
    await asyncio.gather(*[use() for _ in range(4)])


async def test_more_sessions_than_connections_take_turns(database: Database) -> None:
    async def put(key: int) -> None:
        async with database.write() as session:
            await session.execute(insert(notes), {"id": key})

    await asyncio.gather(*[put(key) for key in range(60)])
    assert await ids(database) == list(range(60))


async def test_nobody_waits_for_a_lock_for_ever(database: Database) -> None:
    async with database.write() as session:
        shown = (await session.execute(text("SHOW lock_timeout"))).scalar_one()
    assert shown == f"{BUSY_TIMEOUT_MS // 1000}s"


async def test_a_writer_that_waited_too_long_is_told(database: Database) -> None:
    async with database.write() as session:
        await session.execute(insert(notes), {"id": 1})

    async def change() -> None:
        async with database.write() as session:
            await session.execute(text("SET LOCAL lock_timeout = '20ms'"))
            await session.execute(notes.update().values(answers=1))

    async with database.write() as session:
        await session.execute(notes.update().values(answers=1))
        with pytest.raises(DBAPIError, match="lock timeout"):
            await change()
    await change()


async def test_a_cancelled_writer_leaves_nothing_and_its_connection(database: Database) -> None:
    began = asyncio.Event()

    async def hang() -> None:
        async with database.write() as session:
            await session.execute(insert(notes), {"id": 1})
            began.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(hang())
    await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await ids(database) == []


async def test_a_commit_that_fails_runs_no_callback(frame: Frame) -> None:
    """On both databases: this key is held against the other rows at the commit only."""
    ran: list[str] = []
    async with frame.database.write_engine.begin() as connection:
        await connection.run_sync(shapes.create_all)

    async def fail() -> None:
        async with frame.database.write() as session:
            session.after_commit(lambda: ran.append("too early"))
            await session.execute(insert(notes), {"id": 1, "answers": 7})
            ran.append("written")

    with pytest.raises(IntegrityError):
        await fail()
    assert ran == ["written"]
    assert await ids(frame.database) == []
