"""The bucket of tries."""

import pytest

from tongke_platform.accounts.limiter import MAX_KEYS, Limiter
from tongke_platform.errors import TooMany


class Hands:
    """A clock a test moves."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def test_burst_then_one_per_refill() -> None:
    clock = Hands()
    limiter = Limiter(burst=3, refill_s=10, now=clock)
    for _ in range(3):
        limiter.take("a")
    with pytest.raises(TooMany) as raised:
        limiter.take("a")
    assert raised.value.retry_after == 10
    limiter.take("b")
    clock.at = 10
    limiter.take("a")
    with pytest.raises(TooMany):
        limiter.take("a")


def test_refused_tries_cost_nothing() -> None:
    clock = Hands()
    limiter = Limiter(burst=1, refill_s=10, now=clock)
    limiter.take("a")
    for _ in range(100):
        with pytest.raises(TooMany):
            limiter.take("a")
    clock.at = 10
    limiter.take("a")


def test_success_forgives() -> None:
    limiter = Limiter(burst=1, refill_s=10, now=Hands())
    limiter.take("a")
    limiter.forgive("a")
    limiter.take("a")


def test_keys_are_bounded() -> None:
    limiter = Limiter(burst=1, refill_s=10, now=Hands())
    for number in range(MAX_KEYS + 5):
        limiter.take(str(number))
    assert len(limiter._full_at) == MAX_KEYS
