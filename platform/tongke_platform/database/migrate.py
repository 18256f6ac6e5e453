"""Bring a database to the newest shape, in one transaction."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from tongke_platform.database.session import prepare_sqlite

MIGRATIONS_DIR = Path(__file__).parents[1] / "migrations"
LOCK_TIMEOUT = "5s"
# Another server may be at work for long; it is waited for, not run into.
TURN_TIMEOUT = "10min"
# Any number will do, as long as every server of ours waits for the same one.
ADVISORY_LOCK = 0x746F6E67

T = TypeVar("T")


class MigrationFailed(RuntimeError):
    """The database is as it was before."""


def _config(connection: Connection, metadata: MetaData) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS_DIR))
    config.attributes.update(connection=connection, metadata=metadata)
    return config


def _scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS_DIR))
    return ScriptDirectory.from_config(config)


def is_modelled(name: str | None, kind: str, _parents: object) -> bool:
    """False for the search index and what SQLite keeps beside it: no model describes those."""
    return not (kind == "table" and name is not None and name.startswith("search_index"))


def head_revision() -> str | None:
    return _scripts().get_current_head()


def all_revisions() -> list[str]:
    """From the first to the newest."""
    return [script.revision for script in _scripts().walk_revisions()][::-1]


async def _on_connection(url: str, work: Callable[[Connection], T]) -> T:
    """Run ``work`` in one transaction that no other server migrates beside."""
    parsed = make_url(url)
    sqlite = parsed.get_backend_name() == "sqlite"
    if sqlite and parsed.database:
        await asyncio.to_thread(Path(parsed.database).parent.mkdir, parents=True, exist_ok=True)
    engine = create_async_engine(url)
    if sqlite:
        # Batch mode rebuilds tables; with foreign keys on that would delete what points at them.
        prepare_sqlite(engine, "BEGIN IMMEDIATE", foreign_keys=False)
    try:
        async with engine.begin() as connection:
            if not sqlite:
                await connection.execute(text(f"SET LOCAL lock_timeout = '{TURN_TIMEOUT}'"))
                await connection.execute(text(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})"))
                await connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
            return await connection.run_sync(work)
    finally:
        await engine.dispose()


async def upgrade(
    url: str, metadata: MetaData, target: str | None = None
) -> tuple[str | None, str | None]:
    """To ``target`` or the newest revision; the revisions before and after. Raises MigrationFailed."""
    target = target or head_revision()

    def work(connection: Connection) -> tuple[str | None, str | None]:
        before = current_revision(connection)
        if target is not None and before != target:
            command.upgrade(_config(connection, metadata), target)
            if connection.dialect.name == "sqlite":
                _check_foreign_keys(connection)
        return before, current_revision(connection)

    return await _on_connection(url, work)


def _check_foreign_keys(connection: Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        raise MigrationFailed(f"rows point at nothing: {broken[:3]}")


async def revision(url: str) -> str | None:
    """The revision a database is at; None when it is empty."""
    return await _on_connection(url, current_revision)


def current_revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


async def differences(url: str, metadata: MetaData) -> list[Any]:
    """What autogenerate would still change; empty when tables and models agree."""

    def work(connection: Connection) -> list[Any]:
        opts = {"compare_type": True, "include_name": is_modelled}
        context = MigrationContext.configure(connection, opts=opts)
        return list(compare_metadata(context, metadata))

    return await _on_connection(url, work)


async def write_revision(url: str, metadata: MetaData, message: str) -> None:
    """A new migration from what differs, to be read and corrected by hand."""

    def work(connection: Connection) -> None:
        command.revision(_config(connection, metadata), message, autogenerate=True)

    await _on_connection(url, work)
