"""The catalogue by its pages: found, followed, taken home; replayed by anybody; learnt with at home."""

import hashlib
import re
import zipfile
from pathlib import Path

from playwright.async_api import expect

from tests.web.browsing import PHONE, Browsing
from tests.web.catalogue_world import COMING, HELD, SHEET, TITLE, Catalogue, held, signed_in
from tests.web.lesson_pages import moves
from tests.web.waiting import until


async def test_a_rural_teacher_finds_follows_and_takes_home(
    catalogue: Catalogue, browsing: Browsing, tmp_path: Path
) -> None:
    context = await signed_in(catalogue, browsing, catalogue.rural, width=PHONE)
    page = await context.new_page()
    await page.goto(f"{catalogue.server.base_url}/catalogue")
    await page.click("a.pick:has-text('统编版')")
    await page.click("a.pick:has-text('三年级')")
    row = page.locator("a.row", has_text=TITLE)
    await expect(row).to_contain_text("适合本班")
    await row.click()
    await page.click("form[action$='/follow'] button.first")
    await expect(page.locator(".toast")).to_be_visible()
    async with page.expect_download() as waiting:
        await page.click(f"a[href='/api/units/{catalogue.unit}/archive.zip']")
    path = tmp_path / "unit.zip"
    await (await waiting.value).save_as(path)
    assert SHEET in _checked(path)
    await page.goto(catalogue.server.base_url)
    await expect(page.locator(".day")).to_contain_text(COMING)


def _checked(path: Path) -> list[bytes]:
    """What is in the archive, each file as its hash in the list says."""
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        sums = archive.read(next(one for one in names if one.endswith("SHA256SUMS"))).decode()
        pairs = [line.split("  ", 1) for line in sums.splitlines()]
        found = {name: digest for digest, name in pairs}
        assert found
        contents = {name: archive.read(name) for name in found}
    for name, data in contents.items():
        assert hashlib.sha256(data).hexdigest() == found[name]
    return [*contents.values()]


async def test_a_visitor_replays_a_public_lesson(catalogue: Catalogue, browsing: Browsing) -> None:
    await held(catalogue, browsing)
    page = await browsing.open(f"{catalogue.server.base_url}/catalogue?q=夜书所见", width=PHONE)
    await page.click(f"a.row[href='/lessons/{catalogue.lesson}']")
    await page.click("a.button.first[href$='/replay']")
    await page.wait_for_selector("#start:enabled")
    await page.click("#start")
    await until(page, "tongke.position > 0.2")
    assert await moves(page)


async def test_a_class_link_opens_at_home_and_dies(
    catalogue: Catalogue, browsing: Browsing
) -> None:
    await held(catalogue, browsing)
    base = catalogue.server.base_url
    context = await signed_in(catalogue, browsing, catalogue.rural)
    page = await context.new_page()
    await page.goto(f"{base}/courses/{catalogue.course}")
    await page.click("form[action$='/links'] button")
    await page.wait_for_url("**/class-links/*")
    address = (await page.locator(".poster .address").inner_text()).strip()
    assert await page.locator(".poster .code svg").count() == 1
    home = await browsing.open(address, width=PHONE)
    await expect(home.locator("main")).to_contain_text(HELD)
    await expect(home.locator("body")).not_to_contain_text("小红")
    sheet = await home.locator(".files a").first.get_attribute("href")
    got = await home.request.get(f"{base}{sheet}")
    assert await got.body() == SHEET
    await home.click("a.button.first")
    await home.wait_for_selector("#start:enabled")
    await page.click("details.sure summary")
    await page.click("details.sure button.red")
    await page.wait_for_url(re.compile("/courses/"))
    answer = await home.goto(address)
    assert answer is not None
    assert answer.status == 404
    await expect(home.locator("h1")).to_contain_text("到期")
    assert (await home.request.get(f"{base}{sheet}")).status == 404
