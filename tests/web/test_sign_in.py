"""Signing in as people do: by invitation, by a code on the phone, with the bureau's account."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Page, expect

from tests.accounts.elsewhere import provider_running
from tests.makers import PASSWORD
from tests.web.axe import violations
from tests.web.browsing import PHONE, Browsing
from tests.web.live_server import LiveServer
from tongke_platform.people.roles import Role

NUMBER = "13712345678"


@pytest_asyncio.fixture(loop_scope="session")
async def server(tmp_path: Path) -> AsyncIterator[LiveServer]:
    """Sends its codes into a file, and knows a bureau's accounts."""
    settings = tmp_path / "oidc.json"
    server = LiveServer(tmp_path, TONGKE_SMS_URL="file:", TONGKE_OIDC_FILE=str(settings))
    callback = f"{server.base_url}/login/with/bureau/callback"
    people = {"lin": {"phone_number": NUMBER, "phone_number_verified": True}}
    async with provider_running(callback, people) as issuer:
        provider = {
            "key": "bureau",
            "label": "县教育局",
            "issuer": issuer,
            "client_id": "tongke",
            "client_secret": "a secret of the test",
        }
        settings.write_text(json.dumps([provider]))
        try:
            await server.start()
            yield server
        finally:
            await server.stop()
            await server.frame.database.close()
            server.frame.passwords.close()


async def check(page: Page) -> None:
    assert await violations(page) == []
    wider = await page.evaluate(
        "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert wider == 0, "the page scrolls sideways"


async def test_ways_in(server: LiveServer, browsing: Browsing) -> None:
    school = await server.make.school()
    admin = await server.make.person(school, Role.SCHOOL_ADMIN)
    desk = await browsing.open(server.base_url + "/login?next=/admin/invitations/new")
    await check(desk)
    await desk.fill("[name=username]", admin.username)
    await desk.fill("[name=password]", PASSWORD)
    await desk.press("[name=password]", "Enter")
    await desk.fill("[name=name]", "林晓芳")
    await check(desk)
    await desk.click("form.sheet .button.first")
    link = await desk.input_value("input.secret")
    await check(desk)

    phone = await browsing.open(link, width=PHONE)
    await check(phone)
    await phone.fill("[name=username]", NUMBER)
    await phone.fill("[name=password]", PASSWORD)
    await phone.click(".button.first")
    await phone.wait_for_url(server.base_url + "/")
    await phone.goto(server.base_url + "/me")
    await expect(phone.locator("h1")).to_have_text("林晓芳")
    await expect(phone.locator("#posts")).to_contain_text(school.name)
    await check(phone)
    await phone.click("#second .button")
    await phone.wait_for_selector("#second svg rect, #second svg path")
    await check(phone)
    await phone.goto(server.base_url + "/me/tokens")
    await check(phone)

    await by_sms(server, browsing)
    await elsewhere(server, browsing)
    await desk.goto(server.base_url + "/admin/invitations")
    await expect(desk.locator("table")).to_contain_text("林晓芳")
    await check(desk)


async def by_sms(server: LiveServer, browsing: Browsing) -> None:
    page = await browsing.open(server.base_url + "/login", width=PHONE)
    await page.click("a[href^='/login/sms']")
    await page.fill("[name=phone]", NUMBER)
    await page.click(".button.first")
    await page.wait_for_selector("[name=code]")
    await check(page)
    outbox = server.data_dir / "sms.txt"
    await page.wait_for_function("() => document.readyState === 'complete'")
    text = await until_written(page, outbox)
    found = re.search(r"\d{6}", text.partition("\t")[2])
    assert found is not None
    await page.fill("[name=code]", found[0])
    await page.check("[name=shared]")
    await page.click(".button.first")
    await page.wait_for_url(server.base_url + "/")
    cookies = {one.get("name"): one.get("expires") for one in await page.context.cookies()}
    assert cookies["tongke_session"] == -1, "it goes with the browser"


async def until_written(page: Page, outbox: Path) -> str:
    """The message is sent after the page."""
    for _ in range(100):
        if outbox.exists():
            return outbox.read_text("utf-8")
        await page.evaluate("() => new Promise(requestAnimationFrame)")
    raise AssertionError("no message came")


async def elsewhere(server: LiveServer, browsing: Browsing) -> None:
    page = await browsing.open(server.base_url + "/login?next=/me")
    await page.click("text=县教育局")
    await page.fill("[name=login]", "lin")
    await page.fill("[name=password]", "any")
    await page.click("[type=submit]")
    await page.click("[type=submit]")
    await page.wait_for_url(server.base_url + "/me")
    await expect(page.locator("#identities")).to_contain_text("县教育局")
    await check(page)
