"""What a room got: the figures every kind of viewer reports."""

import time
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Carrier = Literal["whep", "hls"]


class NothingSeen(Exception):
    """No media came. ``refused``: the server said no, asking again will not help."""

    def __init__(self, sentence: str, *, refused: bool = False) -> None:
        super().__init__(sentence)
        self.refused = refused


@dataclass
class Viewing:
    """Times in seconds, ``loss`` a fraction, ``kbps`` of everything received.

    ``start_s``: from the call to the first picture (or sound, where there is none).
    ``latency_s``: from the server's clock in the stream (RTCP sender reports, PROGRAM-DATE-TIME)
    to this viewer's at the end; None where the stream says nothing or is on demand.
    ``repaired``: fraction of packets that came only after being asked for again.
    """

    carrier: Carrier
    seconds: float = 0.0
    start_s: float | None = None
    latency_s: float | None = None
    loss: float = 0.0
    repaired: float = 0.0
    freezes: int = 0
    frozen_s: float = 0.0
    kbps: float = 0.0
    width: int | None = None
    height: int | None = None
    fps: float = 0.0
    pictures: int = 0
    sound: bool = False
    ended: bool = False

    def rounded(self) -> dict[str, Any]:
        return {
            name: round(value, 3) if isinstance(value, float) else value
            for name, value in asdict(self).items()
        }


@dataclass
class FreezeMeter:
    """Freezes as W3C webrtc-stats counts them: a gap over max(3 × mean, mean + 150 ms)."""

    freezes: int = 0
    frozen_s: float = 0.0
    last: float | None = None
    _gaps: list[float] = field(default_factory=list, repr=False)

    def see(self, now: float) -> None:
        """A picture was shown at ``now`` (monotonic seconds)."""
        if self.last is not None:
            self._gap(now - self.last)
        self.last = now

    def close(self, now: float) -> None:
        """Nothing was shown since the last picture."""
        if self.last is not None:
            self._gap(now - self.last)

    def _gap(self, gap: float) -> None:
        mean = sum(self._gaps) / len(self._gaps) if self._gaps else 0.0
        if len(self._gaps) >= 5 and gap > max(3 * mean, mean + 0.15):
            self.freezes += 1
            self.frozen_s += gap
            return
        self._gaps = [*self._gaps[-29:], gap]


def utc_offset_s() -> float:
    """Add to monotonic seconds to get UTC seconds."""
    return time.time() - time.monotonic()
