"""Every page in its states passes axe, has one h1, and is worked by keyboard."""

import pytest
from playwright.async_api import Page

from tests.web.axe import violations
from tests.web.browsing import CLASS_PC, PHONE, Browsing
from tests.web.catalogue_world import Catalogue, signed_in
from tests.web.stage import Stage, a_day, room_state
from tests.web.waiting import until

GONE = "gone"
ROOMS = [
    room_state(1),
    room_state(2, layer="h", carrier="hls", latency_ms=2400),
    room_state(3, layer="q", loss=0.08),
    room_state(4, "offline"),
    room_state(5, "waiting"),
]


async def check(page: Page) -> None:
    assert await violations(page) == []
    assert await page.locator("h1:visible, h1.unseen").count() >= 1
    wider = await page.evaluate(
        "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert wider == 0, "the page scrolls sideways"


@pytest.mark.parametrize("locale", ["zh-CN", "en-US"])
@pytest.mark.parametrize("width", [PHONE, CLASS_PC])
async def test_paper_pages(stage: Stage, browsing: Browsing, width: int, locale: str) -> None:
    page = await browsing.open(stage.base_url + "/", width=width, locale=locale)
    await check(page)
    stage.stops, stage.trouble = a_day(), "账号或密码不正确。"
    for path in ("/", "/login", "/not-yet", "/broken-page", "/room/gone"):
        await page.goto(stage.base_url + path)
        await check(page)


@pytest.mark.parametrize(("width", "locale"), [(PHONE, "zh-CN"), (CLASS_PC, "en-US")])
async def test_catalogue(catalogue: Catalogue, browsing: Browsing, width: int, locale: str) -> None:
    base, course, lesson = catalogue.server.base_url, catalogue.course, catalogue.lesson
    page = await browsing.open(f"{base}/catalogue", width=width, locale=locale)
    await check(page)
    for path in (
        "/catalogue?q=夜书所见", "/catalogue?q=nothingatall", f"/courses/{course}",
        f"/lessons/{lesson}", f"/home/{GONE}",
    ):  # fmt: skip
        await page.goto(base + path)
        await check(page)
    context = await signed_in(catalogue, browsing, catalogue.teacher, width=width, locale=locale)
    page = await context.new_page()
    for path in (
        f"/courses/{course}", f"/courses/{course}/edit", f"/courses/{course}/edit/words",
        f"/courses/{course}/edit/book", "/courses/new", "/courses/new?free=1", f"/lessons/{lesson}",
        f"/lessons/{lesson}/edit", f"/lessons/{lesson}/edit/materials", "/shelf",
        "/shelf?part=delivered", "/shelf/import",
    ):  # fmt: skip
        await page.goto(base + path)
        await check(page)


@pytest.mark.parametrize("locale", ["zh-CN", "en-US"])
@pytest.mark.parametrize("width", [PHONE, CLASS_PC])
async def test_lead_desk(stage: Stage, browsing: Browsing, width: int, locale: str) -> None:
    stage.rooms = ROOMS
    page = await browsing.open(stage.base_url + "/teach", width=width, locale=locale)
    await until(page, "!document.getElementById('begin').disabled")
    await check(page)
    await page.click("#begin")
    await stage.tell(state="live", source="live", recording=("stopped", "disk_full"))
    await until(page, "document.getElementById('recorder')")
    await check(page)
    await page.click("#end")
    await check(page)


@pytest.mark.parametrize("locale", ["zh-CN", "en-US"])
@pytest.mark.parametrize("width", [PHONE, CLASS_PC])
async def test_classroom(stage: Stage, browsing: Browsing, width: int, locale: str) -> None:
    page = await browsing.open(stage.base_url + "/room/a", width=width, locale=locale)
    await until(page, "tongke.saying === 'waiting' && tongke.linkUp")
    await check(page)
    await stage.tell(state="live", source="live")
    await until(page, "tongke.state === 'playing'", 15)
    await check(page)
    await stage.tell(source="away")
    await until(page, "tongke.saying === 'away'")
    await check(page)
    await stage.tell(state="ended", source="none")
    await until(page, "tongke.saying === 'ended'")
    await check(page)


@pytest.mark.parametrize("width", [PHONE, CLASS_PC])
async def test_replay(stage: Stage, browsing: Browsing, width: int) -> None:
    page = await browsing.open(stage.base_url + "/replay", width=width)
    await until(page, "tongke.state === 'ready'")
    await check(page)
    await page.goto(stage.base_url + "/replay?source=/nothing.m3u8")
    await until(page, "tongke.state === 'failed'", 15)
    await check(page)


async def test_lesson_is_begun_and_ended_by_keyboard(stage: Stage, browsing: Browsing) -> None:
    page = await browsing.open(stage.base_url + "/teach")
    await until(page, "!document.getElementById('begin').disabled")
    await tab_to(page, "begin")
    await page.keyboard.press("Enter")
    await until(page, "tongke.state !== 'idle'")
    await stage.tell(state="live")
    await tab_to(page, "end")
    await page.keyboard.press("Enter")
    await until(page, "document.getElementById('confirm').open")
    await page.keyboard.press("Escape")
    await until(page, "!document.getElementById('confirm').open")


async def tab_to(page: Page, name: str) -> None:
    """Press Tab until the element has focus, and see that the focus can be seen."""
    for _ in range(30):
        await page.keyboard.press("Tab")
        if await page.evaluate("() => document.activeElement?.id") == name:
            break
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert await page.evaluate(f"() => [document.activeElement.id, {outline}]") == [name, "solid"]
