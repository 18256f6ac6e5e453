"""A WHIP and WHEP server on aiortc: what the commands talk to when no relay is wanted."""

import array
import asyncio
import fractions
import math
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import av
import uvicorn
from aiortc import MediaStreamTrack, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError

TONE = array.array("h", (round(3000 * math.sin(i / 16)) for i in range(960))).tobytes()

Message = MutableMapping[str, Any]


@dataclass
class Received:
    """What one publisher sent: sizes of its pictures and how much of its sound."""

    offer: str
    sizes: list[tuple[int, int]] = field(default_factory=list)
    sound_frames: int = 0
    loudest: int = 0
    picture_seen: asyncio.Event = field(default_factory=asyncio.Event)
    sound_seen: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)


class Generated(MediaStreamTrack):
    """Thirty grey pictures a second, or a quiet tone in 20 ms frames."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self._count = 0
        self._start = asyncio.get_running_loop().time()

    async def recv(self) -> Any:
        step = 1 / 30 if self.kind == "video" else 0.02
        wait = self._start + self._count * step - asyncio.get_running_loop().time()
        await asyncio.sleep(max(0.0, wait))
        frame = self._picture() if self.kind == "video" else self._sound()
        self._count += 1
        return frame

    def _picture(self) -> av.VideoFrame:
        frame = av.VideoFrame(320, 180, "yuv420p")
        for plane in frame.planes:
            plane.update(bytes([self._count % 256]) * plane.buffer_size)
        frame.pts, frame.time_base = self._count * 3000, fractions.Fraction(1, 90000)
        return frame

    def _sound(self) -> av.AudioFrame:
        frame = av.AudioFrame(format="s16", layout="mono", samples=960)
        frame.planes[0].update(TONE)
        frame.sample_rate = 48000
        frame.pts, frame.time_base = self._count * 960, fractions.Fraction(1, 48000)
        return frame


def _loudest(frame: av.AudioFrame) -> int:
    return max(abs(sample) for sample in array.array("h", bytes(frame.planes[0])))


class LiveServer:
    """``refuse`` answers every POST with (status, headers, body) while it is set."""

    def __init__(self) -> None:
        self.publishers: asyncio.Queue[Received] = asyncio.Queue()
        self.refuse: tuple[int, dict[str, str], bytes] | None = None
        self.token: str | None = None
        self.seen_authorization: list[str] = []
        self.deleted: asyncio.Queue[str] = asyncio.Queue()
        self._sessions: dict[str, tuple[RTCPeerConnection, Received | None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        assert scope["type"] == "http"
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        status, answer_headers, answer = await self._answer(
            scope["method"], scope["path"], headers, body
        )
        pairs = [(name.encode(), value.encode()) for name, value in answer_headers.items()]
        pairs.append((b"content-length", str(len(answer)).encode()))
        await send({"type": "http.response.start", "status": status, "headers": pairs})
        await send({"type": "http.response.body", "body": answer})

    async def _answer(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        authorization = headers.get("authorization", "")
        self.seen_authorization.append(authorization)
        if self.token is not None and authorization != f"Bearer {self.token}":
            return 401, {"content-type": "application/problem+json"}, b'{"detail":"No token."}'
        if method == "POST":
            return self.refuse or await self._start(path, body.decode())
        session = path.rsplit("/", 1)[-1]
        if session not in self._sessions:
            return 404, {}, b""
        if method == "DELETE":
            await self._end(session)
            self.deleted.put_nowait(session)
            return 200, {}, b""
        return (204, {}, b"") if method == "PATCH" else (405, {}, b"")

    async def _start(self, path: str, offer: str) -> tuple[int, dict[str, str], bytes]:
        connection = RTCPeerConnection()
        session = f"s{len(self._sessions)}"
        received = Received(offer) if path.endswith("/whip") else None
        self._sessions[session] = (connection, received)
        if received is not None:
            connection.on("track", lambda track: self._keep(self._take(track, received)))
        await connection.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        if received is None:
            for transceiver in connection.getTransceivers():
                connection.addTrack(Generated(transceiver.kind))
        await connection.setLocalDescription(await connection.createAnswer())
        if received is not None:
            self.publishers.put_nowait(received)
        headers = {
            "content-type": "application/sdp",
            "location": f"{path}/{session}",
            "etag": '"one"',
        }
        return 201, headers, connection.localDescription.sdp.encode()

    def _keep(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _take(self, track: MediaStreamTrack, received: Received) -> None:
        with suppress(MediaStreamError):
            while True:
                frame: Any = await track.recv()
                if track.kind == "video":
                    received.sizes.append((frame.width, frame.height))
                    received.picture_seen.set()
                else:
                    received.sound_frames += 1
                    received.loudest = max(received.loudest, _loudest(frame))
                    received.sound_seen.set()
        received.ended.set()

    async def _end(self, session: str) -> None:
        connection, received = self._sessions.pop(session)
        await connection.close()
        if received is not None:
            received.ended.set()

    async def lose_sessions(self) -> None:
        """As a server that restarts: nobody is told."""
        for session in list(self._sessions):
            await self._end(session)

    async def close(self) -> None:
        await self.lose_sessions()
        for task in list(self._tasks):
            task.cancel()


class _Uvicorn(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()


@asynccontextmanager
async def serving(app: Any) -> AsyncIterator[str]:
    """Serve an ASGI application on a free loopback port; gives its base address."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = _Uvicorn(uvicorn.Config(app, log_level="error", lifespan="off", access_log=False))
    task = asyncio.create_task(server._serve([listening]))
    await server.up.wait()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        server.force_exit = True
        await task
