"""The real server in processes of its own, and what a test puts into it."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
from playwright.async_api import BrowserContext

from tests.makers import Makers, Someone
from tongke_courses.lessons.models import Lesson
from tongke_platform.accounts import service as accounts
from tongke_platform.accounts.rights import COOKIE
from tongke_platform.app.factory import make_frame
from tongke_platform.app.metadata import metadata
from tongke_platform.database import migrate
from tongke_platform.frame import Frame
from tongke_platform.organisations.models import Room
from tongke_platform.people.roles import Role
from tongke_platform.settings import Settings

READY_WITHIN_S = 90.0


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Seed:
    """A lesson with everybody who takes part; ``headers`` are its lead teacher's, for the API."""

    lesson: Lesson
    teacher: Someone
    rooms: Sequence[Room]
    local_teacher: Someone
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def teach_path(self) -> str:
        return f"/lessons/{self.lesson.id}/teach"

    @property
    def replay_path(self) -> str:
        return f"/lessons/{self.lesson.id}/replay"

    def room_path(self, number: int = 0) -> str:
        return f"/room/{self.rooms[number].token}"


class LiveServer:
    """``tongke serve`` on free ports of 127.0.0.1; ``make`` puts things into its database."""

    def __init__(self, data_dir: Path, **environment: str) -> None:
        self.data_dir = data_dir
        self.port, self.hls_port = free_port(), free_port()
        self.media_port = free_port(socket.SOCK_DGRAM)
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.ready: dict[str, Any] = {}
        self._environment = environment
        self._process: asyncio.subprocess.Process | None = None
        settings = Settings(data_dir=data_dir, port=self.port, roles=["web"])
        self.frame: Frame = make_frame(settings)
        self.make = Makers(self.frame)
        self._migrated = False

    @classmethod
    @asynccontextmanager
    async def running(cls, data_dir: Path, **environment: str) -> AsyncIterator["LiveServer"]:
        """Started, and stopped with all its processes when the block is left."""
        server = cls(data_dir, **environment)
        try:
            await server.start()
            yield server
        finally:
            await server.stop()
            await server.frame.database.close()
            server.frame.passwords.close()

    async def start(self) -> None:
        """Start, or start again after ``stop`` or ``kill`` on the same ports and data."""
        if not self._migrated:
            # Beforehand, so that no two processes bring the database up at once.
            await asyncio.to_thread(self._migrate)
            self._migrated = True
        ready_file = self.data_dir / "ready.json"
        ready_file.unlink(missing_ok=True)
        with (self.data_dir / "serve.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tongke_platform.cli", "serve"),
                *("--data-dir", str(self.data_dir), "--host", "127.0.0.1"),
                *("--port", str(self.port), "--hls-port", str(self.hls_port)),
                *("--media-port", str(self.media_port), "--ready-file", str(ready_file)),
                env={**os.environ, "TONGKE_MEDIA_HOST": "127.0.0.1", **self._environment},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        await self._until_ready(ready_file)

    def _migrate(self) -> None:
        asyncio.run(migrate.upgrade(self.frame.settings.sql_url, metadata))

    async def _until_ready(self, ready_file: Path) -> None:
        assert self._process is not None
        async with asyncio.timeout(READY_WITHIN_S), httpx2.AsyncClient() as client:
            while True:
                assert self._process.returncode is None, self.log()
                with suppress(httpx2.TransportError):
                    if (
                        ready_file.exists()
                        and (await client.get(f"{self.base_url}/readyz")).is_success
                    ):
                        break
                # A process that starts gives no other sign than this file.
                await asyncio.sleep(0.05)
        self.ready = json.loads(ready_file.read_text())

    def log(self) -> str:
        return (self.data_dir / "serve.log").read_text(errors="replace")[-8000:]

    async def stop(self) -> None:
        await self._end(signal.SIGTERM)

    async def kill(self) -> None:
        """SIGKILL to the supervisor; its children die with it."""
        await self._end(signal.SIGKILL)

    async def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        process.send_signal(number)
        try:
            async with asyncio.timeout(10):
                await process.wait()
        except TimeoutError:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()

    async def seed(self, *, rooms: int = 2, starts_in: timedelta = timedelta(minutes=1)) -> Seed:
        """A new lesson of a new lead school for classrooms of a new partner school."""
        make = self.make
        teacher = await make.person(await make.school())
        partner = await make.school()
        local = await make.person(partner, Role.LOCAL_TEACHER)
        classrooms = [await make.room(partner) for _ in range(rooms)]
        lesson = await make.lesson(teacher, classrooms, self.frame.now() + starts_in)
        return Seed(lesson, teacher, classrooms, local, await make.bearer(teacher))

    async def sign_in(self, context: BrowserContext, someone: Someone) -> None:
        """Give a browser a login without the form."""
        frame = self.frame
        async with frame.database.write() as session:
            token = await accounts.log_in(
                session, someone.id, now=frame.now(), lifetime=timedelta(days=1)
            )
        await context.add_cookies([{"name": COOKIE, "value": token, "url": self.base_url}])
