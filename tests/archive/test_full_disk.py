"""A disk without room: the lesson stays live, and recording resumes by itself."""

import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import pytest

from tests.hls.cmaf import picture
from tests.hls.rig import KEY, LESSON, T0, Feeder, Rig, make_library, rig, stored

VIDEO = "lead-v-f"
RESERVE = 1 << 20


class Disk(Protocol):
    def fill(self) -> None: ...
    def free(self) -> None: ...


class SmallDisk:
    """A tmpfs of 4 MiB, mounted on the spool."""

    def __init__(self, folder: Path) -> None:
        self._ballast = folder / ".ballast"

    def fill(self) -> None:
        with self._ballast.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                return

    def free(self) -> None:
        self._ballast.unlink()


class FileLimit:
    """No file may grow: what is left where nothing can be mounted."""

    def __init__(self) -> None:
        self._before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(self) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1, self._before[1]))

    def free(self) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, self._before)


@contextmanager
def mounted(folder: Path) -> Iterator[None]:
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "tongke-test", str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def can_mount() -> bool:
    """CAP_SYS_ADMIN (capability 21)."""
    status = dict(
        line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines()
    )
    return bool(int(status["CapEff"], 16) >> 21 & 1)


@pytest.fixture(params=["limit", "tmpfs"] if can_mount() else ["limit"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    folder = tmp_path / "spool"
    folder.mkdir()
    if request.param == "tmpfs":
        with mounted(folder):
            yield SmallDisk(folder)
        return
    limit = FileLimit()
    try:
        yield limit
    finally:
        limit.free()


def reserve(disk: Disk) -> int:
    return RESERVE if isinstance(disk, SmallDisk) else 0


async def begin(made: Rig, segments: int) -> Feeder:
    await made.library.open(LESSON, KEY)
    made.library.timeline(LESSON, "lead", T0)
    feeder = Feeder(made.library.rendition(LESSON, VIDEO), picture(4))
    feeder.segments(segments)
    return feeder


async def test_recording_stops_and_resumes(tmp_path: Path, disk: Disk) -> None:
    async with rig(tmp_path, min_free=reserve(disk)) as made, made.client() as client:
        feeder = await begin(made, 2)
        assert made.news == [(LESSON, "ok", "")]
        await stored(made.library)
        disk.fill()
        feeder.segments(3)
        assert made.news[1:] == [(LESSON, "stopped", "disk_full")]
        status = (await made.library.get(LESSON)).status()
        assert (status["recording"], status["reason"]) == ("stopped", "disk_full")
        live = (await client.get(made.media(VIDEO))).text
        assert "EXT-X-GAP" not in live
        for msn in range(5):
            response = await client.get(made.media(VIDEO, f"{msn}.m4s"))
            assert response.status_code == 200, "live goes on from memory"
        disk.free()
        feeder.segments(15)
        assert made.news[2:] == [(LESSON, "ok", "")]
        later = (await client.get(made.media(VIDEO))).text
        assert gaps(later) == ["2", "3", "4"]
        assert (await client.get(made.media(VIDEO, "3.m4s"))).status_code == 404
        made.library.ended(LESSON, feeder.at_us)
        await stored(made.library)
    async with rig(tmp_path) as made, made.client() as client:
        replay = (await client.get(made.media(VIDEO))).text
        assert gaps(replay) == ["2", "3", "4"]
        assert replay.count("#EXTINF:2.000000,") == 20
        for msn in (0, 1, 5, 19):
            response = await client.get(made.media(VIDEO, f"{msn}.m4s"))
            assert len(response.content) == sum(
                len(picture(4).parts[(msn * 4 + index) % 8].data) for index in range(4)
            )


def gaps(text: str) -> list[str]:
    lines = text.splitlines()
    return [
        lines[index + 2].removesuffix(".m4s")
        for index, line in enumerate(lines)
        if line == "#EXT-X-GAP"
    ]


async def test_full_in_the_middle_of_a_segment(tmp_path: Path, disk: Disk) -> None:
    """No reserve: the write itself is refused, of parts and of the journal's lines."""
    library = make_library(tmp_path)
    await library.open(LESSON, KEY)
    feeder = Feeder(library.rendition(LESSON, VIDEO), picture(4))
    feeder.segments(1)
    feeder.one()
    disk.fill()
    feeder.one()
    assert not (tmp_path / "spool" / LESSON / VIDEO / "1.m4s").exists(), "its room is given back"
    disk.fill()
    feeder.segments(1)
    disk.free()
    for _ in range(6):
        feeder.one()
    async with rig(tmp_path) as made, made.client() as client:
        lesson = await made.library.get(LESSON)
        segments = lesson.renditions[VIDEO].segments
        assert [segment.absent for segment in segments] == [False, True, True, False]
        assert (await client.get(made.media(VIDEO, "3.m4s"))).status_code == 200
        assert lesson.recorder.state == "idle"
