"""SQLite's driver: one visit to the connection's thread for a statement, where aiosqlite makes four
(decision 0017).
"""

import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Self

import aiosqlite

Row = tuple[Any, ...]


class Cursor:
    """What SQLAlchemy asks of a cursor: one statement and all of its rows."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._rows: Sequence[Row] = ()
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, sql: str, parameters: Any = ()) -> Self:
        return await self._run(sqlite3.Cursor.execute, sql, parameters)

    async def executemany(self, sql: str, parameters: Iterable[Any]) -> Self:
        return await self._run(sqlite3.Cursor.executemany, sql, parameters)

    async def fetchall(self) -> Sequence[Row]:
        rows, self._rows = self._rows, ()
        return rows

    async def close(self) -> None:
        self._rows = ()

    async def _run(self, act: Callable[..., Any], sql: str, parameters: Any) -> Self:
        await self._connection._execute(self._visit, act, sql, parameters)
        return self

    def _visit(self, act: Callable[..., Any], sql: str, parameters: Any) -> None:
        """In the connection's thread."""
        cursor = self._connection._conn.cursor()
        try:
            act(cursor, sql, parameters)
            self.description = cursor.description
            self._rows = cursor.fetchall() if cursor.description else ()
            self.rowcount, self.lastrowid = cursor.rowcount, cursor.lastrowid
        finally:
            cursor.close()


class Connection(aiosqlite.Connection):
    def cursor(self) -> Any:
        return Cursor(self)


def connecting(database: str) -> Callable[[], Awaitable[Connection]]:
    """For ``create_async_engine(async_creator=…)``."""

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(Path(database), check_same_thread=False)

    async def create() -> Connection:
        connection = Connection(connect, iter_chunk_size=64)
        # A program that ends does not wait for it.
        connection._thread.daemon = True
        await connection
        return connection

    return create
