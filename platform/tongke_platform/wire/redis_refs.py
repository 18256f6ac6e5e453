"""Refs shared by several processes, for as long as a page may come back to another one."""

from contextlib import suppress
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from tongke_platform.wire import messages
from tongke_platform.wire.messages import Json
from tongke_platform.wire.refs import WINDOW_S, LocalRefs, Told

PREFIX = "{tongke:wire}:ref:"
PENDING_S = 30
TROUBLE = (RedisError, OSError, TimeoutError)


class RedisRefs:
    """This process' own refs first. Without Redis they are all there is, which is enough for a page
    that comes back to the same process.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._local = LocalRefs()

    async def begin(self, key: str) -> Told | None:
        told = await self._local.begin(key)
        if told is not None:
            return told
        with suppress(*TROUBLE):
            if await self._redis.set(PREFIX + key, "", nx=True, ex=PENDING_S):
                return None
            found: Any = await self._redis.get(PREFIX + key)
            return await self._elsewhere(key, found)
        return None

    async def _elsewhere(self, key: str, found: str | None) -> Told:
        """Another process has it: done, or being done (or just now given up: ask again)."""
        if not found:
            await self._local.release(key)
            return Told(done=False)
        answer = messages.loads(found)["answer"]
        await self._local.finish(key, answer)
        return Told(done=True, answer=answer)

    async def finish(self, key: str, answer: Json | None) -> None:
        await self._local.finish(key, answer)
        with suppress(*TROUBLE):
            await self._redis.set(
                PREFIX + key, messages.dumps({"answer": answer}), ex=int(WINDOW_S)
            )

    async def release(self, key: str) -> None:
        await self._local.release(key)
        with suppress(*TROUBLE):
            await self._redis.delete(PREFIX + key)
