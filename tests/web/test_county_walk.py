"""A county from an empty folder, by its pages alone: two schools that help each other, a paired PC."""

import re
from pathlib import Path

from playwright.async_api import Page, expect

from tests.web.browsing import PHONE, Browsing
from tests.web.live_server import LiveServer
from tongke_platform.firstrun import service as firstrun

LEAD, PARTNER, ROOM = "明德小学", "青山乡中心小学", "三年级（1）班"


async def begin(browsing: Browsing, server: LiveServer) -> Page:
    """The address the console says; region and first administrator."""
    address = await firstrun.address(server.frame.settings, server.frame.database)
    assert address is not None
    page = await browsing.open(server.base_url + address)
    await page.fill("[name=region_name]", "云水县")
    await page.fill("[name=region_code]", "520100")
    await page.fill("[name=name]", "王建国")
    await page.fill("[name=username]", "13800001234")
    await page.fill("[name=password]", "chunfeng-huayu-26")
    await page.click("form button.first")
    await page.wait_for_url("**/admin/organisations")
    return page


async def add_school(page: Page, server: LiveServer, name: str, code: str) -> None:
    await page.goto(f"{server.base_url}/admin/organisations/new")
    await page.fill("[name=name]", name)
    await page.fill("[name=code]", code)
    await page.select_option("[name=region_id]", label="云水县")
    await page.click("form.sheet button.first")
    await expect(page.locator("main")).to_contain_text(name)


async def add_room(page: Page, server: LiveServer) -> None:
    await page.goto(f"{server.base_url}/admin/rooms/new")
    await page.select_option("[name=school]", label=PARTNER)
    await page.fill("[name=name]", ROOM)
    await page.fill("[name=class_size]", "38")
    await page.click("form.sheet button.first")
    await expect(page.locator("main")).to_contain_text(ROOM)


async def add_colleague(page: Page, server: LiveServer) -> None:
    await page.goto(f"{server.base_url}/admin/people/new")
    await page.fill("[name=name]", "周文静")
    await page.fill("[name=phone]", "139 0000 5678")
    await page.select_option("[name=role]", "lead_teacher")
    await page.select_option("[name=place]", label=LEAD)
    await page.click("form.sheet button.first")
    await expect(page.locator("main")).to_contain_text("周文静")


async def agree(page: Page, server: LiveServer) -> None:
    """Propose in four steps; the bureau answers for both sides."""
    await page.goto(f"{server.base_url}/admin/partnerships/new")
    await page.check("[name=kind] >> nth=0")
    for part, name in (("lead", LEAD), ("partner", PARTNER)):
        await page.fill("[name=q]", name)
        await page.click("button[value=find]:not(.unseen)")
        await page.click(f"button[value^='{part}:']")
        await expect(page.locator("li.chosen", has_text=name)).to_be_visible()
    await page.click("button.first")
    await page.fill("[name=name]", "明德—青山结对帮扶")
    await page.click("button.first")
    await page.fill("[name=quantity] >> nth=0", "20")
    await page.click("button.first")
    await page.click("button.first")
    await expect(page.locator("main h1")).to_contain_text("明德—青山结对帮扶")
    accept = page.locator("form[action$='/accept'] button")
    while await accept.count():
        await accept.first.click()
        await page.wait_for_load_state()
    await expect(page.locator(".partnership-state .state")).to_have_class(re.compile("ok"))


async def pair(browsing: Browsing, page: Page, server: LiveServer) -> Page:
    """The PC shows six digits, the administrator's phone takes them."""
    computer = await browsing.open(f"{server.base_url}/device")
    digits = "".join(await computer.locator(".pairing-code span").all_text_contents())
    phone_context = await browsing.context(width=PHONE)
    await phone_context.add_cookies(await page.context.cookies())  # type: ignore[arg-type]
    phone = await phone_context.new_page()
    await phone.goto(f"{server.base_url}/admin/devices")
    await phone.fill("[name=code]", digits)
    await phone.click("form.pair-code button.first")
    room = phone.locator("label", has_text=ROOM)
    if await room.count():
        await room.first.click()
    await phone.click("form[action$='/approve'] button.first")
    await expect(computer.locator(".pairing-code")).to_have_count(0, timeout=20_000)
    return computer


async def test_county_by_pages_alone(browsing: Browsing, tmp_path: Path) -> None:
    async with LiveServer.running(tmp_path) as server:
        page = await begin(browsing, server)
        await add_school(page, server, LEAD, "mingde")
        await add_school(page, server, PARTNER, "qingshan")
        await add_room(page, server)
        await add_colleague(page, server)
        await agree(page, server)
        computer = await pair(browsing, page, server)
        if "/room/" not in computer.url:
            await computer.click("a[href*='/room/']")
            await computer.wait_for_url("**/room/*")
        await expect(computer.locator("body")).to_contain_text(ROOM)
        assert browsing.troubles == []
