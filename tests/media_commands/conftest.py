"""Media files as people have them, made once, and a server to send them to."""

import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg
import pytest

from tests.media_commands.live_server import LiveServer, serving

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()


def make(path: Path, *arguments: str) -> Path:
    subprocess.run(
        [FFMPEG, "-nostdin", "-loglevel", "error", "-y", *arguments, str(path)], check=True
    )
    return path


def picture(size: str, rate: int, seconds: float) -> list[str]:
    return ["-f", "lavfi", "-i", f"testsrc2=size={size}:rate={rate}:duration={seconds}"]


def tone(rate: int, seconds: float) -> list[str]:
    return ["-f", "lavfi", "-i", f"sine=440:sample_rate={rate}:duration={seconds},volume=4"]


@pytest.fixture(scope="session")
def phone_video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A phone held upright: B-frames, long groups, a rotation tag, 44.1 kHz AAC."""
    folder = tmp_path_factory.mktemp("phone")
    x264 = ["-c:v", "libx264", "-preset", "ultrafast", "-bf", "3", "-x264-params", "b-adapt=0"]
    flat = make(
        folder / "flat.mp4",
        *[*picture("1280x720", 30, 6), *tone(44100, 6), *x264, "-g", "250", "-c:a", "aac"],
    )
    return make(folder / "phone.mp4", "-display_rotation", "90", "-i", str(flat), "-c", "copy")


@pytest.fixture(scope="session")
def ready_video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """H.264 and Opus as WebRTC carries them: four seconds, a keyframe every second."""
    x264 = ["-c:v", "libx264", "-preset", "ultrafast", "-bf", "0", "-g", "25"]
    return make(
        tmp_path_factory.mktemp("ready") / "ready.mkv",
        *[*picture("640x360", 25, 4), *tone(48000, 4), *x264, "-c:a", "libopus", "-ac", "2"],
    )


@dataclass
class Live:
    server: LiveServer
    whip_url: str
    whep_url: str


@pytest.fixture
async def live() -> AsyncIterator[Live]:
    server = LiveServer()
    async with serving(server) as base:
        yield Live(server, f"{base}/live/lesson/whip", f"{base}/live/lesson/whep")
        await server.close()
