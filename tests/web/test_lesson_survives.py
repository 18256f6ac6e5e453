"""What a lesson lives through: a killed server, a full disk, a second page of the same teacher."""

import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2

from tests.web.browsing import Browsing
from tests.web.lesson_pages import NO_WEBRTC, end_lesson, go_live, moves, open_room, teach, watches
from tests.web.live_server import LiveServer, Seed
from tests.web.test_lesson_live import recorded_after_gap, segments_pass
from tests.web.waiting import until

MIB = 1 << 20


async def _replay(
    server: LiveServer, seed: Seed, rendition: str
) -> list[tuple[datetime, float, bool]]:
    """Segments of a rendition of the replay: start, seconds, whether it is a gap."""
    async with httpx2.AsyncClient(headers=seed.headers) as client:
        top = (await client.get(f"{server.base_url}/replay/{seed.lesson.id}/index.m3u8")).text
        address = next(a for a in re.findall(r'https?://[^\s"]+', top) if f"/{rendition}/" in a)
        text = (await client.get(address)).text
    assert "#EXT-X-ENDLIST" in text
    segments = []
    start, gap, seconds = datetime.min.replace(tzinfo=UTC), False, 0.0
    for line in text.splitlines():
        if line.startswith("#EXT-X-PROGRAM-DATE-TIME:"):
            start = datetime.fromisoformat(line.split(":", 1)[1])
        elif line == "#EXT-X-GAP":
            gap = True
        elif line.startswith("#EXTINF:"):
            seconds = float(line[8:].rstrip(","))
        elif line and not line.startswith("#"):
            segments.append((start, seconds, gap))
            gap = False
    return segments


async def test_a_server_killed_in_mid_lesson_loses_at_most_a_second(
    browsing: Browsing, tmp_path: Path
) -> None:
    async with LiveServer.running(tmp_path) as server:
        seed = await server.seed(rooms=2)
        desk = await teach(browsing, server, seed)
        await go_live(desk)
        by_webrtc = await open_room(browsing, server, seed, 0)
        by_hls = await open_room(browsing, server, seed, 1, NO_WEBRTC)
        await watches(by_webrtc, "whep")
        await watches(by_hls, "hls", 25)
        killed = datetime.now(UTC)
        await server.kill()
        await until(by_webrtc, "tongke.saying === 'broken'", 15)
        await server.start()
        # Nobody touches anything: the desk and both rooms find their way back.
        await until(desk, "tongke.state === 'live'", 40)
        await watches(by_webrtc, "whep", 60)
        await watches(by_hls, "hls", 60)
        assert await moves(by_webrtc)
        assert await moves(by_hls)
        await recorded_after_gap(server, seed, 1)
        await end_lesson(desk)
        for rendition in ("lead-a", "lead-v-q"):
            segments = await _replay(server, seed, rendition)
            first_gap = next(i for i, (_, _, gap) in enumerate(segments) if gap)
            start, seconds, _ = segments[first_gap - 1]
            kept_until = start + timedelta(seconds=seconds)
            assert kept_until > killed - timedelta(seconds=1), rendition
            assert not all(gap for _, _, gap in segments[first_gap:]), "the lesson goes on"
        await desk.click("a[href*='replay']")
        await until(desk, "tongke.gaps.length >= 1")


async def test_a_full_disk_stops_the_recording_not_the_lesson(
    browsing: Browsing, tmp_path: Path
) -> None:
    stat = os.statvfs(tmp_path)
    reserve = stat.f_bavail * stat.f_frsize - 128 * MIB
    async with LiveServer.running(tmp_path, TONGKE_MIN_FREE_BYTES=str(reserve)) as server:
        seed = await server.seed(rooms=1)
        desk = await teach(browsing, server, seed)
        await go_live(desk)
        room = await open_room(browsing, server, seed, 0, NO_WEBRTC)
        await watches(room, "hls", 25)
        await until(desk, "tongke.snapshot.recording.state === 'ok'")
        ballast = tmp_path / "ballast"
        with ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, 256 * MIB)
        await until(desk, "tongke.snapshot.recording.state === 'stopped'", 20)
        assert await desk.is_visible("#notices .notice")
        assert await moves(room)
        await segments_pass(server, seed, 2)  # one of them has no room from its first part on
        ballast.unlink()
        await until(desk, "tongke.snapshot.recording.state === 'ok'", 20)
        await segments_pass(server, seed, 2)
        await watches(room, "hls")
        await end_lesson(desk)
        segments = await _replay(server, seed, "lead-a")
        first_gap = next(i for i, (_, _, gap) in enumerate(segments) if gap)
        assert not all(gap for _, _, gap in segments[first_gap:]), "recording resumes"


async def test_a_second_page_of_the_same_teacher_takes_over(
    browsing: Browsing, demo_server: LiveServer
) -> None:
    seed = await demo_server.seed(rooms=1)
    first = await teach(browsing, demo_server, seed)
    await go_live(first)
    room = await open_room(browsing, demo_server, seed)
    await watches(room, "whep")
    second = await teach(browsing, demo_server, seed)
    await go_live(second)
    await watches(room, "whep", 20)
    assert await moves(room)
    # The first page does not fight for the lesson.
    await until(first, "tongke.state !== 'live'", 15)
    await first.wait_for_selector("#begin:enabled")
    assert await second.evaluate("() => tongke.state") == "live"
    await end_lesson(second)
