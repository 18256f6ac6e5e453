"""A notice arrives while its reader looks, is opened on a phone, and put away; a group is connected."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import expect

from tests.notices.conftest import PARAMS
from tests.web.browsing import CLASS_PC, PHONE, PROJECTOR, Browsing
from tests.web.conftest import session_fixture
from tests.web.live_server import LiveServer
from tests.web.test_partners_and_pairing import look
from tongke_platform import notices
from tongke_platform.notices.kinds import LESSON_PLANNED, PARTNERSHIP_PROPOSED
from tongke_platform.people import service as people
from tongke_platform.people.roles import Role

WIDTHS = (PHONE, CLASS_PC, PROJECTOR)


@session_fixture
async def notice_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LiveServer]:
    folder = tmp_path_factory.mktemp("n")
    async with LiveServer.running(folder) as server:
        yield server


async def test_a_notice_arrives(browsing: Browsing, notice_server: LiveServer) -> None:
    make, base = notice_server.make, notice_server.base_url
    reader = await make.person(await make.school(), Role.PRINCIPAL)
    async with notice_server.frame.database.write() as session:
        await people.add_name(session, reader.person, "wang@school.test")
    phone = await browsing.context(width=PHONE)
    await notice_server.sign_in(phone, reader)
    page = await phone.new_page()
    await page.goto(f"{base}/me/notices")
    await look(page, "notices-empty", widths=WIDTHS)

    for number, kind in enumerate((LESSON_PLANNED, PARTNERSHIP_PROPOSED)):
        async with notice_server.frame.database.write() as session:
            await notices.send(
                session,
                to=[reader.id],
                kind=kind,
                params=PARAMS,
                link="/me",
                key=f"{number}",
            )
    await expect(page.locator(".bell .pending-count")).to_have_text("2")
    await page.get_by_role("link", name="有新通知").click()
    await expect(page.get_by_role("heading", name="实验小学提议结成伙伴关系")).to_be_visible()
    await look(page, "notices", widths=WIDTHS)
    await page.get_by_role("button", name="打开").first.click()
    await page.wait_for_url("**/me")
    await page.goto(f"{base}/me/notices")
    await page.get_by_role("button", name="收起").first.click()
    await expect(page.locator(".letter")).to_have_count(1)
    await expect(page.locator(".bell .pending-count")).to_have_text("1")
    await page.get_by_role("button", name="全部看过").click()
    await expect(page.locator(".bell .pending-count")).to_be_hidden()
    await page.goto(f"{base}/me/notices?away=1")
    await expect(page.locator(".letter")).to_have_count(1)

    await page.goto(f"{base}/me/notices/settings")
    await page.get_by_label("免打扰从").fill("22:00")
    await look(page, "notices-settings", widths=WIDTHS)
    await page.get_by_role("button", name="保存").click()
    await expect(page.get_by_text("已保存")).to_be_visible()
    await expect(page.get_by_label("免打扰从")).to_have_value("22:00")
    assert browsing.troubles == []


async def test_a_group_is_connected(browsing: Browsing, notice_server: LiveServer) -> None:
    make, base = notice_server.make, notice_server.base_url
    admin = await make.person(await make.school(), Role.SCHOOL_ADMIN)
    desk = await browsing.context(width=CLASS_PC)
    await notice_server.sign_in(desk, admin)
    page = await desk.new_page()
    await page.goto(f"{base}/admin/chats")
    await look(page, "chats-empty", widths=WIDTHS)
    await page.get_by_label("群名称").fill("校务群")
    await page.get_by_label("机器人地址").fill("https://school.test/hook")
    await page.get_by_role("button", name="接入").click()
    await expect(page.get_by_text("请完整复制")).to_be_visible()
    address = "https://open.feishu.cn/open-apis/bot/v2/hook/0123-4567-89ab"
    await page.get_by_label("机器人地址").fill(address)
    await page.get_by_role("button", name="接入").click()
    await expect(page.get_by_role("status")).to_contain_text("已接入校务群")
    await look(page, "chats", widths=WIDTHS)
    await page.locator("summary", has_text="断开").click()
    await page.locator("details button", has_text="断开").click()
    await expect(page.get_by_text("还没有接入聊天群")).to_be_visible()
    assert browsing.troubles == []
