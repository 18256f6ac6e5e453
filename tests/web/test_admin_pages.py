"""The administration in a browser: choosing many, taking back, and a phone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from argon2 import PasswordHasher
from playwright.async_api import Page

from tests.makers import PASSWORD, Makers, Someone
from tests.web.axe import violations
from tests.web.browsing import PHONE, Browsing
from tests.web.stage import serving
from tongke_platform.accounts.passwords import Passwords
from tongke_platform.app.factory import create_app, make_frame
from tongke_platform.app.metadata import metadata
from tongke_platform.database import migrate
from tongke_platform.people.roles import Role
from tongke_platform.settings import Settings


@asynccontextmanager
async def a_county() -> AsyncIterator[tuple[Makers, str]]:
    """Served without media; in the event loop of this folder's tests."""
    with TemporaryDirectory(prefix="tk-") as folder:
        settings = Settings(data_dir=Path(folder), roles=["web"])
        await migrate.upgrade(settings.sql_url, metadata)
        frame = make_frame(settings)
        frame.passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        async with serving(create_app(settings, frame)) as address:
            yield Makers(frame), address
        await frame.database.close()


async def sign_in(page: Page, address: str, someone: Someone) -> None:
    answer = await page.context.request.post(
        f"{address}/api/sessions",
        data={"username": someone.username, "password": PASSWORD},
        headers={"Origin": address},
    )
    assert answer.status == 201


async def test_many_are_chosen_and_taken_back(browsing: Browsing) -> None:
    async with a_county() as (make, address):
        school = await make.school(await make.region())
        for _ in range(3):
            await make.person(school)
        page = await (await browsing.context()).new_page()
        await sign_in(page, address, await make.person(role=Role.ADMIN))
        await page.goto(f"{address}/admin/people?school={school.id}")
        bar = page.locator(".bulk-bar")
        assert not await bar.is_visible(), "nothing is chosen yet"
        await page.check(".choose-all")
        assert "3" in await bar.inner_text()
        await page.fill('.bulk-bar input[name="day"]', "2020-01-01")
        await page.click(".bulk-bar button:first-of-type")
        await page.wait_for_selector(".toast")
        assert await page.locator("tbody tr").count() == 0
        await page.click(".toast button")
        await page.wait_for_selector(".toast")
        assert await page.locator("tbody tr").count() == 3
        await page.click(".toast a")
        await page.wait_for_load_state()
        assert await page.locator(".toast").count() == 0


async def test_pages_on_a_phone(browsing: Browsing) -> None:
    async with a_county() as (make, address):
        school = await make.school(await make.region())
        person, room = await make.person(school), await make.room(school)
        page = await (await browsing.context(width=PHONE)).new_page()
        await sign_in(page, address, await make.person(school, Role.SCHOOL_ADMIN))
        for path in (
            "organisations", f"organisations/{school.id}", "people", f"people/{person.id}",
            "rooms", f"rooms/{room.id}", "classes", "classes/new",
        ):  # fmt: skip
            await page.goto(f"{address}/admin/{path}")
            wider = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wider <= 0, path
            assert await violations(page) == [], path
