"""UUIDv7 keys (RFC 9562 clause 5.7): ordered by time, so indexes grow at their end."""

import secrets
import threading
import time
from datetime import datetime
from uuid import UUID

_VERSION_7 = 7 << 76
_VARIANT_RFC = 0b10 << 62
_COUNTER_BITS = 12
_lock = threading.Lock()
_last = 0


def uuid7() -> UUID:
    """48 bits of UTC milliseconds, a counter of 12 bits, 62 random bits.

    Keys of one process ascend in the order they were made, also within a millisecond (clause 6.2
    method 1): what was written together can be read back in its order.
    """
    global _last
    now = (time.time_ns() // 1_000_000) << _COUNTER_BITS
    with _lock:
        # The counter may run over into the next millisecond; a clock set back goes on counting.
        _last = max(_last + 1, now)
        stamp = _last
    milliseconds, counter = stamp >> _COUNTER_BITS, stamp & ((1 << _COUNTER_BITS) - 1)
    low = secrets.randbits(62)
    return UUID(int=(milliseconds << 80) | _VERSION_7 | (counter << 64) | _VARIANT_RFC | low)


def first_key(moment: datetime) -> UUID:
    """No key made at ``moment`` (aware) or later is smaller, none made a millisecond before is larger."""
    milliseconds = max(0, int(moment.timestamp() * 1000))
    return UUID(int=(milliseconds << 80) | _VERSION_7 | _VARIANT_RFC)
