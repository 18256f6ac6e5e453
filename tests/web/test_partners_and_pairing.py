"""Two schools agree on a phone and a desk; a class PC of the floor gets its room from a code."""

import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.web.browsing import CLASS_PC, HEIGHTS, PHONE, PROJECTOR, Browsing
from tests.web.conftest import session_fixture
from tests.web.live_server import LiveServer
from tests.web.waiting import until
from tongke_platform.people.roles import Role

PICTURES = os.environ.get("TONGKE_TEST_PICTURES")


@session_fixture
async def desk_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LiveServer]:
    async with LiveServer.running(tmp_path_factory.mktemp("d")) as server:
        yield server


async def look(page: Page, name: str, *, widths: tuple[int, ...] = (PHONE, CLASS_PC)) -> None:
    """Pictures for a person's eyes, when they are asked for; nothing may be wider than the page."""
    before = page.viewport_size
    for width in widths:
        await page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
        wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        assert not await page.evaluate(wide), f"{name} at {width}"
        if PICTURES:
            await page.screenshot(path=Path(PICTURES) / f"{name}-{width}.png", full_page=True)
    if before:
        await page.set_viewport_size(before)


async def test_two_schools_agree(browsing: Browsing, desk_server: LiveServer) -> None:
    make, base = desk_server.make, desk_server.base_url
    lead, partner = await make.school(await make.region()), await make.school(await make.region())
    proposes = await make.person(lead, Role.SCHOOL_ADMIN)
    accepts = await make.person(partner, Role.PRINCIPAL)

    desk = await browsing.context(width=CLASS_PC)
    await desk_server.sign_in(desk, proposes)
    page = await desk.new_page()
    await page.goto(f"{base}/admin/partnerships")
    await look(page, "partnerships-empty")
    await page.get_by_role("link", name="发起结对").first.click()
    await (
        page.get_by_role("listitem")
        .filter(has_text=lead.name)
        .get_by_role("button", name="作为帮扶学校", exact=True)
        .click()
    )
    await page.get_by_label("按校名或代码查找学校").fill(partner.name)
    await page.get_by_role("button", name="查找").click()
    await (
        page.get_by_role("listitem")
        .filter(has_text=partner.name)
        .get_by_role("button", name="作为受帮扶学校", exact=True)
        .click()
    )
    await look(page, "propose-who")
    await page.get_by_role("button", name="下一步").click()
    await page.get_by_label("叫什么名称").fill("明德青山结对")
    await page.get_by_label("学科").fill("语文，数学")
    await page.get_by_label("每周课时").fill("很多")
    await look(page, "propose-what")
    await page.get_by_role("button", name="下一步").click()
    await page.get_by_label("数量").first.fill("20")
    await look(page, "propose-promises")
    await page.get_by_role("button", name="下一步").click()
    await page.get_by_role("button", name="发起").click()
    await expect(page.get_by_text("每周课时请填 1 到 100 的数字")).to_be_visible()
    await expect(page.get_by_label("学科")).to_have_value("语文，数学")
    await page.get_by_label("每周课时").fill("2")
    for _ in range(2):
        await page.get_by_role("button", name="下一步").click()
    await expect(page.get_by_text("直播课 20")).to_be_visible()
    await look(page, "propose-check")
    await page.get_by_role("button", name="发起").click()
    await expect(page.get_by_role("heading", name="明德青山结对")).to_be_visible()
    await look(page, "partnership-proposed")

    phone = await browsing.context(width=PHONE)
    await desk_server.sign_in(phone, accepts)
    theirs = await phone.new_page()
    await theirs.goto(f"{base}/admin/partnerships")
    await theirs.get_by_role("link", name="明德青山结对").click()
    await look(theirs, "partnership-asked")
    await theirs.get_by_role("button", name="接受").click()
    await expect(theirs.get_by_text("进行中").first).to_be_visible()
    await theirs.locator("summary").filter(has_text="暂停").click()
    await theirs.get_by_label("原因").first.fill("校舍维修")
    await look(theirs, "partnership-pausing")
    await theirs.get_by_role("button", name="暂停", exact=True).click()
    await expect(theirs.get_by_text("校舍维修")).to_be_visible()
    await page.goto(f"{base}/admin/partnerships")
    await look(page, "partnerships", widths=(PHONE, CLASS_PC, PROJECTOR))
    await expect(page.get_by_text("已暂停").last).to_be_visible()


async def test_a_class_pc_gets_its_room(
    browsing: Browsing, browsing86: Browsing, desk_server: LiveServer
) -> None:
    make, base = desk_server.make, desk_server.base_url
    school = await make.school()
    rooms = [await make.room(school) for _ in range(3)]
    it = await make.person(school, Role.IT)

    pc = await browsing86.open(f"{base}/device", width=CLASS_PC)
    shown = pc.locator(".pairing-code")
    code = re.sub(r"\D", "", await shown.text_content() or "")
    assert len(code) == 6
    await look(pc, "device-code-86", widths=(PHONE, CLASS_PC, PROJECTOR))

    if PICTURES:
        modern = await browsing.open(f"{base}/device", width=CLASS_PC)
        await look(modern, "device-code", widths=(PHONE, CLASS_PC, PROJECTOR))

    phone = await browsing.context(width=PHONE)
    await desk_server.sign_in(phone, it)
    page = await phone.new_page()
    await page.goto(f"{base}/admin/devices")
    await page.get_by_label("电脑上的六位数字").fill("000000" if code != "000000" else "111111")
    await page.get_by_role("button", name="下一步").click()
    await expect(page.get_by_text("代码不正确")).to_be_visible()
    await look(page, "pair-wrong")
    await page.get_by_label("电脑上的六位数字").fill(code)
    await page.get_by_role("button", name="下一步").click()
    await look(page, "pair-room")
    await page.get_by_text(rooms[1].name).click()
    await page.get_by_role("button", name="连接", exact=True).click()
    await expect(page.get_by_role("heading", name=rooms[1].name)).to_be_visible()

    await pc.wait_for_url(f"{base}/room/{rooms[1].token}")
    await until(pc, "document.body.innerText.includes('请保存这个网址')")
    await look(pc, "device-kept-86", widths=(PHONE, CLASS_PC, PROJECTOR))
    # The browser of the floor lacks what Playwright looks at to tell what is visible.
    if PICTURES:
        fresh = {"name": "tongke_paired", "value": "1", "domain": "127.0.0.1", "path": "/room"}
        await phone.add_cookies([fresh])  # type: ignore[list-item]  # a SetCookieParam
        kept = await phone.new_page()
        await kept.goto(pc.url)
        await look(kept, "device-kept", widths=(PHONE, CLASS_PC, PROJECTOR))
        await kept.close()
    async with pc.expect_navigation():
        await pc.evaluate("document.querySelector('main a.button').click()")
    await until(pc, "!document.getElementById('nothing').hidden")
    assert pc.url == f"{base}/room/{rooms[1].token}"

    reset = await browsing86.open(f"{base}/room/{rooms[1].token}", width=CLASS_PC)
    await until(reset, "!document.getElementById('nothing').hidden")
    await page.reload()
    await expect(page.get_by_text("Chrome 86")).to_be_visible()
    await look(page, "room-devices", widths=(PHONE, CLASS_PC, PROJECTOR))
    await page.get_by_role("link", name="打印二维码").click()
    await expect(page.locator("svg.qr")).to_be_visible()
    await look(page, "poster")
    await page.go_back()
    await page.locator("summary").filter(has_text="撤销").click()
    await page.get_by_role("button", name="停用网址").click()
    await expect(page.get_by_text("教室的网址已停用")).to_be_visible()
    await reset.reload()
    gone = "!document.getElementById('nothing') && document.querySelector('.saying h1')"
    await until(reset, f"Boolean({gone})")
