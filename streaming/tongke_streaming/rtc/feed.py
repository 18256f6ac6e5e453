"""The feed to packagers: events and packets of all lessons in one order (docs/architecture.md)."""

from typing import Any

from ..frames import Link
from .rtp import Packet


class Feed:
    """Whoever asked to ``pull``. A reader that falls behind loses packets, never events."""

    def __init__(self) -> None:
        self.pullers: list[Link] = []

    def event(self, ev: str, **fields: Any) -> None:
        for link in self.pullers:
            link.event(ev, **fields)

    def packet(self, track: int, packet: Packet) -> None:
        if self.pullers:
            data = packet.to_bytes()
            for link in self.pullers:
                link.packet(track, packet.arrival_us, data)
