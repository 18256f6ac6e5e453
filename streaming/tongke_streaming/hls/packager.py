"""The relay's feed into segments and parts, for every lesson of this process."""

import asyncio
from typing import Any

from tongke_streaming.clock import Clock
from tongke_streaming.hls.model import PackagerHost
from tongke_streaming.hls.source import SourcePackager
from tongke_streaming.rtc import rtp

TICK_S = 0.05


class Packager:
    """Takes the feed of docs/architecture.md in order and tells a host of what comes of it.

    Lives on one event loop; nothing a publisher sends makes a method raise. ``tick`` wants to be
    called every 50 ms (``run`` does): lost packets are given up and missing sound is filled then.
    """

    def __init__(self, host: PackagerHost, clock: Clock) -> None:
        self._host = host
        self._clock = clock
        self._sources: dict[tuple[str, str], SourcePackager] = {}
        self._tracks: dict[int, SourcePackager] = {}

    def event(self, message: dict[str, Any]) -> None:
        """One event of the feed; kinds unknown here are passed over."""
        match message.get("ev"):
            case "source":
                source = self._source(message)
                source.state(message["state"], int(message.get("epoch", 0)), message["us"])
            case "track":
                source = self._source(message)
                self._tracks[message["track"]] = source
                source.track(message["track"], message)
            case "map":
                if (of := self._tracks.get(message["track"])) is not None:
                    of.map(message["track"], message["rtp"], message["us"])
            case "cut":
                self._source(message).cut(message["seg"], message["us"], gap=message["gap"])
            case "gone":
                if (of := self._tracks.pop(message["track"], None)) is not None:
                    of.gone(message["track"])
            case "end":
                self._end(message["lesson"], message["us"])

    def packet(self, track: int, arrival_us: int, data: bytes) -> None:
        """One RTP packet of the feed; one that is none is left out."""
        source = self._tracks.get(track)
        if source is None:
            return
        try:
            packet = rtp.parse(data)
        except ValueError:
            return
        packet.arrival_us = arrival_us
        source.packet(track, packet)

    def tick(self) -> None:
        now_us = self._clock.now_us()
        for source in self._sources.values():
            source.tick(now_us)

    async def run(self) -> None:
        """Tick until cancelled."""
        while True:
            self.tick()
            await asyncio.sleep(TICK_S)

    def interrupted(self) -> None:
        """The link to the relay is lost: close what is open. The next feed starts afresh."""
        self._tracks.clear()
        for source in self._sources.values():
            source.interrupted()

    def _source(self, message: dict[str, Any]) -> SourcePackager:
        key = (str(message["lesson"]), str(message["source"]))
        if key not in self._sources:
            self._sources[key] = SourcePackager(self._host, *key)
        return self._sources[key]

    def _end(self, lesson: str, us: int) -> None:
        for key in [key for key in self._sources if key[0] == lesson]:
            source = self._sources.pop(key)
            source.end(us)
            for track in [t for t, of in self._tracks.items() if of is source]:
                del self._tracks[track]
        self._host.ended(lesson, us)
