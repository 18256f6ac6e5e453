"""A classroom's page says what is happening, in large type, and goes on by itself."""

from datetime import timedelta

from playwright.async_api import Page, Route

from tests.web.browsing import PROJECTOR, Browsing
from tests.web.classrooms import play_no_sound_unasked
from tests.web.stage import Stage
from tests.web.waiting import until


async def open_live(stage: Stage, browsing: Browsing) -> Page:
    stage.state = stage.source = "live"
    page = await browsing.open(stage.base_url + "/room/a", width=PROJECTOR)
    await until(page, "tongke.state === 'playing'", 15)
    return page


async def test_nothing_planned(stage: Stage, browsing: Browsing) -> None:
    stage.room_lesson = False
    page = await browsing.open(stage.base_url + "/room/a")
    assert await page.get_by_role("heading", name="本教室暂时没有安排课").is_visible()


async def test_counts_down_and_then_waits(stage: Stage, browsing: Browsing) -> None:
    stage.starts_in = timedelta(seconds=3)
    page = await browsing.open(stage.base_url + "/room/a")
    await until(page, "/^00:0[1-3]$/.test(document.getElementById('countdown-time').textContent)")
    await page.get_by_text("老师正在准备，开课后会自动播放").wait_for(timeout=6000)


async def test_begins_by_itself(stage: Stage, browsing: Browsing) -> None:
    page = await browsing.open(stage.base_url + "/room/a")
    await until(page, "tongke.saying === 'waiting' && tongke.linkUp")
    await stage.tell(state="live", source="live")
    await until(page, "tongke.state === 'playing' && tongke.saying === null", 15)
    assert await page.locator("#bar").get_by_text("直播").is_visible()


async def test_lost_network_keeps_the_last_picture(stage: Stage, browsing: Browsing) -> None:
    page = await open_live(stage, browsing)
    await stage.cut()
    await until(page, "tongke.saying === 'broken'", 30)
    assert await page.get_by_role("heading", name="网络断开，正在重连…").is_visible()
    await until(page, "getComputedStyle(document.getElementById('still')).visibility === 'visible'")
    painted = "() => { const c = document.getElementById('still'); return c.getContext('2d')"
    painted += (
        ".getImageData(0, 0, c.width, c.height).data.some((value, i) => i % 4 < 3 && value); }"
    )
    assert await page.evaluate(painted), "the last picture is black"
    stage.link_up = True
    await until(page, "tongke.saying === null && tongke.state === 'playing'", 30)
    assert await page.evaluate(
        "() => !document.getElementById('still').classList.contains('still')"
    )


async def test_teacher_away_and_back(stage: Stage, browsing: Browsing) -> None:
    page = await open_live(stage, browsing)
    await stage.tell(source="away")
    await until(page, "tongke.saying === 'away'")
    assert await page.get_by_role("heading", name="老师的网络暂时断开，正在等待…").is_visible()
    await stage.tell(source="live")
    await until(page, "tongke.saying === null && tongke.state === 'playing'", 15)


async def test_ended_offers_the_replay(stage: Stage, browsing: Browsing) -> None:
    page = await open_live(stage, browsing)
    await stage.tell(state="ended", source="none")
    await until(page, "tongke.saying === 'ended' && tongke.state === 'idle'")
    await page.click("#replay")
    await page.wait_for_url("**/replay?token=a")


async def test_sound_is_asked_for_once_where_the_browser_wants_it(
    stage: Stage, browsing: Browsing
) -> None:
    stage.state = stage.source = "live"
    context = await browsing.context(width=PROJECTOR)
    await play_no_sound_unasked(context)
    page = await context.new_page()
    await page.goto(stage.base_url + "/room/a")
    await until(page, "tongke.soundBlocked", 15)
    assert await page.evaluate("() => tongke.video.muted && !tongke.video.paused")
    await page.get_by_role("button", name="点一下打开声音").click()
    await until(page, "!tongke.soundBlocked && !tongke.video.muted && !tongke.video.paused")
    assert await page.locator("#listen").is_hidden()


async def test_bar_hides_and_comes_back(stage: Stage, browsing: Browsing) -> None:
    page = await open_live(stage, browsing)
    await until(page, "document.getElementById('room').classList.contains('idle')")
    await page.mouse.move(300, 300)
    await until(page, "!document.getElementById('room').classList.contains('idle')")


async def test_tells_the_server_what_it_gets(stage: Stage, browsing: Browsing) -> None:
    page = await open_live(stage, browsing)
    stage.reports.clear()
    await until(page, "tongke.stats.kbps > 0")
    sent = "() => new Promise((resolve) => setTimeout(resolve, 2500))"
    await page.evaluate(sent)
    report = stage.reports[-1]
    assert (report["carrier"], report["layer"]) == ("hls", "f")
    assert report["kbps"] > 0


async def test_address_that_is_taken_back(stage: Stage, browsing: Browsing) -> None:
    page = await browsing.open(stage.base_url + "/room/gone")
    assert await page.get_by_text("这个教室地址已经失效").is_visible()


async def test_next_lesson_takes_over_after_the_end(stage: Stage, browsing: Browsing) -> None:
    stage.state = "ended"
    context = await browsing.context()
    page = await context.new_page()
    await page.clock.install()
    await page.goto(stage.base_url + "/room/a")
    await until(page, "tongke.saying === 'ended'")

    async def another(route: Route) -> None:
        answer = await route.fetch()
        told = await answer.json()
        told["lesson"].update(id="another", state="planned")
        await route.fulfill(json=told)

    await page.route("**/room/a/next", another)
    stage.state = "planned"
    async with page.expect_navigation():
        await page.clock.run_for(21_000)
    assert await page.locator("#waiting").is_visible()
