"""Importing 20,000 people: reading, checking and writing, on SQLite and PostgreSQL.

The budget is 60 s from the file to the last row written, and as much for the same file once more.
``--rows N`` takes another number.
"""

import argparse
import asyncio
import io
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import TypeVar

from openpyxl import Workbook
from rich.console import Console
from rich.table import Table

from tests.engines.postgresql import PostgreSQL
from tongke_platform.app.metadata import metadata
from tongke_platform.database import Database, migrate
from tongke_platform.imports import people, service
from tongke_platform.imports.asker import OPERATOR
from tongke_platform.organisations import service as organisations
from tongke_platform.organisations.models import Organisation

BUDGET_S = 60.0
TODAY = date(2026, 9, 1)
T = TypeVar("T")


def workbook(rows: int) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("教职工")
    sheet.append(["姓名", "工号", "手机号", "邮箱", "角色", "职务", "入职日期"])
    for n in range(rows):
        mail = f"t{n}@school.example"
        sheet.append([f"教师{n}", f"T{n:06}", 13_000_000_000 + n, mail, "教师", "班主任", TODAY])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


async def _timed(work: Awaitable[T]) -> tuple[float, T]:
    began = time.perf_counter()
    result = await work
    return time.perf_counter() - began, result


async def _import(database: Database, school: Organisation, data: bytes) -> list[float]:
    """Seconds of reading, checking and writing."""
    reading, table = await _timed(asyncio.to_thread(people.read_people, data))
    async with database.read() as session:
        checking, checked = await _timed(
            service.check_people(session, OPERATOR, table, school, TODAY)
        )
    writing, lost = await _timed(service.write_checked(database, OPERATOR, checked, TODAY))
    assert not lost
    assert not checked.counts()["wrong"]
    return [reading, checking, writing]


@asynccontextmanager
async def _database(url: str) -> AsyncIterator[Database]:
    await migrate.upgrade(url, metadata)
    database = Database(url)
    try:
        yield database
    finally:
        await database.close()


async def _measure(url: str, data: bytes) -> list[tuple[str, list[float]]]:
    async with _database(url) as database:
        async with database.write() as session:
            school = await organisations.create_organisation(session, code="S1", name="第一小学")
        first = await _import(database, school, data)
        again = await _import(database, school, data)
    return [("first time", first), ("same file again", again)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    rows = parser.parse_known_args()[0].rows
    data = workbook(rows)
    table = Table(title=f"{rows} people, {len(data) / 1e6:.1f} MB .xlsx; budget {BUDGET_S:.0f} s")
    for title in ("database", "", "read s", "check s", "write s", "all s", "of budget"):
        table.add_column(title, justify="right" if title.endswith("s") else "left")
    server = PostgreSQL()
    with tempfile.TemporaryDirectory() as folder:
        server.start()
        try:
            urls = {
                "SQLite": f"sqlite+aiosqlite:///{Path(folder) / 'bench.db'}",
                "PostgreSQL": server.url(server.create()),
            }
            for engine, url in urls.items():
                for what, seconds in asyncio.run(_measure(url, data)):
                    total = sum(seconds)
                    parts = [f"{one:.1f}" for one in (*seconds, total)]
                    table.add_row(engine, what, *parts, f"{total / BUDGET_S:.0%}")
        finally:
            server.stop()
    Console(width=100).print(table)
