"""The relay as a process of its own."""

import asyncio
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ..clock import SystemClock
from ..frames import Link, listen
from .port import open_socket
from .relay import Relay


@dataclass(frozen=True)
class RelayConfig:
    """``announce``: addresses offered as candidates, ``host`` or ``host:port``; ``state_dir``: where segment numbers live."""

    control_socket: Path
    state_dir: Path
    host: str = "0.0.0.0"
    port: int = 0
    announce: list[str] = field(default_factory=lambda: ["127.0.0.1"])


async def run_relay(config: RelayConfig, *, ready: Callable[[int], None] | None = None) -> None:
    """Serve until SIGTERM, SIGINT or cancellation. ``ready`` gets the UDP port.

    Raises OSError when the media port is taken.
    """
    relay = Relay(
        open_socket(config.host, config.port), config.announce, config.state_dir, SystemClock()
    )
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    server = await listen(
        config.control_socket,
        lambda: Link(on_request=relay.request, on_lost=relay.lost),
    )
    relay.start()
    if ready is not None:
        ready(relay.port.local[1])
    try:
        await stop.wait()
    finally:
        await relay.stop()
        server.close()
