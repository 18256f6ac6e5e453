"""Real ``tongke serve`` processes for tests."""

import asyncio
import json
import os
import signal
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

START_S = 60
Json = dict[str, Any]


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("TONGKE_")}


async def tongke(*arguments: str, **extra: str) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tongke_platform.cli",
        *arguments,
        env={**environment(), **extra},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def finished(process: Process, within: float = START_S) -> tuple[int, str]:
    """The exit code and what was said on standard error."""
    async with asyncio.timeout(within):
        _, said = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


async def eventually(holds: Callable[[], Awaitable[bool]]) -> None:
    """Until it is so: files and foreign processes cannot be awaited."""
    async with asyncio.timeout(START_S):
        while True:
            if await holds():
                return
            await asyncio.sleep(0.05)


class Server:
    """A running supervisor."""

    def __init__(self, process: Process, ready_file: Path) -> None:
        self.process = process
        self.ready_file = ready_file

    def ready(self) -> Json:
        found: Json = json.loads(self.ready_file.read_text())
        return found

    async def become_ready(self) -> Json:
        """A server that ends instead is a failure at once."""

        async def is_there() -> bool:
            assert self.process.returncode is None, "the server ended"
            return self.ready_file.exists()

        await eventually(is_there)
        return self.ready()


@asynccontextmanager
async def serving(data_dir: Path, *arguments: str) -> AsyncIterator[Server]:
    ready_file = data_dir / "ready.json"
    process = await tongke(
        "serve",
        f"--data-dir={data_dir}",
        "--host=127.0.0.1",
        f"--port={free_port()}",
        f"--hls-port={free_port()}",
        f"--media-port={free_port(socket.SOCK_DGRAM)}",
        f"--ready-file={ready_file}",
        *arguments,
    )
    draining = asyncio.create_task(process.communicate())
    server = Server(process, ready_file)
    try:
        await server.become_ready()
        yield server
    finally:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(30):
            await draining


def is_alive(pid: int) -> bool:
    """Whether it runs; a zombie does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
