"""Tables and models agree, and a database of any age is brought to the newest shape once."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from tests.database import rows
from tests.engines.postgresql import PostgreSQL
from tongke_platform.app.metadata import metadata
from tongke_platform.database import migrate
from tongke_platform.migrations import versions

T = TypeVar("T")

REVISIONS = migrate.all_revisions()
WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


async def on(url: str, work: Callable[[Connection], T]) -> T:
    engine = create_async_engine(url)
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(work)
    finally:
        await engine.dispose()


async def test_empty_database_to_head_and_again(empty_url: str) -> None:
    head = migrate.head_revision()
    assert await migrate.upgrade(empty_url, metadata) == (None, head)
    assert await migrate.upgrade(empty_url, metadata) == (head, head)
    assert await migrate.revision(empty_url) == head


async def test_autogenerate_is_empty(empty_url: str) -> None:
    await migrate.upgrade(empty_url, metadata)
    assert await migrate.differences(empty_url, metadata) == []


async def test_autogenerate_would_see_a_change(empty_url: str) -> None:
    """Else the test above proves nothing."""
    assert await migrate.differences(empty_url, metadata) != []


@pytest.mark.timeout(400)
async def test_forward_from_every_revision_with_rows(empty_url: str) -> None:
    """One step at a time; what was written at any of the revisions is there at the last."""
    made: rows.Made = {}
    before: dict[str, Any] = {}
    last = None
    for each in REVISIONS:
        assert await migrate.upgrade(empty_url, metadata, each) == (last, each)
        kept, after = await on(empty_url, lambda connection: _read_and_fill(connection, made))
        assert rows.lost(before, kept) == []
        before, last = after, each
    # A migration may write rows of its own.
    assert before.keys() == made.keys()
    assert all(len(before[name]) >= len(found) for name, found in made.items())
    assert last == migrate.head_revision()


def _read_and_fill(
    connection: Connection, made: rows.Made
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What was there, and what is there with more rows: describing the tables takes longest."""
    there = rows.tables(connection)
    kept = rows.contents(connection, there)
    rows.fill(connection, there, made)
    return kept, rows.contents(connection, there)


async def test_forward_in_one_step(empty_url: str) -> None:
    assert await migrate.upgrade(empty_url, metadata) == (None, migrate.head_revision())


async def test_servers_that_start_together_migrate_once(empty_url: str) -> None:
    head = migrate.head_revision()
    results = await asyncio.gather(*[migrate.upgrade(empty_url, metadata) for _ in range(3)])
    assert sorted(results, key=str) == sorted([(None, head), (head, head), (head, head)], key=str)


async def test_a_server_waits_for_the_one_that_migrates(bare_postgresql: PostgreSQL) -> None:
    name = bare_postgresql.create()
    url = bare_postgresql.url(name)
    engine = create_async_engine(url)
    async with asyncio.timeout(20), engine.connect() as other:
        await other.execute(text(f"SELECT pg_advisory_xact_lock({migrate.ADVISORY_LOCK})"))
        waiting = asyncio.create_task(migrate.upgrade(url, metadata))
        # PostgreSQL tells nobody who waits for a lock: ask until somebody does.
        while not (await other.execute(text(WAITING))).scalar_one():
            assert not waiting.done()
            await asyncio.sleep(0.01)
        await other.rollback()
        assert await waiting == (None, migrate.head_revision())
    await engine.dispose()
    bare_postgresql.drop(name)


async def test_a_failed_migration_leaves_nothing(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(connection: Connection) -> None:
        """After the last script, in its transaction."""
        connection.execute(text("SELECT nothing FROM nowhere"))

    with monkeypatch.context() as patch:
        seen = iter([lambda _: None, fail])
        patch.setattr(migrate, "current_revision", lambda connection: next(seen)(connection))
        with pytest.raises(DBAPIError, match="nowhere"):
            await migrate.upgrade(empty_url, metadata)
    assert await migrate.revision(empty_url) is None
    assert await on(empty_url, rows.names) == []


def test_history_is_one_line() -> None:
    folder = Path(str(versions.__file__)).parent
    assert migrate.head_revision() is not None, "Alembic finds one head, or raises"
    assert len(REVISIONS) == len(list(folder.glob("0*.py")))
