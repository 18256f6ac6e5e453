"""A real hls process beside a relay whose feed the test writes."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from tests.hls_media.media import opus, packetize, pictures, rtp
from tongke_streaming import frames
from tongke_streaming.clock import SystemClock
from tongke_streaming.frames import Link, Message
from tongke_streaming.hls.client import HlsClient

ROOT = Path(__file__).parents[2]
LESSON = "lesson"
KEY = "k" * 32
FPS = 20


@dataclass
class Process:
    child: asyncio.subprocess.Process
    port: int

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def media(self, path: str) -> str:
        return f"{self.base}/media/{KEY}/{path}"


async def start(folder: Path) -> Process:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.hls.serve", str(folder), cwd=ROOT, stdout=-1
    )
    assert child.stdout is not None
    async with asyncio.timeout(20):
        port = int(await child.stdout.readline())
    return Process(child, port)


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Process]:
    process = await start(folder)
    try:
        yield process
    finally:
        if process.child.returncode is None:
            process.child.terminate()
            async with asyncio.timeout(10):
                assert await process.child.wait() == 0


class FakeRelay:
    """Answers ``pull``; ``send`` goes to whoever pulled last."""

    def __init__(self) -> None:
        self.clock = SystemClock()
        self.puller: Link | None = None
        self.pulled = asyncio.Event()

    async def request(self, link: Link, do: str, fields: Message) -> Message:
        assert do == "pull"
        self.puller = link
        self.pulled.set()
        return {}

    def lost(self, link: Link) -> None:
        if self.puller is link:
            self.puller = None
            self.pulled.clear()

    def event(self, ev: str, **fields: Any) -> None:
        assert self.puller is not None
        self.puller.event(ev, lesson=LESSON, **fields)

    def packets(self, track: int, packets: Sequence[bytes], us: int) -> None:
        assert self.puller is not None
        for packet in packets:
            assert self.puller.packet(track, us, packet)

    def tracks(self, first: int, epoch: int, us: int) -> None:
        """The source is live with picture (track ``first``) and sound (``first + 1``)."""
        self.event("source", source="lead", state="live", epoch=epoch, us=us)
        self._track(first, epoch, us, "video", "H264", 90_000)
        self._track(first + 1, epoch, us, "audio", "opus", 48_000)

    def with_late_layer(self, first: int, us: int, seconds: int, late_s: int) -> None:
        """As ``media`` from segment 0 on; a smaller layer "q" joins after ``late_s`` seconds."""
        track, skipped = first + 2, late_s * FPS
        small = pictures((seconds - late_s) * FPS, width=96, height=64, idr_every=2 * FPS)
        sequence = 0
        for index, at in enumerate(self._media(first, 0, us, seconds)):
            if index == skipped:
                self._track(track, 0, at, "video", "H264", 90_000, layer="q")
            if index > skipped:  # each after the great picture of its time, and its cut
                sequence = self._small(track, sequence, small, index - skipped - 1, us, late_s)
        self._small(track, sequence, small, len(small) - 1, us, late_s)

    def _small(
        self, track: int, sequence: int, small: Sequence[Any], index: int, us: int, late_s: int
    ) -> int:
        packets = packetize(small[index].nals, sequence, index * 90_000 // FPS)
        self.packets(track, packets, us + late_s * 1_000_000 + index * 1_000_000 // FPS)
        return sequence + len(packets)

    def _track(
        self,
        number: int,
        epoch: int,
        us: int,
        kind: str,
        codec: str,
        rate: int,
        layer: str | None = None,
    ) -> None:
        self.event(
            "track",
            track=number,
            source="lead",
            epoch=epoch,
            kind=kind,
            layer=layer,
            codec=codec,
            rate=rate,
            channels=2,
            fmtp="packetization-mode=1",
        )
        self.event("map", track=number, rtp=0, us=us)

    def cut(self, seg: int, us: int, *, gap: bool = False) -> None:
        self.event("cut", source="lead", seg=seg, us=us, gap=gap)

    def media(self, first: int, seg: int, us: int, seconds: int) -> None:
        """``seconds`` of picture and sound from ``us`` on, a segment every 2 s from ``seg``."""
        for _ in self._media(first, seg, us, seconds):
            pass

    async def live(self, first: int, seg: int, us: int, seconds: int) -> None:
        """The same as ``media``, each picture at its time."""
        for at in self._media(first, seg, us, seconds):
            await asyncio.sleep(max(0, at - self.clock.now_us()) / 1e6)

    def _media(self, first: int, seg: int, us: int, seconds: int) -> Iterator[int]:
        """Sends picture by picture; yields when the next is due."""
        sequence = 0
        for index, picture in enumerate(pictures(seconds * FPS, idr_every=2 * FPS)):
            at = us + index * 1_000_000 // FPS
            yield at
            if picture.idr:
                self.cut(seg + index // (2 * FPS), at)
            packets = packetize(picture.nals, sequence, index * 90_000 // FPS)
            sequence += len(packets)
            self.packets(first, packets, at)
            self._sound(first + 1, index, us)

    def away(self, first: int, seg: int, us: int) -> None:
        self.event("gone", track=first)
        self.event("gone", track=first + 1)
        self.event("source", source="lead", state="away", epoch=0, us=us)
        self.cut(seg, us, gap=True)

    def _sound(self, track: int, index: int, us: int) -> None:
        """The 50 ms of sound beside picture ``index``."""
        payloads = opus(1.0)
        for number in range(index * 5 // 2, (index + 1) * 5 // 2):
            data = rtp(payloads[number % 50], number, number * 960, marker=False, pt=111)
            self.packets(track, [data], us + number * 20_000)


@asynccontextmanager
async def fake_relay(folder: Path) -> AsyncIterator[FakeRelay]:
    relay = FakeRelay()
    server = await frames.listen(
        folder / "relay.sock", lambda: Link(on_request=relay.request, on_lost=relay.lost)
    )
    try:
        yield relay
    finally:
        server.close()
        if relay.puller is not None:
            relay.puller.close()


@asynccontextmanager
async def web(folder: Path, heard: list[Message] | None = None) -> AsyncIterator[HlsClient]:
    client = HlsClient(folder / "hls.sock", (heard if heard is not None else []).append)
    client.start()
    try:
        yield client
    finally:
        await client.stop()


async def until_part(http: httpx2.AsyncClient, process: Process, msn: int, part: int) -> str:
    """The picture's playlist as soon as it has this part."""
    url = process.media(f"lead-v-f/index.m3u8?_HLS_msn={msn}&_HLS_part={part}")
    async with asyncio.timeout(15):
        while (response := await http.get(url)).status_code in (400, 404):
            pass  # the process has not even seen the track yet
    assert response.status_code == 200
    return response.text
