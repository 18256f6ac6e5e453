"""How often someone may try: a bucket per key that refills with time, here or for all servers."""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from tongke_platform.errors import TooMany

MAX_KEYS = 20_000
PREFIX = "tongke:limit:"
ANSWER_S = 2.0
# Every request is counted: none may wait for a Redis that has just not answered.
AWAY_S = 5.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Limit:
    """``burst`` tries at once, then one per ``refill_s`` seconds, for each key."""

    name: str
    burst: int
    refill_s: float


class Limiter(Protocol):
    async def take(self, limit: Limit, key: str) -> None:
        """Raises TooMany, with the seconds to wait; a refused try costs nothing."""
        ...

    async def forgive(self, limit: Limit, key: str) -> None:
        """Forget the tries of a key."""
        ...

    async def close(self) -> None: ...


def _refusal(over_s: float) -> TooMany:
    return TooMany(retry_after=max(1, round(over_s)))


class LocalLimiter:
    """For one process. ``now`` is monotonic seconds; a limit remembers the 20,000 latest keys."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._full_at: dict[Limit, OrderedDict[str, float]] = {}

    async def take(self, limit: Limit, key: str) -> None:
        now = self._now()
        keys = self._full_at.setdefault(limit, OrderedDict())
        full_at = max(keys.pop(key, now), now) + limit.refill_s
        over = full_at - now - limit.burst * limit.refill_s
        if over > 1e-9:
            keys[key] = full_at - limit.refill_s
            raise _refusal(over)
        keys[key] = full_at
        if len(keys) > MAX_KEYS:
            keys.popitem(last=False)

    async def forgive(self, limit: Limit, key: str) -> None:
        self._full_at.get(limit, OrderedDict()).pop(key, None)

    async def close(self) -> None:
        self._full_at.clear()


# KEYS: when the bucket is full again. ARGV: burst, refill in ms. Answers the ms over, 0 for none.
_TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local full = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now) + ARGV[2]
local over = full - now - ARGV[1] * ARGV[2]
if over > 0 then return over end
redis.call('SET', KEYS[1], string.format('%d', full), 'PX', full - now)
return 0
"""


class RedisLimiter:
    """The same for all servers of one Redis; while that is away each server counts alone."""

    def __init__(self, url: str) -> None:
        self._redis: Redis = Redis.from_url(
            url, socket_timeout=ANSWER_S, socket_connect_timeout=ANSWER_S
        )
        self._script: Any = self._redis.register_script(_TAKE)
        self._alone = LocalLimiter()
        self._away_until = 0.0

    async def take(self, limit: Limit, key: str) -> None:
        if time.monotonic() < self._away_until:
            await self._alone.take(limit, key)
            return
        arguments = [limit.burst, max(1, round(limit.refill_s * 1000))]
        try:
            over = int(await self._script(keys=[_name(limit, key)], args=arguments))
        except (RedisError, OSError, TimeoutError) as error:
            self._away_until = time.monotonic() + AWAY_S
            log.warning("limits are counted alone", error=type(error).__name__)
            await self._alone.take(limit, key)
            return
        if over > 0:
            raise _refusal(over / 1000)

    async def forgive(self, limit: Limit, key: str) -> None:
        await self._alone.forgive(limit, key)
        try:
            await self._redis.delete(_name(limit, key))
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("limits are counted alone", error=type(error).__name__)

    async def close(self) -> None:
        await self._redis.aclose()


def _name(limit: Limit, key: str) -> str:
    """Keys hold names and addresses: Redis sees only their hash."""
    return f"{PREFIX}{limit.name}:{hashlib.sha256(key.encode()).hexdigest()[:32]}"


def make_limiter(redis_url: str | None) -> Limiter:
    return RedisLimiter(redis_url) if redis_url else LocalLimiter()
