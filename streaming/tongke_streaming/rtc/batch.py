"""What one drain of the socket brought, sent on stream by stream; under load sound waits a moment.

A lone packet costs a system call and its way through the kernel for itself alone, one more segment
behind pictures hardly anything: at hundreds of viewers that is a tenth of a relay's time.
"""

import asyncio
import time

from ..clock import Clock
from .forward import Forwarder, Sound
from .rtp import Packet
from .stream import Stream

# Of a core, over the last second.
BUSY = 0.3
_SOUND_WAITS_S = 0.015


class Batch:
    """The streams with packets to send. All calls on the relay's loop."""

    def __init__(self, forwarder: Forwarder, clock: Clock) -> None:
        self._forwarder = forwarder
        self._clock = clock
        self._dirty: set[Stream] = set()
        self._held: set[Stream] = set()
        self._busy = False
        self._spent_s = time.process_time()

    def add(self, stream: Stream) -> None:
        self._dirty.add(stream)

    def send(self) -> None:
        """Everything that is due, pictures first so that their sound finds them."""
        if not self._dirty:
            return
        dirty = sorted(self._dirty, key=lambda stream: stream.kind == "audio")
        self._dirty.clear()
        now = self._clock.now_us()
        for stream in dirty:
            if stream.kind == "audio" and self._busy and stream.companion is not None:
                self._hold(stream)
            elif stream.pending:
                self._forwarder.burst(stream, _taken(stream), now, _waiting_sound(stream))

    def second(self) -> None:
        """Each second: how busy the relay is."""
        spent = time.process_time()
        self._busy = spent - self._spent_s > BUSY
        self._spent_s = spent

    def _hold(self, sound: Stream) -> None:
        if sound.pending and sound not in self._held:
            self._held.add(sound)
            asyncio.get_running_loop().call_later(_SOUND_WAITS_S, self._let_go, sound)

    def _let_go(self, sound: Stream) -> None:
        self._held.discard(sound)
        if sound.pending:
            self._forwarder.burst(sound, _taken(sound), self._clock.now_us())


def _taken(stream: Stream) -> list[Packet]:
    packets, stream.pending = stream.pending, []
    return packets


def _waiting_sound(pictures: Stream) -> Sound | None:
    """What waited of the sound these pictures go with."""
    sound = pictures.companion if pictures.kind == "video" else None
    return (sound, _taken(sound)) if sound is not None and sound.pending else None
