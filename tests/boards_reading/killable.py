"""The server of pages and API as a process that can be killed and is back at once.

What takes long, the program and its app, is loaded once, by a process that never serves: for each start
it forks one that does. It is run with the settings as JSON and a port. Each line it reads is a start,
with by how many hours the server's clock is wrong; it answers with the process id of who serves now.
"""

import asyncio
import os
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from datetime import timedelta
from types import SimpleNamespace, TracebackType
from typing import IO, Self

import uvicorn
from fastapi import FastAPI

from tongke_platform.accounts.limiter import LocalLimiter
from tongke_platform.app.factory import create_app, make_frame
from tongke_platform.cli.children import die_with
from tongke_platform.database import keys, utc_now
from tongke_platform.frame import Frame
from tongke_platform.logs import configure_logs
from tongke_platform.settings import Settings

HOUR_NS = 3_600_000_000_000
# What a test sends in seconds is what people send in an hour.
HURRY = 1000
GONE_WITHIN_S = 10.0


class Killable:
    """``ask`` nothing of it before ``start``; what was sent to it when it is killed may be done or not."""

    def __init__(self, settings: Settings, port: int) -> None:
        said = settings.model_dump_json(exclude_defaults=True)
        command = [sys.executable, "-m", "tests.boards_reading.killable", said, str(port)]
        self._loader = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self._serving: int | None = None
        self.kills = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.kill()
        self._loader.kill()
        self._loader.communicate()

    @property
    def up(self) -> bool:
        return self._serving is not None

    def start(self, wrong_by_h: int = 0) -> None:
        """Returns when it answers."""
        assert self._loader.stdin is not None
        assert self._loader.stdout is not None
        self._loader.stdin.write(f"{wrong_by_h}\n")
        serving = int(self._loader.stdout.readline())
        assert serving, "it did not start"
        self._serving = serving

    def kill(self) -> None:
        """SIGKILL: it is told nothing, and finishes nothing."""
        serving, self._serving = self._serving, None
        if serving is not None:
            self.kills += 1
            process = os.pidfd_open(serving)
            signal.pidfd_send_signal(process, signal.SIGKILL)
            # Until it is gone, and its port and locks with it.
            select.select([process], [], [], GONE_WITHIN_S)
            os.close(process)


class _Server(uvicorn.Server):
    async def startup(self, sockets: object = None) -> None:
        await super().startup()
        if self.started:
            print(os.getpid(), flush=True)


def _serve(app: FastAPI, frame: Frame, port: int, wrong_by_h: int, loader: int) -> None:
    die_with(loader)
    frame.now = lambda: utc_now() + timedelta(hours=wrong_by_h)
    wrong = SimpleNamespace(time_ns=lambda: time.time_ns() + wrong_by_h * HOUR_NS)
    keys.__dict__["time"] = wrong
    config = uvicorn.Config(app, port=port, log_config=None, access_log=False)
    asyncio.run(_Server(config).serve())


def main(said: str, port: int, starts: IO[str]) -> None:
    configure_logs("error", "text", "killable")
    settings = Settings.model_validate_json(said)
    frame = make_frame(settings)
    frame.limiter = LocalLimiter(lambda: time.monotonic() * HURRY)
    app = create_app(settings, frame)
    # Nobody waits for those who are killed.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    loader = os.getpid()
    for line in starts:
        if os.fork() == 0:
            with suppress(BaseException):
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                _serve(app, frame, port, int(line), loader)
            print(0, flush=True)
            os._exit(1)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.stdin)
