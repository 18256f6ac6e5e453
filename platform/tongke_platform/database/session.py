"""Engines and sessions. Reading and writing sessions are different types: a function that takes a
``ReadSession`` cannot be handed the power to change anything by accident.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import Session

from tongke_platform.database import sqlite
from tongke_platform.database.unfit import tell_unfit

BUSY_TIMEOUT_MS = 5000
CONNECT_TIMEOUT_S = 10
# There are more statements than the 500 SQLAlchemy keeps: put together anew, one takes milliseconds.
STATEMENTS_KEPT = 2000


class ReadSession(AsyncSession):
    """A session that is rolled back at its end."""


class WriteSession(ReadSession):
    """A session whose owner commits once at its end; application code only flushes."""

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Run ``callback`` once this transaction is committed; never when it is rolled back."""
        _later(self.sync_session, callback)

    def tell(self, topic: str, **payload: Any) -> None:
        """Publish an event once this transaction is committed."""
        tell(self.sync_session, topic, **payload)

    def run_after_commit(self) -> None:
        for callback in self.info.pop(_AFTER_COMMIT, ()):
            callback()


_AFTER_COMMIT, _PUBLISH = "after_commit", "publish"


def _later(session: Session, callback: Callable[[], None]) -> None:
    session.info.setdefault(_AFTER_COMMIT, []).append(callback)


def tell(session: Session, topic: str, **payload: Any) -> None:
    """``WriteSession.tell`` for what listens to sessions. A program without events tells nobody."""
    publish: Callable[..., None] | None = session.info.get(_PUBLISH)
    if publish is not None:
        _later(session, lambda: publish(topic, **payload))


class Database:
    """The engines of one database; SQLite gets one writing connection, so writers queue in the
    loop instead of spinning on the file's lock.

    ``publish(topic, **payload)`` takes what writing sessions tell.
    """

    def __init__(self, url: str, publish: Callable[..., None] | None = None) -> None:
        self.url = url
        self.is_sqlite = make_url(url).get_backend_name() == "sqlite"
        self.engine = _make_engine(url, self.is_sqlite, "BEGIN")
        self.write_engine = self.engine
        if self.is_sqlite:
            self.write_engine = _make_engine(
                url, True, "BEGIN IMMEDIATE", pool_size=1, max_overflow=0
            )
        self._read = async_sessionmaker(self.engine, class_=ReadSession, expire_on_commit=False)
        self._write = async_sessionmaker(
            self.write_engine,
            class_=WriteSession,
            expire_on_commit=False,
            info={_PUBLISH: publish},
        )

    @asynccontextmanager
    async def read(self) -> AsyncIterator[ReadSession]:
        async with self._read() as session:
            yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[WriteSession]:
        """One transaction: committed when the block ends, rolled back when it raises."""
        async with self._write() as session:
            async with session.begin():
                yield session
            session.run_after_commit()

    async def close(self) -> None:
        await self.engine.dispose()
        if self.write_engine is not self.engine:
            await self.write_engine.dispose()


def _make_engine(url: str, is_sqlite: bool, begin: str, **options: Any) -> AsyncEngine:
    options["query_cache_size"] = STATEMENTS_KEPT
    if not is_sqlite:
        waits = {
            "timeout": CONNECT_TIMEOUT_S,
            "server_settings": {"lock_timeout": str(BUSY_TIMEOUT_MS)},
        }
        engine = create_async_engine(
            url, pool_pre_ping=True, pool_timeout=10, connect_args=waits, **options
        )
    else:
        creator = sqlite.connecting(make_url(url).database or "")
        engine = create_async_engine(url, pool_timeout=10, async_creator=creator, **options)
        prepare_sqlite(engine, begin)
    tell_unfit(engine)
    return engine


def prepare_sqlite(engine: AsyncEngine, begin: str, *, foreign_keys: bool = True) -> None:
    """Take transactions out of the driver's hands: it would begin late and DEFERRED."""

    def on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = NORMAL")
        cursor.execute(f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}")
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        cursor.close()

    def on_begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine.sync_engine, "connect", on_connect)
    event.listen(engine.sync_engine, "begin", on_begin)
