"""Boards of groups: 1,000,000 posts in 10,000 topics of 500 groups, on SQLite and PostgreSQL.

The budget is 50 ms of server time, 95 of 100 times, for what is unread, what changed and a topic,
and 60 s for the day's digest of 10,000 people. Beside the time that passed stands the processor time
of this process. ``--posts N``, ``--rounds N``, ``--engine sqlite``.
"""

import argparse
import asyncio
import logging
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from rich.console import Console

from bench.asking import Asker, Times, asking, engines, measure, migrated, slowest, table
from bench.boards_fill import Filler
from tongke_courses.boards import digest
from tongke_platform.database import first_key
from tongke_platform.frame import Frame
from tongke_platform.settings import Settings

BUDGET_MS = 50.0
DIGEST_BUDGET_S = 60.0
# What an asker may not read, or does not exist, is left out.
LISTS = {
    "unread": "/api/unread",
    "unread, a hundred": "/api/unread?limit=100",
    "unread, far on": "/api/unread?before={middle}",
    "changes of a day": "/api/groups/{group}/changes?since={day}",
    "changes of 90 days": "/api/groups/{group}/changes?since={quarter}",
    "drafts": "/api/drafts",
    "a topic": "/api/topics/{topic}",
    "a long topic": "/api/topics/{longest}",
    "page of a topic": "/topics/{topic}",
    "topics of a group": "/api/groups/{group}/topics",
}


async def _lists(
    settings: Settings, frame: Frame, filler: Filler, tokens: Mapping[str, str], rounds: int
) -> dict[str, dict[str, Times | None]]:
    askers = [Asker(name, token, _places(filler, name)) for name, token in tokens.items()]
    found: dict[str, dict[str, Times | None]] = {}
    async with asking(settings, frame) as client:
        for name, address in LISTS.items():
            found[name] = {one.name: await measure(client, address, one, rounds) for one in askers}
    return found


def _places(filler: Filler, name: str) -> dict[str, str]:
    group = filler.groups_of[filler.asked[name]][0]
    counts: dict[str, int] = {}
    for topic, _ in filler.ends[group]:
        counts[str(topic)] = counts.get(str(topic), 0) + 1
    ordered = sorted(counts, key=lambda one: counts[one])
    ago = [filler.now - timedelta(days=days) for days in (1, 90)]
    return {
        "group": str(group),
        "topic": ordered[len(ordered) // 2],
        "longest": ordered[-1],
        "middle": str(first_key(filler.now - timedelta(days=5))),
        "day": ago[0].strftime("%Y-%m-%dT%H:%M:%SZ"),
        "quarter": ago[1].strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


async def _digest(frame: Frame, now: datetime) -> tuple[int, float, float]:
    """How many people it was new to, and the seconds it took: passed, and of this process."""
    frame.now = lambda: now
    began, busy = time.perf_counter(), time.process_time()
    told = await digest.send(frame)
    return told, time.perf_counter() - began, time.process_time() - busy


async def _one(url: str | None, arguments: argparse.Namespace, console: Console) -> bool:
    engine = "PostgreSQL" if url else "SQLite"
    with tempfile.TemporaryDirectory(prefix="tk-") as folder:
        async with migrated(url, Path(folder)) as (settings, frame):
            now = _afternoon(settings)
            began = time.perf_counter()
            filler = Filler(frame.database, arguments.posts, now)
            tokens = await filler.run()
            print(f"{engine}: filled in {time.perf_counter() - began:.0f} s", flush=True)
            frame.now = lambda: now
            found = await _lists(settings, frame, filler, tokens, arguments.rounds)
            # create_app closed nothing: the same frame tells the day's news.
            told, passed, busy = await _digest(frame, now)
    console.print(table(f"{engine}: {arguments.posts:,} posts", found, BUDGET_MS))
    console.print(
        f"digest: {told:,} of 10,000 people told in {passed:.1f} s ({busy:.1f} s of processor), "
        f"{passed / DIGEST_BUDGET_S:.2f} × budget; slowest list {slowest(found):.0f} ms, "
        f"{slowest(found) / BUDGET_MS:.2f} × budget\n"
    )
    return slowest(found) <= BUDGET_MS and passed <= DIGEST_BUDGET_S


def _afternoon(settings: Settings) -> datetime:
    """The last one: nothing is in the future."""
    local = datetime.now(settings.zone)
    day = local if local.hour >= 17 else local - timedelta(days=1)
    return day.replace(hour=17, minute=0, second=0, microsecond=0).astimezone(UTC)


async def _bench(arguments: argparse.Namespace) -> None:
    console = Console(width=110)
    async with engines(arguments.engine) as wanted:
        for url in wanted.values():
            await _one(url, arguments, console)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--engine", choices=("sqlite", "postgresql", "both"), default="both")
    arguments, _ = parser.parse_known_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    asyncio.run(_bench(arguments))
