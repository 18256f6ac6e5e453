"""Who may not watch any more is out in seconds; everybody else plays on, and nobody does anything."""

import asyncio
import re
from pathlib import Path

import httpx2
from playwright.async_api import Page, Route

from tests.web.browsing import Browsing
from tests.web.lesson_pages import (
    NO_WEBRTC,
    end_lesson,
    go_live,
    moves,
    open_room,
    teach,
    watches,
)
from tests.web.live_server import LiveServer, Seed
from tests.web.waiting import until
from tongke_platform.people.roles import Role

# How long the picture stood still at most since this was put into the page.
_WATCH_STILLS = """() => {
    window.stillMs = 0;
    let last = performance.now();
    const seen = () => {
        const now = performance.now();
        window.stillMs = Math.max(window.stillMs, now - last);
        last = now;
        tongke.video?.requestVideoFrameCallback(seen);
    };
    tongke.video.requestVideoFrameCallback(seen);
}"""


class Paths:
    """The secret paths a page asks under, in the order it begins with them."""

    def __init__(self, page: Page) -> None:
        self.seen: list[str] = []
        self._grown = asyncio.Event()
        page.on("request", lambda request: self._take(request.url))

    def _take(self, url: str) -> None:
        found = re.match(r"(.*/media/[\w-]+/).+-v-.*\.m4s", url)
        if found and found[1] not in self.seen:
            self.seen.append(found[1])
            self._grown.set()

    async def until(self, count: int) -> None:
        async with asyncio.timeout(10):
            while len(self.seen) < count:
                self._grown.clear()
                await self._grown.wait()


async def _playlist(server: LiveServer, seed: Seed, number: int) -> httpx2.Response:
    address = f"{server.base_url}/live/{seed.lesson.id}/hls/index.m3u8"
    async with httpx2.AsyncClient(trust_env=False) as client:
        return await client.get(address, params={"token": seed.rooms[number].token})


async def _revoke(server: LiveServer, seed: Seed, number: int) -> None:
    admin = await server.make.bearer(await server.make.person(role=Role.ADMIN))
    address = f"{server.base_url}/api/rooms/{seed.rooms[number].id}/address/revoke"
    async with httpx2.AsyncClient(trust_env=False, headers=admin) as client:
        assert (await client.post(address)).is_success


async def _end_logins(server: LiveServer, seed: Seed) -> None:
    async with httpx2.AsyncClient(trust_env=False, headers=seed.headers) as client:
        assert (await client.delete(f"{server.base_url}/api/me/sessions")).is_success


async def test_a_room_whose_address_is_revoked_is_out_and_the_other_plays_on(
    browsing: Browsing, demo_server: LiveServer
) -> None:
    server, seed = demo_server, await demo_server.seed(rooms=2)
    desk = await teach(browsing, server, seed)
    await go_live(desk)
    out, stays = [await open_room(browsing, server, seed, one, NO_WEBRTC) for one in (0, 1)]
    paths = Paths(stays)
    for room in (out, stays):
        await watches(room, "hls", 25)
    await paths.until(1)
    await stays.evaluate(_WATCH_STILLS)
    front = await stays.evaluate("() => tongke.video.id")
    await _revoke(server, seed, 0)
    await until(out, "tongke.state !== 'playing'", 10)
    await paths.until(2)
    async with httpx2.AsyncClient(trust_env=False) as client:
        assert (await client.get(f"{paths.seen[0]}index.m3u8")).status_code == 410
        assert (await client.get(f"{paths.seen[1]}index.m3u8")).status_code == 200
    assert (await _playlist(server, seed, 0)).status_code == 401
    await until(out, "tongke.saying === 'closed'", 15)
    assert await moves(stays)
    # Not loaded again, nor begun again in the other element: the same player went on.
    assert await stays.evaluate("() => tongke.video.id") == front
    assert await stays.evaluate("() => window.stillMs") <= 3000
    assert await out.evaluate("() => tongke.state") != "playing"
    await end_lesson(desk)


async def test_a_replay_goes_on_under_a_new_path(
    browsing: Browsing, demo_server: LiveServer
) -> None:
    server, seed = demo_server, await demo_server.seed(rooms=1)
    desk = await teach(browsing, server, seed)
    await go_live(desk)
    room = await open_room(browsing, server, seed, 0, NO_WEBRTC)
    await watches(room, "hls", 25)
    await end_lesson(desk)
    context = await browsing.context()
    await server.sign_in(context, seed.teacher)
    replay = await context.new_page()
    paths, renewed = Paths(replay), asyncio.Event()

    async def hold(route: Route) -> None:
        await renewed.wait()
        await route.continue_()

    await replay.route("**/*.m4s", hold)
    await replay.goto(server.base_url + seed.replay_path)
    await paths.until(1)
    await _revoke(server, seed, 0)
    async with httpx2.AsyncClient(trust_env=False) as client, asyncio.timeout(3):
        while (await client.get(f"{paths.seen[0]}index.m3u8")).status_code != 410:
            continue  # nothing tells of it but this answer
    renewed.set()
    await paths.until(2)
    await until(replay, "tongke.state === 'ready'", 15)
    await replay.click("#start")
    await until(replay, "tongke.position > 1", 15)
    assert await replay.evaluate("() => tongke.state") == "ready"


async def test_ending_a_login_ends_what_its_browser_sends(
    browsing: Browsing, tmp_path: Path
) -> None:
    async with LiveServer.running(tmp_path) as server:
        seed = await server.seed(rooms=1)
        desk = await teach(browsing, server, seed)
        await go_live(desk)
        room = await open_room(browsing, server, seed)
        await watches(room, "whep")
        await _end_logins(server, seed)
        await until(room, "tongke.saying === 'away'", 5)
        await until(desk, "tongke.state !== 'live'", 10)
