"""A school asks the guardians of a class; one answers on her phone and takes it back later."""

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import expect

from tests.web.browsing import CLASS_PC, PHONE, PROJECTOR, Browsing
from tests.web.conftest import session_fixture
from tests.web.live_server import LiveServer
from tests.web.test_partners_and_pairing import look
from tongke_platform.people.roles import Role

WIDTHS = (PHONE, CLASS_PC, PROJECTOR)


@session_fixture
async def consent_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LiveServer]:
    async with LiveServer.running(tmp_path_factory.mktemp("c")) as server:
        yield server


async def test_a_guardian_answers(browsing: Browsing, consent_server: LiveServer) -> None:
    make, base = consent_server.make, consent_server.base_url
    school = await make.school(await make.region())
    desk = await browsing.context(width=CLASS_PC)
    await consent_server.sign_in(desk, await make.person(school, Role.SCHOOL_ADMIN))
    page = await desk.new_page()
    await page.goto(f"{base}/admin/consent")
    await look(page, "consent-empty", widths=WIDTHS)
    form: dict[str, str | float | bool] = {
        "school": school.code,
        "grade": "3",
        "name": "1班",
        "size": "2",
    }
    headers = {"Origin": base}
    made = await desk.request.post(f"{base}/admin/classes", form=form, headers=headers)
    key = made.url.rsplit("/", 1)[1]
    names: dict[str, str | float | bool] = {"names": "李小红,1\n王小明,2"}
    await desk.request.post(f"{base}/admin/classes/{key}/pupils", form=names, headers=headers)

    await page.goto(f"{base}/admin/consent")
    await page.get_by_role("link", name="三年级1班").click()
    for name in ("李小红", "王小明"):
        await page.get_by_label(f"选中{name}").check()
    await page.get_by_label("您孩子的作业").check()
    await look(page, "consent-class", widths=WIDTHS)
    await page.get_by_role("button", name="生成链接").click()
    await expect(page.get_by_role("heading", name="给监护人的链接")).to_be_visible()
    await look(page, "consent-links", widths=WIDTHS)
    address = re.search(
        r"http://\S+/consent/[\w-]+", await page.locator(".slip").first.inner_text()
    )
    assert address

    phone = await browsing.context(width=PHONE)
    theirs = await phone.new_page()
    await theirs.goto(address[0])
    await expect(theirs.get_by_role("heading", name="李＊＊")).to_be_visible()
    await look(theirs, "consent-ask", widths=WIDTHS)
    await theirs.get_by_role("checkbox").first.check()
    await theirs.get_by_label("您的姓名").fill("李梅")
    await theirs.get_by_label("您是孩子的").select_option("mother")
    await theirs.get_by_role("button", name="提交").click()
    await expect(theirs.get_by_text("您已同意")).to_be_visible()
    await look(theirs, "consent-receipt", widths=WIDTHS)

    await page.goto(f"{base}/admin/consent")
    await expect(page.get_by_text("2 人中 1 人")).to_be_visible()
    await look(page, "consent-list", widths=WIDTHS)
    await page.goto(f"{base}/admin/consent/classes/{key}")
    await page.get_by_role("link", name="李小红").click()
    await expect(page.get_by_text("李梅已同意")).to_be_visible()
    await page.locator("summary", has_text="录入纸质同意书").click()
    await look(page, "consent-pupil", widths=WIDTHS)

    await theirs.locator("summary", has_text="撤回").click()
    await theirs.get_by_role("button", name="确认撤回").click()
    await expect(theirs.get_by_text("您已同意")).to_have_count(0)
    await page.reload()
    await expect(page.get_by_text("李梅已同意")).to_have_count(0)
    assert browsing.troubles == []
