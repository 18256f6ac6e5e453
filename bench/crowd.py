"""A process full of light viewers: ``python -m bench.crowd {"relay": SOCKET | "janus": ADDRESS}``.

Commands come as lines: ``join N`` adds viewers, ``sample`` reports, the end of input says goodbye.
Each is answered by one JSON line. Options: ``gro`` (default true), ``checking``: how many of each
join decrypt and check everything, spread evenly over it.
"""

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

import uvloop

from tongke_streaming.rtc.client import RelayClient
from tongke_streaming.rtc.dtls import Identity

from . import replay
from .janus import JanusClient
from .rtc_client import Crowd, Remote, Viewer, offer, read_remote

_AT_ONCE = 16


class RelayDoor:
    """Signs viewers on through the relay's control socket and follows it, as web does."""

    def __init__(self, path: Path) -> None:
        self._relay = RelayClient(path, on_event=lambda _: None)

    async def open(self) -> None:
        self._relay.start()

    async def ask(self, viewer: Viewer) -> Remote:
        answer = await self._relay.request(
            "watch", lesson="bench", label="", room=None, sdp=offer(viewer, "recvonly"), timeout=60
        )
        return read_remote(answer["sdp"])

    async def close(self) -> None:
        await self._relay.stop()


class Commands:
    """Joins and samples of one crowd."""

    def __init__(self, door: RelayDoor | JanusClient, options: dict[str, Any]) -> None:
        self.crowd = Crowd()
        self._door = door
        self._gro = bool(options.get("gro", True))
        self._checking = int(options.get("checking", 8))
        self._identity = Identity()

    async def join(self, count: int) -> dict[str, Any]:
        begun, gate = time.monotonic(), asyncio.Semaphore(_AT_ONCE)
        every = max(1, count // self._checking)

        async def one(number: int) -> None:
            check = replay.check if number % every == every // 2 else None
            async with gate:
                viewer = Viewer(self._identity, gro=self._gro, check=check)
                await self.crowd.join(viewer, self._door.ask)

        await asyncio.gather(*(one(number) for number in range(count)))
        return {"joined": count, "seconds": time.monotonic() - begun}

    def sample(self) -> dict[str, Any]:
        """Totals since the start, but ``delays_us`` since the last sample."""
        viewers = self.crowd.viewers
        tracks = [track for viewer in viewers for track in viewer.tracks.values()]
        checked = [viewer.checked for viewer in viewers]
        delays = [delay for one in checked for delay in one.delays_us]
        for one in checked:
            one.delays_us.clear()
        return {
            "packets": sum(track.packets for track in tracks),
            "octets": sum(viewer.octets for viewer in viewers),
            "lost": sum(track.lost for track in tracks),
            "late": sum(track.late for track in tracks),
            "checked": sum(one.packets for one in checked),
            "damaged": sum(one.damaged for one in checked),
            "skipped": sum(one.skipped for one in checked),
            "delays_us": delays,
        }


async def run(options: dict[str, Any]) -> None:
    door = (
        RelayDoor(Path(options["relay"])) if "relay" in options else JanusClient(options["janus"])
    )
    await door.open()
    commands = Commands(door, options)
    moving = asyncio.create_task(commands.crowd.run())
    lines = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    async for line in lines:
        word, _, rest = line.decode().strip().partition(" ")
        answer = await commands.join(int(rest)) if word == "join" else commands.sample()
        print(json.dumps(answer), flush=True)
    moving.cancel()
    await asyncio.gather(moving, return_exceptions=True)
    commands.crowd.close()
    await door.close()


if __name__ == "__main__":
    uvloop.run(run(json.loads(sys.argv[1])))
