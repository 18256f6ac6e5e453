"""UUIDv7 keys (RFC 9562 clause 5.7): ordered by time, so indexes grow at their end."""

import secrets
import time
from uuid import UUID

_VERSION_7 = 7 << 76
_VARIANT_RFC = 0b10 << 62


def uuid7() -> UUID:
    """48 bits of UTC milliseconds, then 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    random = secrets.randbits(74)
    high, low = random >> 62, random & ((1 << 62) - 1)
    return UUID(int=(milliseconds << 80) | _VERSION_7 | (high << 64) | _VARIANT_RFC | low)
