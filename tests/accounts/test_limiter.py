"""The bucket of tries, in process and in Redis."""

from collections.abc import AsyncIterator

import pytest

from tests.engines.redis_server import RedisServer
from tongke_platform.accounts.limiter import MAX_KEYS, Limit, Limiter, LocalLimiter, RedisLimiter
from tongke_platform.errors import TooMany

THREE = Limit("three", burst=3, refill_s=10)
ONE = Limit("one", burst=1, refill_s=10)


class Hands:
    """A clock a test moves."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture(params=["local", "redis"])
async def limiter(request: pytest.FixtureRequest) -> AsyncIterator[Limiter]:
    limiter: Limiter = LocalLimiter()
    if request.param == "redis":
        limiter = RedisLimiter(request.getfixturevalue("redis_url"))
    yield limiter
    await limiter.close()


async def test_burst_and_no_more(limiter: Limiter) -> None:
    for _ in range(3):
        await limiter.take(THREE, "a")
    with pytest.raises(TooMany) as raised:
        await limiter.take(THREE, "a")
    assert raised.value.retry_after in {9, 10}
    await limiter.take(THREE, "b")
    await limiter.take(ONE, "a")


async def test_success_forgives(limiter: Limiter) -> None:
    await limiter.take(ONE, "a")
    await limiter.forgive(ONE, "a")
    await limiter.take(ONE, "a")


async def test_one_per_refill() -> None:
    clock = Hands()
    limiter = LocalLimiter(clock)
    for _ in range(3):
        await limiter.take(THREE, "a")
    clock.at = 10
    await limiter.take(THREE, "a")
    with pytest.raises(TooMany):
        await limiter.take(THREE, "a")


async def test_refused_tries_cost_nothing() -> None:
    clock = Hands()
    limiter = LocalLimiter(clock)
    await limiter.take(ONE, "a")
    for _ in range(100):
        with pytest.raises(TooMany):
            await limiter.take(ONE, "a")
    clock.at = 10
    await limiter.take(ONE, "a")


async def test_keys_are_bounded() -> None:
    limiter = LocalLimiter(Hands())
    for number in range(MAX_KEYS + 5):
        await limiter.take(ONE, str(number))
    assert len(limiter._full_at[ONE]) == MAX_KEYS


async def test_two_servers_count_together(redis_url: str) -> None:
    here, there = RedisLimiter(redis_url), RedisLimiter(redis_url)
    await here.take(ONE, "a")
    with pytest.raises(TooMany):
        await there.take(ONE, "a")
    await here.close()
    await there.close()


async def test_without_redis_each_counts_alone() -> None:
    server = RedisServer()
    server.start()
    limiter = RedisLimiter(server.url)
    await limiter.take(ONE, "a")
    server.stop()
    await limiter.take(ONE, "a")
    with pytest.raises(TooMany):
        await limiter.take(ONE, "a")
    await limiter.close()
