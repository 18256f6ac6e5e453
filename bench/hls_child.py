"""The server half of the HLS benchmark: a lesson of 45 minutes that goes on.

Prints ``port`` and, as JSON, what the static files beside it should be. A line on standard input
makes it go live for so many seconds: a part of picture (1 Mbit/s) and sound each half second. Then
it prints when each part came to be (CLOCK_MONOTONIC, as the viewers' process counts).
"""

import asyncio
import json
import os
import socket
import sys
import time
from pathlib import Path

import uvicorn
import uvloop

from tongke_streaming.archive.spool import Spool
from tongke_streaming.archive.store import MediaStore, open_store
from tongke_streaming.hls.library import Library
from tongke_streaming.hls.metrics import Metrics
from tongke_streaming.hls.model import InitInfo
from tongke_streaming.hls.rendition import Rendition
from tongke_streaming.hls.server import HlsApp

KEY = "bench" * 8
PART_US = 500_000
PARTS = {"lead-v-f": os.urandom(62_500), "lead-a": os.urandom(3_000)}
OLD_SEGMENTS = 45 * 60 // 2


class Lesson:
    def __init__(self, library: Library) -> None:
        self.renditions: list[Rendition] = []
        for name in PARTS:
            rendition = library.rendition("bench", name)
            rendition.init(0, b"", InitInfo("video", "avc1.42E01F", 90_000))
            self.renditions.append(rendition)
        self.count = 0
        self.at_us = time.time_ns() // 1000 - OLD_SEGMENTS * 4 * PART_US

    def part(self) -> float:
        """The next part of each rendition, four to a segment; when it was there."""
        msn, index = divmod(self.count, 4)
        for rendition in self.renditions:
            if index == 0:
                rendition.segment(msn, self.at_us, discontinuity=False, gap=False)
            data = PARTS[rendition.name]
            rendition.part(msn, index, data, PART_US, independent=index == 0)
            if index == 3:
                rendition.close(msn, 4 * PART_US)
        self.count += 1
        self.at_us += PART_US
        return time.monotonic()

    async def live(self, seconds: float) -> dict[str, float]:
        born = {}
        due = time.monotonic()
        for _ in range(int(seconds * 2)):
            due += 0.5
            await asyncio.sleep(max(0, due - time.monotonic()))
            msn, index = divmod(self.count, 4)
            started = time.monotonic()
            self.part()
            born[f"{msn}.{index}"] = started
        return born


async def serve(folder: Path) -> None:
    spool = Spool(folder / "spool", 0)
    library = Library(spool, MediaStore(open_store(f"file://{folder / 'store'}")), lambda *_: None)
    await library.open("bench", KEY)
    lesson = Lesson(library)
    for _ in range(OLD_SEGMENTS * 4):
        lesson.part()
    _write_static(folder, lesson)
    await library.recover()
    await library.uploader.idle.wait()
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    app = HlsApp(library, Metrics())
    config = uvicorn.Config(app, lifespan="off", access_log=False, log_config=None, backlog=4096)
    server = asyncio.ensure_future(uvicorn.Server(config)._serve([listener]))
    print(listener.getsockname()[1], lesson.count // 4, flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(await lesson.live(float(line))), flush=True)
    server.cancel()


def _write_static(folder: Path, lesson: Lesson) -> None:
    video = lesson.renditions[0]
    static = folder / "static"
    static.mkdir()
    (static / "full.m3u8").write_bytes(video.playlist(delta=False, gzip=True))
    (static / "delta.m3u8").write_bytes(video.playlist(delta=True, gzip=True))
    (static / "part.m4s").write_bytes(PARTS[video.name])


if __name__ == "__main__":
    uvloop.run(serve(Path(sys.argv[1])))
