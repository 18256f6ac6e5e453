"""A lesson over the real server while links come and go."""

import pytest
from playwright.async_api import Page

from tests.web.browsing import Browsing
from tests.web.classrooms import block_udp
from tests.web.conftest import loop_fixture
from tests.web.lesson_pages import go_live, moves, open_room, teach, watches
from tests.web.live_server import LiveServer, Seed
from tests.web.waiting import until

Opened = tuple[Seed, Page]


@loop_fixture
async def lesson(browsing: Browsing, demo_server: LiveServer) -> Opened:
    """A lesson that is live from a browser's camera."""
    seed = await demo_server.seed()
    desk = await teach(browsing, demo_server, seed)
    await go_live(desk)
    await until(desk, "tongke.snapshot.source.state === 'live'")
    return seed, desk


async def open_without_udp(browsing: Browsing, server: LiveServer, seed: Seed) -> Page:
    context = await browsing.context()
    await block_udp(context)
    page = await context.new_page()
    await page.goto(server.base_url + seed.room_path())
    return page


async def test_picture_starts_at_once(
    lesson: Opened, browsing: Browsing, demo_server: LiveServer
) -> None:
    room = await open_room(browsing, demo_server, lesson[0])
    await watches(room, "whep")
    assert await room.evaluate("() => tongke.stats.firstPictureMs") > 0
    assert await moves(room)


async def test_without_udp_the_room_listens_by_hls_and_climbs(
    lesson: Opened, browsing: Browsing, demo_server: LiveServer
) -> None:
    seed, desk = lesson
    await until(desk, "tongke.snapshot.source.layers.length === 3", 30)
    room = await open_without_udp(browsing, demo_server, seed)
    await watches(room, "hls", 10)
    await until(room, "tongke.video.videoHeight === 720", 30)
    await until(room, "tongke.stats.latencyMs > 0 && tongke.stats.latencyMs < 3000")
    await until(desk, "tongke.snapshot.rooms.some((room) => room.carrier === 'hls')")


async def test_room_returns_to_whep_when_it_can(
    lesson: Opened, browsing: Browsing, demo_server: LiveServer
) -> None:
    room = await open_without_udp(browsing, demo_server, lesson[0])
    await watches(room, "hls", 10)
    await room.evaluate(
        "() => { window.udpBlocked = false; window.dispatchEvent(new Event('online')); }"
    )
    await watches(room, "whep", 25)
    assert await room.evaluate("() => tongke.stats.freezes") == 0
    assert await moves(room)


async def test_teacher_reloads_and_the_rooms_go_on(
    lesson: Opened, browsing: Browsing, demo_server: LiveServer
) -> None:
    seed, desk = lesson
    near = await open_room(browsing, demo_server, seed)
    far = await open_without_udp(browsing, demo_server, seed)
    await watches(near, "whep")
    await watches(far, "hls", 10)
    desk.on("dialog", lambda dialog: dialog.accept())
    await desk.reload()
    await until(near, "tongke.saying === 'away'", 15)
    await until(far, "tongke.saying === 'away'", 15)
    await desk.get_by_role("button", name="继续上课").click()
    await until(desk, "tongke.state === 'live'", 15)
    await watches(near, "whep", 20)
    await watches(far, "hls", 20)
    assert await moves(near)
    assert await moves(far)


async def test_screen_is_shared_while_live(
    lesson: Opened, browsing: Browsing, demo_server: LiveServer
) -> None:
    seed, desk = lesson
    room = await open_room(browsing, demo_server, seed)
    await watches(room, "whep")
    await desk.get_by_text("屏幕", exact=True).click()
    await until(desk, "tongke.kind === 'screen'")
    await until(
        desk, "tongke.snapshot.source.layers.some((one) => one.fps >= 13.4 && one.fps < 18)", 30
    )
    await watches(room, "whep")
    await desk.get_by_text("摄像头", exact=True).first.click()
    await until(desk, "tongke.kind === 'camera'")
    await until(desk, "tongke.snapshot.source.layers.some((one) => one.fps > 18.5)", 30)


async def test_server_dies_and_returns(
    browsing: Browsing, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The pages say so, and go on by themselves when it is back."""
    async with LiveServer.running(tmp_path_factory.mktemp("dying")) as server:
        seed = await server.seed()
        desk = await teach(browsing, server, seed)
        await go_live(desk)
        room = await open_room(browsing, server, seed)
        await watches(room, "whep")
        await server.kill()
        await until(room, "tongke.saying === 'broken'", 15)
        await until(desk, "tongke.state === 'broken'", 20)
        await server.start()
        await until(desk, "tongke.state === 'live'", 20)
        await watches(room, "whep", 20)
        assert await moves(room)
