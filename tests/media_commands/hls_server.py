"""A live LL-HLS lesson of the test's own: fragments made by ffmpeg, given out as time passes."""

import asyncio
import struct
import time
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from tests.media_commands.conftest import make, picture

PART_S = 0.5
PARTS_A_SEGMENT = 4

Message = MutableMapping[str, Any]


def boxes(data: bytes) -> list[tuple[bytes, bytes]]:
    """(type, whole box) of each top-level box (ISO 14496-12, 4.2)."""
    found, at = [], 0
    while at < len(data):
        size, name = struct.unpack_from(">I4s", data, at)
        found.append((name, data[at : at + size]))
        at += size
    return found


def fragments(path: Path, seconds: float) -> tuple[bytes, list[bytes]]:
    """Init section and half-second fragments, a keyframe every two seconds."""
    make(
        path,
        *picture("320x180", 20, seconds),
        *["-c:v", "libx264", "-preset", "ultrafast", "-bf", "0", "-g", "40"],
        *["-movflags", "cmaf+empty_moov", "-frag_duration", "500000"],
    )
    parsed = boxes(path.read_bytes())
    init = b"".join(box for name, box in parsed if name in {b"ftyp", b"moov"})
    moofs = [index for index, (name, _) in enumerate(parsed) if name == b"moof"]
    return init, [parsed[index][1] + parsed[index + 1][1] for index in moofs]


class LiveHls:
    """``stall_at``: this part comes ``stall_s`` late, and all after it."""

    def __init__(self, init: bytes, parts: list[bytes]) -> None:
        self._init = init
        self._parts = parts
        self._before = PARTS_A_SEGMENT * 2
        self._began = 0.0
        self.stall_at: int | None = None
        self.stall_s = 0.0
        self.token: str | None = None
        self.media_authorization: set[str] = set()
        self.blocked = 0

    def due(self, part: int) -> float:
        """UTC seconds at which a part exists; the first eight are there at once."""
        late = self.stall_s if self.stall_at is not None and part >= self.stall_at else 0.0
        return self._began + max(0, part + 1 - self._before) * PART_S + late

    def _made(self) -> int:
        now = time.time()
        return sum(1 for part in range(len(self._parts)) if self.due(part) <= now)

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        headers = dict(scope["headers"])
        status, body = await self._answer(
            scope["path"].rsplit("/", 1)[-1], scope["query_string"].decode(), headers
        )
        start = {"type": "http.response.start", "status": status, "headers": []}
        await send({**start, "headers": [(b"content-length", str(len(body)).encode())]})
        await send({"type": "http.response.body", "body": body})

    async def _answer(
        self, name: str, query: str, headers: dict[bytes, bytes]
    ) -> tuple[int, bytes]:
        authorization = headers.get(b"authorization", b"").decode()
        if name == "index.m3u8":
            # The lesson begins with its viewer, however long that one takes to start.
            self._began = self._began or time.time()
            if self.token is not None and authorization != f"Bearer {self.token}":
                return 403, b'{"detail":"This code is for another lesson."}'
            return 200, b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=500000\nv.m3u8\n"
        self.media_authorization.add(authorization)
        if name == "v.m3u8":
            await self._block(parse_qs(query))
            return 200, self._playlist().encode()
        if name == "init.mp4":
            return 200, self._init
        return await self._media(name)

    async def _block(self, ask: dict[str, list[str]]) -> None:
        if "_HLS_msn" in ask:
            self.blocked += 1
            part = int(ask["_HLS_msn"][0]) * PARTS_A_SEGMENT + int(ask["_HLS_part"][0])
            await asyncio.sleep(max(0.0, self.due(min(part, len(self._parts) - 1)) - time.time()))

    async def _media(self, name: str) -> tuple[int, bytes]:
        numbers = [int(text) for text in name.removesuffix(".m4s").split(".")]
        first = numbers[0] * PARTS_A_SEGMENT
        if len(numbers) == 2:
            return 200, self._parts[first + numbers[1]]
        return 200, b"".join(self._parts[first : first + PARTS_A_SEGMENT])

    def _playlist(self) -> str:
        made = self._made()
        start = datetime.fromtimestamp(self._began - self._before * PART_S, UTC)
        lines = [
            "#EXTM3U",
            "#EXT-X-TARGETDURATION:2",
            f"#EXT-X-PART-INF:PART-TARGET={PART_S}",
            f"#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK={3 * PART_S}",
            '#EXT-X-MAP:URI="init.mp4"',
            f"#EXT-X-PROGRAM-DATE-TIME:{start.isoformat()}",
        ]
        for part in range(made):
            msn, index = divmod(part, PARTS_A_SEGMENT)
            alone = ",INDEPENDENT=YES" if index == 0 else ""
            lines.append(f'#EXT-X-PART:DURATION={PART_S},URI="{msn}.{index}.m4s"{alone}')
            if index == PARTS_A_SEGMENT - 1:
                lines += [f"#EXTINF:{PART_S * PARTS_A_SEGMENT},", f"{msn}.m4s"]
        if made == len(self._parts):
            lines.append("#EXT-X-ENDLIST")
        return "\n".join(lines) + "\n"
