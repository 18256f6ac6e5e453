"""aiortc as publisher and viewer: an independent implementation of everything on the wire."""

import asyncio
import fractions
import random
from collections.abc import Awaitable, Callable
from typing import Any

import av
from aiortc import (
    MediaStreamTrack,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError

from tests.rtc.waiting import PATIENCE_S, Arrivals

Exchange = Callable[[str], Awaitable[str]]


class Generated(MediaStreamTrack):
    """Thirty pictures a second whose brightness counts, or quiet sound."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self._count = 0
        self._start = asyncio.get_running_loop().time()

    async def recv(self) -> Any:
        step = 1 / 30 if self.kind == "video" else 0.02
        due = self._start + self._count * step
        await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))
        frame = self._picture() if self.kind == "video" else self._sound()
        self._count += 1
        return frame

    def _picture(self) -> av.VideoFrame:
        frame = av.VideoFrame(320, 180, "yuv420p")
        for plane in frame.planes:
            plane.update(bytes([self._count * 5 % 256]) * plane.buffer_size)
        # A stripe of noise: pictures of several packets, so that a lossy link has something to
        # lose, but few enough for the 128 that aiortc keeps for retransmission.
        stripe = random.Random(self._count).randbytes(320 * 24)
        luma = frame.planes[0]
        luma.update(stripe + bytes([self._count * 5 % 256]) * (luma.buffer_size - len(stripe)))
        frame.pts, frame.time_base = self._count * 3000, fractions.Fraction(1, 90000)
        return frame

    def _sound(self) -> av.AudioFrame:
        frame = av.AudioFrame(format="s16", layout="mono", samples=960)
        frame.planes[0].update(bytes(1920))
        frame.sample_rate = 48000
        frame.pts, frame.time_base = self._count * 960, fractions.Fraction(1, 48000)
        return frame


def _only_h264(connection: RTCPeerConnection) -> None:
    codecs = RTCRtpSender.getCapabilities("video").codecs
    wanted = [c for c in codecs if c.mimeType in ("video/H264", "video/rtx")]
    for transceiver in connection.getTransceivers():
        if transceiver.kind == "video":
            transceiver.setCodecPreferences(wanted)


async def _negotiate(connection: RTCPeerConnection, exchange: Exchange) -> None:
    _only_h264(connection)
    connected = asyncio.Event()

    @connection.on("connectionstatechange")
    def changed() -> None:
        if connection.connectionState == "connected":
            connected.set()

    await connection.setLocalDescription(await connection.createOffer())
    answer = await exchange(connection.localDescription.sdp)
    await connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    async with asyncio.timeout(PATIENCE_S):
        await connected.wait()


async def publish(exchange: Exchange) -> RTCPeerConnection:
    connection = RTCPeerConnection()
    connection.addTrack(Generated("video"))
    connection.addTrack(Generated("audio"))
    await _negotiate(connection, exchange)
    return connection


class Viewer:
    """``frames`` are (kind, decoded frame)."""

    def __init__(self) -> None:
        self.connection = RTCPeerConnection()
        self.frames: Arrivals[tuple[str, Any]] = Arrivals()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, exchange: Exchange) -> "Viewer":
        for kind in ("video", "audio"):
            self.connection.addTransceiver(kind, direction="recvonly")

        @self.connection.on("track")
        def take(track: MediaStreamTrack) -> None:
            self._tasks.append(asyncio.get_running_loop().create_task(self._pull(track)))

        await _negotiate(self.connection, exchange)
        return self

    async def _pull(self, track: MediaStreamTrack) -> None:
        try:
            while True:
                self.frames.put((track.kind, await track.recv()))
        except MediaStreamError:
            return

    async def sees(self, *, after: int = 0, timeout: float = PATIENCE_S) -> Any:
        return await self.frames.until(lambda f: f[0] == "video", after=after, timeout=timeout)

    async def hears(self, *, after: int = 0) -> Any:
        return await self.frames.until(lambda f: f[0] == "audio", after=after)

    async def close(self) -> None:
        await self.connection.close()
        await asyncio.gather(*self._tasks)
