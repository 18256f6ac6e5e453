"""The one clock of a server: monotonic, with one UTC origin taken when the process starts.

Every time on a lesson's timeline is an integer of UTC microseconds from this clock. A publisher's
own clock never enters it: school PCs are hours off.
"""

import time
from typing import Protocol


class Clock(Protocol):
    def now_us(self) -> int:
        """UTC microseconds that never step backwards."""
        ...


class SystemClock:
    """UTC at construction, carried on by the monotonic clock."""

    def __init__(self) -> None:
        self._origin_ns = time.time_ns() - time.monotonic_ns()

    def now_us(self) -> int:
        return (self._origin_ns + time.monotonic_ns()) // 1000
