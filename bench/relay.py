"""CPU per forwarded packet, loss and delay at 50–1000 viewers, with Janus beside it.

Chromium's recorded packets are published over WebRTC into the relay process and counted by light
WebRTC viewers in a process of their own. ``--minutes N`` instead watches 300 viewers for N minutes:
memory and CPU must stay flat.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import janus, replay

_ROOT = Path(__file__).parents[1]
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_SLICE_S = 2.0
_SLICES = 6
_RELAY = (
    "import sys, uvloop; from pathlib import Path;"
    "from tongke_streaming.rtc.process import RelayConfig, run_relay;"
    "folder = Path(sys.argv[1]);"
    "config = RelayConfig(folder / 'relay.sock', folder / 'state', host='127.0.0.1');"
    "uvloop.run(run_relay(config, ready=lambda port: print(port, flush=True)))"
)


# A server on air: its process id and the door its viewers go through.
Air = AbstractContextManager[tuple[int, dict[str, Any]]]


def cpu_seconds(pid: int) -> tuple[float, float]:
    """User and system time of a process, all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) / _TICKS, int(fields[12]) / _TICKS


def resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE


@contextmanager
def child(*command: str) -> Iterator[subprocess.Popen[str]]:
    """A process of ours, ended with the block."""
    with subprocess.Popen(
        [sys.executable, *command],
        cwd=_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"{process.args!r} ended")
    return line


class Viewers:
    """The crowd's process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, command: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(_line(self._process))
        return answer


@dataclass
class Result:
    """What one run showed; ``user_us`` and ``system_us`` are of the server per packet, by slice."""

    name: str
    viewers: int
    join_s: float = 0.0
    user_us: list[float] = field(default_factory=list)
    system_us: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)
    packets: int = 0
    seconds: float = 0.0
    lost: int = 0
    checked: int = 0
    damaged: int = 0
    delays_us: list[int] = field(default_factory=list)
    memory: float = 0.0
    published: float = 0.0

    @property
    def slices_us(self) -> list[float]:
        return [u + s for u, s in zip(self.user_us, self.system_us, strict=True)]

    @property
    def packet_us(self) -> float:
        return statistics.median(self.slices_us)


def _median(values: list[float]) -> float:
    return statistics.median(values) if values else float("nan")


def _percentile(values: list[int], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] / 1000 if ordered else 0.0


def _measure(result: Result, server: int, viewers: Viewers, slices: int, slice_s: float) -> None:
    before = first = viewers.ask("sample")
    cpu, at = cpu_seconds(server), time.monotonic()
    begun = at
    for _ in range(slices):
        time.sleep(slice_s)
        sample = viewers.ask("sample")
        now, then = cpu_seconds(server), time.monotonic()
        count = max(1, sample["packets"] - before["packets"])
        result.user_us.append((now[0] - cpu[0]) * 1e6 / count)
        result.system_us.append((now[1] - cpu[1]) * 1e6 / count)
        result.busy.append((sum(now) - sum(cpu)) / (then - at))
        result.delays_us += sample["delays_us"]
        before, cpu, at = sample, now, then
    result.seconds = time.monotonic() - begun
    result.packets = before["packets"] - first["packets"]
    result.lost = before["lost"] - first["lost"]
    result.checked = before["checked"] - first["checked"]
    result.damaged = before["damaged"] + before["skipped"] - first["damaged"] - first["skipped"]


@contextmanager
def _joined(result: Result, server: int, door: dict[str, Any]) -> Iterator[Viewers]:
    """All of the viewers signed on and past their first pictures."""
    with child("-m", "bench.crowd", json.dumps(door)) as process:
        viewers = Viewers(process)
        viewers.ask("sample")
        memory = resident_bytes(server)
        result.join_s = viewers.ask(f"join {result.viewers}")["seconds"]
        time.sleep(1.5)
        result.memory = (resident_bytes(server) - memory) / result.viewers
        yield viewers


@contextmanager
def relay(capture: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Our relay."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        server = stack.enter_context(child("-c", _RELAY, folder))
        _line(server)
        door = {"relay": str(Path(folder) / "relay.sock")}
        options = json.dumps({"capture": capture, **door})
        publisher = stack.enter_context(child("-m", "bench.replay", options))
        _line(publisher)
        time.sleep(2.5)  # a keyframe and its group of pictures for who joins
        yield server.pid, {**door, "rate": _rate(capture)}


@contextmanager
def janus_on_air(
    program: str, capture: str, event_loops: int
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Janus with the same packets."""
    with janus.running(program, event_loops) as server:
        options = json.dumps({"capture": capture, "rtp": server.ports})
        with child("-m", "bench.replay", options) as publisher:
            _line(publisher)
            time.sleep(1)
            yield server.process.pid, {"janus": server.address, "rate": _rate(capture)}


def run(name: str, air: Air, viewers: int, *, slices: int = _SLICES, **options: Any) -> Result:
    """One line of the table."""
    result = Result(name, viewers)
    with air as (server, door), _joined(result, server, {**door, **options}) as crowd:
        _measure(result, server, crowd, slices, _SLICE_S)
    result.published = door["rate"] * result.seconds * viewers
    print(_row(result), flush=True)
    return result


# "best" is the best slice: a virtual machine's cores are at times half as fast.
_HEAD = (
    f"{'':27} viewers  packets/s  µs/packet  (user + system)   best  of a core   lost  checked"
    "  bad  delay median    p99  kB/viewer  joined in"
)


def _row(r: Result) -> str:
    return (
        f"{r.name:27} {r.viewers:7d} {r.packets / r.seconds:10,.0f} {r.packet_us:10.2f}"
        f"  ({_median(r.user_us):5.2f} + {_median(r.system_us):5.2f}) {min(r.slices_us):7.2f}"
        f" {_median(r.busy):9.0%} {r.lost:7d} {r.checked:8d} {r.damaged:4d}"
        f" {_percentile(r.delays_us, 0.5):9.2f} ms {_percentile(r.delays_us, 0.99):6.1f}"
        f" {r.memory / 1024:10.0f} {r.join_s:8.1f} s" + _shortfall(r)
    )


def _shortfall(r: Result) -> str:
    """Packets neither received nor known lost: still queued somewhere, so the line is no steady state."""
    missing = 1 - (r.packets + r.lost) / r.published
    return f"  {missing:.0%} behind" if missing > 0.05 else ""


def _rate(capture: str) -> float:
    """Packets a second."""
    packets = replay.load(capture)
    return len(packets) * 1e6 / packets[-1].due_us


def compare() -> None:
    """The default run: under two minutes."""
    print(_HEAD, flush=True)
    run("relay", relay("chromium_1200k"), 50)
    ours = run("relay", relay("chromium_1200k"), 300)
    run("relay, 600 kbit/s", relay("chromium_600k"), 1000)
    program = janus.installed()
    if program is None:
        print("Janus is not installed (apt-get install janus): no peer in this run.")
        return
    # Its best: by default it gives every viewer a thread, which costs it twice as much and more.
    peer = run("Janus, two event loops", janus_on_air(program, "chromium_1200k", 2), 300)
    ratio = ours.packet_us / peer.packet_us
    print(f"\nrelay / Janus at 300 viewers: {ratio:.2f} (1/{1 / ratio:.1f})")


def endure(minutes: float) -> None:
    """300 viewers for long: CPU and memory must not grow."""
    print(f"{'minute':>6}  µs/packet  resident MiB   lost  delay median    p99", flush=True)
    total = Result("relay", 300)
    with (
        relay("chromium_1200k") as (server, door),
        _joined(total, server, door) as crowd,
    ):
        for minute in range(1, round(minutes) + 1):
            step = Result("relay", 300)
            _measure(step, server, crowd, 1, 60.0)
            total.lost += step.lost + step.damaged
            print(
                f"{minute:6d} {step.packet_us:10.2f} {resident_bytes(server) / 2**20:13.1f}"
                f" {step.lost:6d} {_percentile(step.delays_us, 0.5):10.2f} ms"
                f" {_percentile(step.delays_us, 0.99):6.1f}",
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench relay")
    parser.add_argument("--minutes", type=float, help="watch 300 viewers for so long instead")
    minutes = parser.parse_args().minutes
    if minutes is None:
        compare()
    else:
        endure(minutes)
