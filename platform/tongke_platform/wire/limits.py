"""What one page may ask of the wire, and how long the wire waits for it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Counts, seconds and characters; a test makes some of them small."""

    message_chars: int = 65_536
    messages_burst: int = 120
    messages_per_s: float = 30.0
    topics: int = 32
    sockets_per_credential: int = 100
    waiting_answers: int = 256
    topicless_s: float = 30.0
    ping_s: float = 10.0
    silent_s: float = 45.0
    send_s: float = 20.0
    handle_s: float = 15.0
    recheck_s: float = 300.0
    refresh_s: float = 10.0
    coalesce_s: float = 0.5
    beat_s: float = 1.0


class Bucket:
    """``burst`` at once, then ``per_s`` a second."""

    __slots__ = ("_at", "_burst", "_left", "_per_s")

    def __init__(self, burst: int, per_s: float, now: float) -> None:
        self._burst, self._per_s = burst, per_s
        self._left, self._at = float(burst), now

    def take(self, now: float) -> bool:
        """Whether there was one left."""
        self._left = min(self._burst, self._left + (now - self._at) * self._per_s)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
