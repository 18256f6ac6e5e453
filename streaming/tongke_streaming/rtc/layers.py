"""Which simulcast layer a viewer gets: never a broken picture on a thin link, and up again by itself.

Fed once a second with what the viewer reports. Down at once on loss or when its own estimate (REMB)
says so; up after a clean while, and when an attempt failed, later the next time.
"""

from dataclasses import dataclass

_LOSS_DOWN = 0.08
_LOSS_CLEAN = 0.02
_FIRST_WAIT_S = 3.0
_LONGEST_WAIT_S = 60.0
_HEADROOM = 1.15
# A receiver's estimate grows some 8 % a second: for this long after a step up it says little about
# the new layer, only its fall does.
_GRACE_S = 10.0


@dataclass
class Offered:
    """A layer that is there now: its name and what it takes, bit/s."""

    name: str
    bitrate: float


class LayerChooser:
    """One viewer's place on the ladder. Times in seconds of any steady clock."""

    def __init__(self, cap: str | None = None) -> None:
        self._cap = cap
        self._wait_s = _FIRST_WAIT_S
        self._clean_since: float | None = None
        self._rose_at: float | None = None
        self._remb_at_rise: float | None = None
        self._place = 0
        self.wanted: str | None = None

    def choose(
        self, layers: list[Offered], now: float, loss: float, remb: float | None
    ) -> str | None:
        """The layer to send, of ``layers`` ordered from the thinnest. None when there is none."""
        if self._cap is not None and any(o.name == self._cap for o in layers):
            layers = layers[: 1 + next(i for i, o in enumerate(layers) if o.name == self._cap)]
        if not layers:
            return self.wanted
        names = [o.name for o in layers]
        if self.wanted in names:
            place = names.index(self.wanted)
        else:
            # The publisher turned a layer off: the next thinner one, not the thinnest.
            place = min(self._place, len(layers) - 1)
            self._clean_since = now
        self._place = self._move(layers, place, now, loss, remb)
        self.wanted = names[self._place]
        return self.wanted

    def _move(
        self, layers: list[Offered], place: int, now: float, loss: float, remb: float | None
    ) -> int:
        if place > 0 and (loss > _LOSS_DOWN or self._thin(layers[place], now, remb)):
            if self._rose_at is not None and now - self._rose_at < 2 * _GRACE_S:
                self._wait_s = min(_LONGEST_WAIT_S, self._wait_s * 2)
            self._clean_since = None
            self._rose_at = None
            return place - 1
        if loss > _LOSS_CLEAN:
            self._clean_since = None
            return place
        if self._clean_since is None:
            self._clean_since = now
        if self._rose_at is not None and now - self._rose_at > 20:
            self._wait_s, self._rose_at = _FIRST_WAIT_S, None
        if place + 1 < len(layers) and now - self._clean_since >= self._patience(
            layers[place + 1], remb
        ):
            self._rose_at = self._clean_since = now
            self._remb_at_rise = remb
            return place + 1
        return place

    def _thin(self, layer: Offered, now: float, remb: float | None) -> bool:
        """Whether the viewer's own estimate says this layer is too much for its link."""
        if remb is None:
            return False
        if self._rose_at is not None and now - self._rose_at < _GRACE_S:
            return self._remb_at_rise is not None and remb < self._remb_at_rise * 0.9
        return remb < layer.bitrate * 0.85

    def _patience(self, above: Offered, remb: float | None) -> float:
        """An estimate that already carries the next layer shortens the wait before trying it.

        A receiver's estimate grows only to about 1.5 times what it is sent, so waiting for it to
        reach the next layer would wait for ever: a try is the probe.
        """
        certain = remb is not None and remb > above.bitrate * _HEADROOM
        # Shortened, not skipped: an estimate made of delays alone knows nothing of a policer's loss.
        return self._wait_s / 3 if certain else self._wait_s
