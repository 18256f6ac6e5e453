"""Run a command of ours as a process and read what it prints, line by line."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

TONGKE = (sys.executable, "-m", "tongke_platform.cli")


class Command:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.events: list[dict[str, Any]] = []

    async def event(self, name: str) -> dict[str, Any]:
        """The next JSON line whose ``event`` is ``name``."""
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            self.events.append(json.loads(line))
            if self.events[-1]["event"] == name:
                return self.events[-1]
        error = await self.process.stderr.read() if self.process.stderr else b""
        raise AssertionError(f"ended without {name!r}: {self.events} {error.decode()}")

    async def printed(self, text: str) -> str:
        """Everything up to the line with ``text`` in it."""
        assert self.process.stdout is not None
        seen = ""
        async for line in self.process.stdout:
            seen += line.decode()
            if text in line.decode():
                return seen
        error = await self.process.stderr.read() if self.process.stderr else b""
        raise AssertionError(f"ended without {text!r}: {seen} {error.decode()}")

    async def finish(self) -> tuple[int, str, str]:
        """Exit code, the rest of what it printed, and its errors."""
        out, error = await self.process.communicate()
        assert self.process.returncode is not None
        return self.process.returncode, out.decode(), error.decode()


@asynccontextmanager
async def running(*arguments: str, **environment: str) -> AsyncIterator[Command]:
    """``tongke ARGUMENTS`` until the block is left; its children go with it."""
    process = await asyncio.create_subprocess_exec(
        *TONGKE,
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "200", **environment},
    )
    try:
        yield Command(process)
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.terminate()
            await process.wait()


async def run(*arguments: str, **environment: str) -> tuple[int, str, str]:
    async with running(*arguments, **environment) as command:
        return await command.finish()
