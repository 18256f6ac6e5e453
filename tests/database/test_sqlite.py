"""The cursor that does all of a statement in one visit to its connection's thread."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from tongke_platform.database import Database
from tongke_platform.database.sqlite import Connection, Cursor


@pytest.fixture
async def connection(tmp_path: Path) -> AsyncIterator[AsyncConnection]:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'a.db'}")
    async with database.write_engine.connect() as connection:
        await connection.execute(text("CREATE TABLE a (n INTEGER PRIMARY KEY, word TEXT)"))
        yield connection
        await connection.rollback()
    await database.close()


async def test_one_visit(connection: AsyncConnection, monkeypatch: pytest.MonkeyPatch) -> None:
    visits = []
    before: Any = Connection._execute

    async def counted(self: Connection, *arguments: object) -> object:
        visits.append(arguments)
        return await before(self, *arguments)

    monkeypatch.setattr(Connection, "_execute", counted)
    made = await connection.execute(text("INSERT INTO a VALUES (1, 'x'), (2, 'y') RETURNING n"))
    assert (made.all(), len(visits)) == ([(1,), (2,)], 1)
    read = await connection.execute(text("SELECT word FROM a ORDER BY n"))
    assert (read.scalars().all(), len(visits)) == (["x", "y"], 2)


async def test_many_at_once(connection: AsyncConnection) -> None:
    rows = [{"n": n, "word": "字"} for n in range(500)]
    done = await connection.execute(text("INSERT INTO a VALUES (:n, :word)"), rows)
    assert done.rowcount == 500
    changed = await connection.execute(text("UPDATE a SET word = 'x' WHERE n < 7"))
    assert (changed.rowcount, changed.returns_rows) == (7, False)
    counts = await connection.execute(text("SELECT word, count(*) FROM a GROUP BY 1"))
    assert sorted(counts.all()) == [("x", 7), ("字", 493)]


async def test_after_an_error_it_goes_on(connection: AsyncConnection) -> None:
    insert = text("INSERT INTO a VALUES (1, 'x')")
    await connection.execute(insert)
    with pytest.raises(IntegrityError):
        await connection.execute(insert)
    with pytest.raises(OperationalError, match="no such table"):
        await connection.execute(text("SELECT * FROM b"))
    assert (await connection.execute(text("SELECT count(*) FROM a"))).scalar_one() == 1


async def test_who_goes_away_holds_up_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given up on while the only connection that writes is at work."""
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'a.db'}")
    count = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT 300000)"

    async def write() -> int:
        async with database.write() as session:
            found = await session.execute(text(f"{count} SELECT max(n) FROM c"))
            return int(found.scalar_one())

    assert await write() == 300000
    loop, begun, real = asyncio.get_running_loop(), asyncio.Event(), Cursor._visit

    def telling(self: Cursor, act: Any, sql: str, parameters: Any) -> None:
        if sql.startswith(count):
            loop.call_soon_threadsafe(begun.set)
        real(self, act, sql, parameters)

    monkeypatch.setattr(Cursor, "_visit", telling)
    task = asyncio.ensure_future(write())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await write() == 300000
    await database.close()
