"""Addresses asked in turn over a large database of either kind, and what they took."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
from rich.table import Table

from tests.engines.postgresql import PostgreSQL
from tongke_platform.app.factory import create_app, make_frame
from tongke_platform.app.metadata import metadata
from tongke_platform.cli.children import calm_collector
from tongke_platform.database import migrate
from tongke_platform.frame import Frame
from tongke_platform.settings import Settings


@dataclass(frozen=True)
class Times:
    """Milliseconds of one address as one asker: median and what 95 of 100 requests stay under."""

    p50: float
    p95: float
    cpu50: float
    cpu95: float


@dataclass(frozen=True)
class Asker:
    """``places`` fill {…} of addresses; without a token it is nobody."""

    name: str
    token: str
    places: Mapping[str, str]


async def measure(
    client: httpx2.AsyncClient, address: str, asker: Asker, rounds: int
) -> Times | None:
    """None when the asker may not read it."""
    passed, used = [], []
    headers = {"Authorization": f"Bearer {asker.token}"} if asker.token else {}
    address = address.format_map(asker.places)
    for _ in range(rounds):
        began, busy = time.perf_counter(), time.process_time()
        answer = await client.get(address, headers=headers)
        passed.append((time.perf_counter() - began) * 1000)
        used.append((time.process_time() - busy) * 1000)
        if answer.status_code in (303, 401, 403, 404):
            return None
        answer.raise_for_status()
    return Times(*_middle_and_most(passed), *_middle_and_most(used))


def _middle_and_most(times: list[float]) -> tuple[float, float]:
    ordered = sorted(times)
    return ordered[len(ordered) // 2], ordered[int((len(ordered) - 1) * 0.95)]


@asynccontextmanager
async def migrated(url: str | None, folder: Path) -> AsyncIterator[tuple[Settings, Frame]]:
    """``url``: None for SQLite in ``folder``."""
    settings = Settings(data_dir=folder, database_url=url, roles=["web"])
    await migrate.upgrade(settings.sql_url, metadata)
    frame = make_frame(settings)
    try:
        yield settings, frame
    finally:
        await frame.database.close()


@asynccontextmanager
async def asking(settings: Settings, frame: Frame) -> AsyncIterator[httpx2.AsyncClient]:
    """The application of this process, in the state a server has after its start."""
    calm_collector()
    transport = httpx2.ASGITransport(create_app(settings, frame))
    async with httpx2.AsyncClient(transport=transport, base_url="http://bench.test") as client:
        yield client


@asynccontextmanager
async def engines(wanted: str) -> AsyncIterator[dict[str, str | None]]:
    """Name → address of an empty database (None: SQLite). ``wanted``: sqlite, postgresql, both."""
    if wanted == "sqlite":
        yield {"SQLite": None}
        return
    server = PostgreSQL()
    await asyncio.to_thread(server.start)
    try:
        found: dict[str, str | None] = {"PostgreSQL": server.url(server.create())}
        yield found if wanted == "postgresql" else {"SQLite": None, **found}
    finally:
        await asyncio.to_thread(server.stop)


def table(title: str, found: Mapping[str, Mapping[str, Times | None]], budget_ms: float) -> Table:
    """A row for each address, a column for each asker; what is over the budget is red."""
    made = Table(title=f"{title}, ms of server time p50/p95 (of them processor p50/p95)")
    made.add_column("asked")
    for who in next(iter(found.values())):
        made.add_column(who, justify="right")
    for name, times in found.items():
        made.add_row(name, *_cells(times, budget_ms))
    return made


def _cells(times: Mapping[str, Times | None], budget_ms: float) -> Iterator[str]:
    for one in times.values():
        shown = f"{one.p50:.0f}/{one.p95:.0f} ({one.cpu50:.0f}/{one.cpu95:.0f})" if one else ""
        over = one is not None and one.p95 > budget_ms
        yield f"[bold red]{shown}[/]" if over else shown


def slowest(found: Mapping[str, Mapping[str, Times | None]]) -> float:
    """The largest p95 of all, in milliseconds."""
    return max(one.p95 for row in found.values() for one in row.values() if one)
