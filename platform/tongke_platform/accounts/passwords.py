"""Passwords as Argon2id, hashed in a small pool of threads: 64 MiB and some 50 ms each."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from tongke_platform.errors import Busy

THREADS = 2
MAX_WAITING = 64


class Passwords:
    """``hash`` and ``verify`` run in the pool's threads; everything else stays on the loop."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="password")
        self._waiting = 0
        self._nobody: str | None = None

    async def hash(self, password: str) -> str:
        return await self._run(self._hasher.hash, password)

    async def verify(self, stored: str | None, password: str) -> bool:
        """Whether it fits; with nothing stored it takes as long, so names cannot be probed."""
        if stored is None:
            if self._nobody is None:
                self._nobody = await self.hash("nobody")
            await self._run_verify(self._nobody, password)
            return False
        return await self._run_verify(stored, password)

    async def _run_verify(self, stored: str, password: str) -> bool:
        try:
            await self._run(lambda text: str(self._hasher.verify(stored, text)), password)
        except (VerificationError, InvalidHashError):
            return False
        return True

    async def _run(self, work: Callable[[str], str], text: str) -> str:
        if self._waiting >= MAX_WAITING:
            raise Busy(retry_after=5)
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work, text)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
