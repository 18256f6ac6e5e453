from fractions import Fraction
from pathlib import Path

import pytest
from PIL import Image

from tests.media_commands.conftest import make, picture, tone
from tongke_streaming.ingest.inspect import NotMedia, Picture, Sound, inspect
from tongke_streaming.ingest.publish import Plan, encoded_shape


def test_ready_video_is_copied(ready_video: Path) -> None:
    media = inspect(ready_video)
    assert media.picture is not None
    assert media.sound is not None
    assert media.picture.obstacles() == media.sound.obstacles() == []
    command = Plan(media, loop=True).command("ffmpeg", "http://127.0.0.1/x", 0)
    assert command[command.index("-c:v") + 1] == command[command.index("-c:a") + 1] == "copy"
    assert command[command.index("-stream_loop") + 1] == "-1"


def test_phone_video_is_encoded_upright(phone_video: Path) -> None:
    media = inspect(phone_video)
    assert media.picture is not None
    assert media.sound == Sound("aac", 44100, 1)
    assert {"B-frames", "turned by 90°"} <= set(media.picture.obstacles())
    assert encoded_shape(media.picture) == (720, 1280, 30.0)


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (Picture("hevc", "Main", "yuv420p", 3840, 2160, 60.0), (1920, 1080, 30.0)),
        (Picture("h264", "High", "yuv420p", 641, 361, 29.97), (640, 360, 29.97)),
        (
            Picture("mpeg2video", "", "yuv420p", 720, 576, 25.0, 0, Fraction(64, 45)),
            (1024, 576, 25),
        ),
        (Picture("vp9", "", "yuv420p", 1080, 2400, 5.0), (864, 1920, 15.0)),
    ],
)
def test_encoded_shape(seen: Picture, expected: tuple[int, int, float]) -> None:
    assert encoded_shape(seen) == expected


def test_long_groups_are_found(tmp_path: Path) -> None:
    x264 = ["-c:v", "libx264", "-preset", "ultrafast", "-bf", "0", "-g", "1000"]
    path = make(tmp_path / "long.mp4", *picture("320x180", 10, 6), *x264, "-sc_threshold", "0")
    media = inspect(path)
    assert media.picture is not None
    assert media.picture.obstacles() == ["keyframes 5.9 s apart"]
    assert media.sound is None


def test_sound_with_a_cover_has_no_picture(tmp_path: Path) -> None:
    cover = tmp_path / "cover.png"
    Image.new("RGB", (64, 64)).save(cover)
    song = make(
        tmp_path / "song.mp3",
        *[*tone(44100, 1), "-i", str(cover), "-map", "0", "-map", "1", "-c:v", "copy"],
        *["-disposition:v", "attached_pic"],
    )
    media = inspect(song)
    assert media.picture is None
    assert media.sound is not None


def test_what_is_no_video(tmp_path: Path, ready_video: Path) -> None:
    photo = tmp_path / "photo.jpg"
    Image.new("RGB", (64, 64)).save(photo)
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(ready_video.read_bytes()[:200])
    text = tmp_path / "text.mp4"
    text.write_text("山行")
    for path in (photo, cut, text, tmp_path, tmp_path / "none.mp4"):
        with pytest.raises(NotMedia, match=path.name):
            inspect(path)
