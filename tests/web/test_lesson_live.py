"""A lesson from the button to the replay, in real browsers over the real server."""

import asyncio
import re
from pathlib import Path

import httpx2

from tests.udp_link import udp_link
from tests.web.browsing import Browsing
from tests.web.lesson_pages import (
    NO_WEBRTC,
    end_lesson,
    go_live,
    heard,
    moves,
    open_room,
    teach,
    watches,
)
from tests.web.live_server import LiveServer, Seed, free_port
from tests.web.waiting import until


async def _playlists(server: LiveServer, seed: Seed) -> dict[str, str]:
    """Media playlists of the replay by rendition."""
    async with httpx2.AsyncClient(headers=seed.headers) as client:
        answer = await client.get(f"{server.base_url}/replay/{seed.lesson.id}/index.m3u8")
        assert answer.status_code == 200, answer.text
        found = {}
        for address in re.findall(r'https?://[^\s"]+', answer.text):
            found[address.split("/")[-2]] = (await client.get(address)).text
        return found


def _gap_runs(playlist: str) -> int:
    """How many separate stretches of gap segments a playlist marks."""
    segments = re.findall(r"((?:#[^\n]*\n)*)([^#\n]+)\n", playlist)
    gaps = ["#EXT-X-GAP" in tags.split("\n") for tags, _ in segments]
    return sum(1 for i, gap in enumerate(gaps) if gap and not (i and gaps[i - 1]))


async def recorded_after_gap(server: LiveServer, seed: Seed, gaps: int) -> None:
    """Wait until the lowest picture and the sound are being recorded after this many gaps.

    What a room shows says nothing of that: it plays its buffer on for a second or two.
    """
    async with asyncio.timeout(30):
        while True:
            playlists = await _playlists(server, seed)
            wanted = [playlists.get(name, "") for name in ("lead-a", "lead-v-q")]
            tails = [text.rpartition("#EXT-X-GAP\n")[2] for text in wanted]
            if all(_gap_runs(text) == gaps for text in wanted) and all(
                "#EXT-X-PART:" in tail or tail.count("#EXTINF") > 1 for tail in tails
            ):
                return
            # Playlists tell of the next part only to who asks again.
            await asyncio.sleep(0.2)


async def segments_pass(server: LiveServer, seed: Seed, count: int) -> None:
    """Wait until so many more segments of the sound are over."""
    first: int | None = None
    async with asyncio.timeout(30):
        while True:
            over = (await _playlists(server, seed)).get("lead-a", "").count("#EXTINF:")
            first = over if first is None else first
            if over >= first + count:
                return
            # Playlists tell of the next segment only to who asks again.
            await asyncio.sleep(0.2)


async def test_a_lesson_reaches_classrooms_and_is_on_demand_at_the_bell(
    browsing: Browsing, demo_server: LiveServer
) -> None:
    seed = await demo_server.seed(rooms=2)
    desk = await teach(browsing, demo_server, seed)
    by_webrtc = await open_room(browsing, demo_server, seed, 0)
    await until(by_webrtc, "tongke.saying === 'waiting'")
    await go_live(desk)
    by_hls = await open_room(browsing, demo_server, seed, 1, NO_WEBRTC)
    await watches(by_webrtc, "whep")
    await watches(by_hls, "hls", 25)
    for room in (by_webrtc, by_hls):
        assert await moves(room)
        assert await heard(room)
    # The teacher sees both rooms and what they get.
    seen = "tongke.snapshot.rooms.filter((room) => room.state === 'watching')"
    await until(desk, f"{seen}.length === 2")
    carriers = await desk.evaluate(f"() => {seen}.map((room) => room.carrier).sort()")
    assert carriers == ["hls", "whep"]
    await end_lesson(desk)
    for room in (by_webrtc, by_hls):
        await until(room, "tongke.saying === 'ended'")
    await desk.click("a[href*='replay']")
    await desk.wait_for_selector("#start")
    await desk.click("#start")
    await until(desk, "tongke.position > 0.5")
    assert await moves(desk)
    assert await heard(desk)
    playlists = await _playlists(demo_server, seed)
    assert all("#EXT-X-ENDLIST" in text for text in playlists.values())


async def test_a_link_lost_twice_is_one_replay_with_two_marked_gaps(
    browsing: Browsing, tmp_path: Path
) -> None:
    port = free_port()
    async with (
        LiveServer.running(tmp_path, TONGKE_MEDIA_ANNOUNCE=f"127.0.0.1:{port}") as server,
        udp_link(("127.0.0.1", server.media_port), port=port) as link,
    ):
        seed = await server.seed(rooms=1)
        desk = await teach(browsing, server, seed)
        await go_live(desk)
        room = await open_room(browsing, server, seed, 0, NO_WEBRTC)
        await watches(room, "hls", 25)
        # The link goes down and comes back: the page finds its way by itself.
        link.down = True
        await until(room, "tongke.saying === 'away'", 15)
        link.down = False
        await until(desk, "tongke.snapshot.source.state === 'live'", 30)
        await watches(room, "hls", 25)
        # The teacher's browser dies and she opens the page again.
        await desk.context.close()
        await until(room, "tongke.saying === 'away'", 15)
        desk = await teach(browsing, server, seed)
        await go_live(desk)
        await watches(room, "hls", 25)
        assert await moves(room)
        await recorded_after_gap(server, seed, 2)
        await end_lesson(desk)
        playlists = await _playlists(server, seed)
        # Chromium may hold the upper layers back for a while, which is a gap of theirs alone.
        for name in ("lead-a", "lead-v-q"):
            assert _gap_runs(playlists[name]) == 2, playlists[name]
            assert playlists[name].count("#EXT-X-DISCONTINUITY\n") >= 2
        assert all(text.count("#EXT-X-ENDLIST") == 1 for text in playlists.values())
        await desk.click("a[href*='replay']")
        await until(desk, "tongke.gaps.length === 2")


async def test_blocked_udp_falls_to_hls_and_comes_back(browsing: Browsing, tmp_path: Path) -> None:
    port = free_port()
    async with (
        LiveServer.running(tmp_path, TONGKE_MEDIA_ANNOUNCE=f"127.0.0.1:{port}") as server,
        udp_link(("127.0.0.1", server.media_port), port=port) as link,
    ):
        seed = await server.seed(rooms=1)
        desk = await teach(browsing, server, seed)
        await go_live(desk)
        link.refuse_new = True
        room = await open_room(browsing, server, seed)
        await watches(room, "hls", 20)
        assert await moves(room)
        link.refuse_new = False
        await watches(room, "whep", 60)
        assert await moves(room)
