"""How often someone may try: a bucket per key that refills with time."""

import time
from collections import OrderedDict
from collections.abc import Callable

from tongke_platform.errors import TooMany

MAX_KEYS = 20_000


class Limiter:
    """``burst`` tries at once, then one per ``refill_s`` seconds. Lives on one event loop."""

    def __init__(
        self, burst: int, refill_s: float, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._burst = burst
        self._refill_s = refill_s
        self._now = now
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def take(self, key: str) -> None:
        """Raises TooMany, with the seconds to wait."""
        now = self._now()
        full_at = max(self._full_at.pop(key, now), now) + self._refill_s
        over = full_at - now - self._burst * self._refill_s
        if over > 1e-9:
            self._full_at[key] = full_at - self._refill_s
            raise TooMany(retry_after=max(1, round(over)))
        self._full_at[key] = full_at
        if len(self._full_at) > MAX_KEYS:
            self._full_at.popitem(last=False)

    def forgive(self, key: str) -> None:
        self._full_at.pop(key, None)
