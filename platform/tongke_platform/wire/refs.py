"""What has been said already: a page that says it again, because it heard no answer, is answered
and nothing is done twice.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from tongke_platform.wire.messages import Json

WINDOW_S = 600.0
MOST = 50_000


@dataclass
class Told:
    """``answer`` counts once ``done``."""

    done: bool
    answer: Json | None = None


class Refs(Protocol):
    """Keys are of one credential, topic and ref."""

    async def begin(self, key: str) -> Told | None:
        """None: it is new, and the caller does it now, then calls ``finish`` or ``release``."""
        ...

    async def finish(self, key: str, answer: Json | None) -> None: ...

    async def release(self, key: str) -> None:
        """It was refused: saying it again tries again."""
        ...


class LocalRefs:
    """Of one process. The oldest go when there are too many."""

    def __init__(self, most: int = MOST, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._monotonic = monotonic
        self._told: OrderedDict[str, tuple[float, Told]] = OrderedDict()

    async def begin(self, key: str) -> Told | None:
        now = self._monotonic()
        self._forget(now)
        if key in self._told:
            return self._told[key][1]
        if len(self._told) >= self._most:
            self._told.popitem(last=False)
        self._told[key] = (now, Told(done=False))
        return None

    async def finish(self, key: str, answer: Json | None) -> None:
        self._told[key] = (self._monotonic(), Told(done=True, answer=answer))
        self._told.move_to_end(key)

    async def release(self, key: str) -> None:
        self._told.pop(key, None)

    def _forget(self, now: float) -> None:
        while self._told:
            key, (at, _) = next(iter(self._told.items()))
            if now - at < WINDOW_S:
                return
            del self._told[key]
