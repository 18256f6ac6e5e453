"""``tongke serve``: the parts as child processes, restarted when they die, gone when it goes."""

import asyncio
import fcntl
import json
import os
import signal
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

import httpx2
import structlog

from tongke_platform.app.metadata import metadata
from tongke_platform.cli import ports
from tongke_platform.cli.child import Child
from tongke_platform.database import migrate
from tongke_platform.settings import Settings

READY_TIMEOUT_S = 60.0
POLL_S = 0.1

log = structlog.get_logger(__name__)


class CannotServe(RuntimeError):
    """Something of the surroundings must be changed first; the sentence says what."""


@dataclass(frozen=True)
class Ready:
    """What a ready file says. ``children`` are process ids by part."""

    base_url: str
    hls_port: int
    media_port: int
    data_dir: str
    pid: int
    children: dict[str, int]


class Supervisor:
    """``run`` starts everything and returns when it was told to stop."""

    def __init__(self, settings: Settings) -> None:
        self._given = settings
        self.settings = settings
        self._children: dict[str, Child] = {}
        self._listener: socket.socket | None = None
        self._lock: IO[str] | None = None
        self._ready_file: Path | None = None
        self._stop = asyncio.Event()

    def stop(self) -> None:
        self._stop.set()

    async def run(
        self,
        *,
        ready_file: Path | None = None,
        on_ready: Callable[[Ready], Awaitable[None]] | None = None,
    ) -> None:
        """Raises CannotServe, ports.PortTaken, child.NeverReady, migrate errors."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        try:
            self._lock_data_dir()
            self._take_ports()
            if {"web", "worker"} & set(self.settings.roles):
                await self._migrate()
            await self._serve(ready_file, on_ready)
        finally:
            await self._shut_down()
            if ready_file is not None:
                ready_file.unlink(missing_ok=True)

    def _lock_data_dir(self) -> None:
        """One server per data folder: two would steal each other's sockets."""
        run_dir = self.settings.run_dir
        try:
            run_dir.mkdir(parents=True, exist_ok=True)
            self._lock = (run_dir / "serve.lock").open("w")
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotServe(
                f"another tongke serve uses {self.settings.data_dir}; set TONGKE_DATA_DIR"
            ) from None
        except OSError as error:
            raise CannotServe(
                f"cannot write to {self.settings.data_dir} ({error.strerror}); set TONGKE_DATA_DIR"
            ) from error

    def _take_ports(self) -> None:
        given = self._given
        hls_port = given.hls_port
        if "web" in given.roles:
            self._listener = ports.listen_tcp(given.host, given.port, "TONGKE_PORT")
            self._listener.set_inheritable(True)
        if hls_port is not None:
            if "hls" in given.roles:
                ports.check_tcp(given.host, hls_port, "TONGKE_HLS_PORT")
        else:
            hls_port = ports.free_tcp_after(given.host, given.port, "TONGKE_HLS_PORT")
        if "relay" in given.roles:
            ports.check_udp(given.media_host, given.media_port, "TONGKE_MEDIA_PORT")
        self.settings = given.model_copy(
            update={"hls_port": hls_port, "data_dir": given.data_dir.resolve()}
        )

    async def _migrate(self) -> None:
        try:
            before, after = await migrate.upgrade(self.settings.sql_url, metadata)
        except Exception as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise CannotServe(
                f"the database cannot be used (TONGKE_DATABASE_URL): {reason}"
            ) from error
        if before != after:
            log.info("database migrated", before=before, after=after)

    async def _serve(
        self, ready_file: Path | None, on_ready: Callable[[Ready], Awaitable[None]] | None
    ) -> None:
        self._make_children()
        keeping = [child.start() for child in self._children.values()]
        stopping = asyncio.create_task(self._stop.wait())
        becoming = asyncio.create_task(self._become_ready())
        try:
            await _first_of(stopping, becoming, *keeping)
            if self._stop.is_set():
                return
            self._ready_file = ready_file
            self._write_ready()
            if on_ready is not None:
                await on_ready(self.ready())
            await _first_of(stopping, *keeping)
        finally:
            for task in (stopping, becoming):
                task.cancel()
            await asyncio.gather(stopping, becoming, return_exceptions=True)

    def _make_children(self) -> None:
        roles = set(self.settings.roles)
        environment = self.settings.environment()
        for part in ("relay", "hls", "web"):
            if part in roles:
                fds = {}
                if part == "web" and self._listener is not None:
                    fds["listen-fd"] = self._listener.fileno()
                self._children[part] = Child(f"_{part}", environment, fds, self._write_ready)
        if "worker" in roles and "web" not in roles:
            self._children["worker"] = Child("_worker", environment, on_start=self._write_ready)

    async def _become_ready(self) -> None:
        """Every part says it is ready, and the web server says that it reaches them."""
        try:
            async with asyncio.timeout(READY_TIMEOUT_S):
                for child in self._children.values():
                    await child.was_ready.wait()
                if {"web", "relay", "hls"} <= set(self._children):
                    await self._answers()
        except TimeoutError:
            raise CannotServe("the server did not become ready; see the lines above") from None

    async def _answers(self) -> None:
        async with httpx2.AsyncClient(trust_env=False, timeout=5) as client:
            while True:
                with suppress(httpx2.TransportError):
                    answer = await client.get(f"{self._local_url()}/readyz")
                    if answer.status_code == 200:
                        return
                await asyncio.sleep(POLL_S)

    def _local_url(self) -> str:
        host = self.settings.host
        wildcard = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}
        name = wildcard.get(host, f"[{host}]" if ":" in host else host)
        return f"http://{name}:{self.settings.port}"

    def ready(self) -> Ready:
        return Ready(
            base_url=self.settings.public_url or self._local_url(),
            hls_port=self.settings.hls_port or 0,
            media_port=self.settings.media_port,
            data_dir=str(self.settings.data_dir),
            pid=os.getpid(),
            children={name: child.pid or 0 for name, child in self._children.items()},
        )

    def _write_ready(self) -> None:
        """Written again when a part was restarted; whole or not at all."""
        if self._ready_file is None:
            return
        part = self._ready_file.with_name(self._ready_file.name + ".part")
        part.write_text(json.dumps(asdict(self.ready()), indent=2) + "\n")
        part.replace(self._ready_file)

    async def _shut_down(self) -> None:
        """The web server first, so that nobody is sent to parts that are going."""
        self._ready_file = None
        for name in ("web", "worker", "relay", "hls"):
            if child := self._children.get(name):
                await child.stop()
        if self._listener is not None:
            self._listener.close()
        if self._lock is not None:
            self._lock.close()


async def _first_of(*tasks: asyncio.Task[None] | asyncio.Task[bool]) -> None:
    """Wait for the first to end; what it raised is raised."""
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()
