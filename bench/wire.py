"""The wire: memory of idle sockets, joining, events at 300 pages, coming back after a break.

A real server process with a real database, where every topic that is opened is authorised, and pages
in a process of their own, over loopback. The same pages then listen to a bare broadcast server of
the ``websockets`` package, which authorises, remembers and resumes nothing: that is the ratio.
"""

import json
import subprocess
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from .hls_server import line, tell
from .relay import child, cpu_seconds, resident_bytes

IDLE = 2000
BUSY = 300
EVENTS = 100
PER_S = 10
BREAK_S = 180
BREAK_PER_S = 5


@dataclass
class Result:
    """Times in ms, memory in KiB."""

    idle_kib: float
    join_ms: float
    median_ms: float
    p99_ms: float
    most_ms: float
    cpu_us: float
    back_one_ms: float | None = None
    back_all_ms: float | None = None


def _ask(process: subprocess.Popen[str], *words: Any) -> Any:
    tell(process, json.dumps(words))
    return json.loads(line(process))


def measure(kind: str) -> Result:
    with child("-m", "bench.wire_server", kind) as server:
        where = line(server)
        with child("-m", "bench.wire_pages", where) as pages:
            before = resident_bytes(server.pid)
            _ask(pages, "idle", IDLE)
            idle = (resident_bytes(server.pid) - before) / IDLE / 1024
            joined = _ask(pages, "busy", BUSY)["seconds"]
            spent = sum(cpu_seconds(server.pid))
            tell(pages, json.dumps(["hear", EVENTS]))
            _ask(server, EVENTS, PER_S)
            delays = sorted(json.loads(line(pages))["delays_us"])
            spent = sum(cpu_seconds(server.pid)) - spent
            result = Result(
                idle_kib=idle,
                join_ms=joined * 1000,
                median_ms=delays[len(delays) // 2] / 1000,
                p99_ms=delays[len(delays) * 99 // 100] / 1000,
                most_ms=delays[-1] / 1000,
                cpu_us=spent * 1e6 / len(delays),
            )
            if kind == "tongke":
                result.back_one_ms = _break(server, pages, 1, BREAK_S * BREAK_PER_S, EVENTS)
                published = EVENTS + BREAK_S * BREAK_PER_S
                result.back_all_ms = _break(server, pages, BUSY, BREAK_S, published)
            return result


def _break(
    server: subprocess.Popen[str],
    pages: subprocess.Popen[str],
    count: int,
    missed: int,
    so_far: int,
) -> float:
    """ms from the first new socket to the last event missed; ``so_far`` were published before."""
    _ask(pages, "cut", count)
    _ask(server, missed, 0)
    _ask(pages, "until", so_far + missed)  # in three minutes they would have had time
    seconds: float = _ask(pages, "resume", so_far + missed)["seconds"]
    return seconds * 1000


def main() -> None:
    ours, bare = measure("tongke"), measure("bare")
    table = Table(title=f"{IDLE} idle and {BUSY} busy sockets, {EVENTS} events at {PER_S}/s")
    for name in ("", "tongke", "bare broadcast", "ratio", "target"):
        table.add_column(name, justify="left" if not name else "right")
    rows: list[tuple[str, float, float, str, str]] = [
        ("memory of an idle socket", ours.idle_kib, bare.idle_kib, "KiB", ""),
        (f"{BUSY} pages joined", ours.join_ms, bare.join_ms, "ms", "5000"),
        ("event at a page, median", ours.median_ms, bare.median_ms, "ms", ""),
        ("event at a page, p99", ours.p99_ms, bare.p99_ms, "ms", "100"),
        ("event at a page, most", ours.most_ms, bare.most_ms, "ms", ""),
        ("server CPU of an event at a page", ours.cpu_us, bare.cpu_us, "µs", ""),
    ]
    for name, one, other, unit, target in rows:
        table.add_row(
            name, f"{one:.1f} {unit}", f"{other:.1f} {unit}", f"{one / other:.2f}", target
        )
    missed = BREAK_S * BREAK_PER_S
    table.add_row(
        f"one page back, {missed} events missed", f"{ours.back_one_ms:.0f} ms", "", "", "1000"
    )
    table.add_row(f"all back, {BREAK_S} events missed", f"{ours.back_all_ms:.0f} ms", "", "", "")
    Console().print(table)


if __name__ == "__main__":
    main()
