"""One child process of the supervisor: started, heard to be ready, restarted, stopped."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

import structlog

FIRST_DELAY_S = 0.1
MAX_DELAY_S = 5.0
HEALTHY_S = 10.0
STOP_S = 8.0
EARLY_DEATHS = 3

log = structlog.get_logger(__name__)


class NeverReady(RuntimeError):
    """A part dies again and again before it was ever ready."""


class Child:
    """``command`` is a hidden command of this program; ``fds`` are inherited, each by an option."""

    def __init__(
        self,
        command: str,
        environment: Mapping[str, str],
        fds: Mapping[str, int] | None = None,
        on_start: Callable[[], None] = lambda: None,
    ) -> None:
        self.command = command
        self._environment = {**os.environ, **environment}
        self._fds = dict(fds or {})
        self._on_start = on_start
        self._process: Process | None = None
        self._task: asyncio.Task[None] | None = None
        self._deaths = 0
        self.was_ready = asyncio.Event()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    def start(self) -> asyncio.Task[None]:
        """The task runs until ``stop``; it fails with NeverReady."""
        self._task = asyncio.create_task(self._keep())
        return self._task

    async def _keep(self) -> None:
        delay = FIRST_DELAY_S
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            status = await self._run_once()
            log.error("a part died", part=self.command, status=status)
            self._deaths += 1
            if not self.was_ready.is_set() and self._deaths >= EARLY_DEATHS:
                raise NeverReady(f"{self.command.strip('_')} does not start (status {status})")
            if loop.time() - began > HEALTHY_S:
                delay = FIRST_DELAY_S
            await asyncio.sleep(delay)
            delay = min(delay * 2, MAX_DELAY_S)

    async def _run_once(self) -> int:
        read_fd, write_fd = os.pipe()
        inherited = {**self._fds, "ready-fd": write_fd}
        try:
            self._process = await asyncio.create_subprocess_exec(
                *_command_line(self.command, inherited),
                env=self._environment,
                pass_fds=tuple(inherited.values()),
                stdin=asyncio.subprocess.DEVNULL,
                # Ctrl-C in a terminal is for the supervisor, which then stops us in order.
                start_new_session=True,
            )
        finally:
            os.close(write_fd)
        heard = asyncio.create_task(self._hear(read_fd))
        try:
            return await self._process.wait()
        finally:
            heard.cancel()

    async def _hear(self, read_fd: int) -> None:
        """Wait for the child's line; a pipe that closes without one is a child that died."""
        reader = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        transport, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(read_fd, "rb")
        )
        try:
            line = await reader.readline()
            if line:
                json.loads(line)
                self.was_ready.set()
                self._on_start()
        finally:
            transport.close()

    async def stop(self) -> None:
        """SIGTERM, then SIGKILL."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        process = self._process
        if process is None or process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_S):
                await process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


def _command_line(command: str, fds: Mapping[str, int]) -> Sequence[str]:
    options = [f"--{name}={fd}" for name, fd in fds.items()]
    return [
        sys.executable,
        "-m",
        "tongke_platform.cli",
        command,
        f"--parent={os.getpid()}",
        *options,
    ]
