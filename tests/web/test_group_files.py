"""A group's files on a phone; and an activity planned by the return key."""

from pathlib import Path

from playwright.async_api import Page, expect

from tests.web.axe import violations
from tests.web.browsing import PHONE, Browsing
from tests.web.catalogue_world import HELD, Catalogue, signed_in
from tongke_courses.boards import files

GROUP = {"kind": "research_group", "name": "语文教研组", "visibility": "hidden"}
LARGE, SHEET = "录像.mp4", "评课表.txt"


async def phone(catalogue: Catalogue, browsing: Browsing) -> Page:
    context = await signed_in(catalogue, browsing, catalogue.teacher, width=PHONE)
    return await context.new_page()


async def test_sent_taken_away_and_back(
    catalogue: Catalogue, browsing: Browsing, tmp_path: Path
) -> None:
    page = await phone(catalogue, browsing)
    sheet, large = tmp_path / SHEET, tmp_path / LARGE
    sheet.write_text("目标达成")
    with large.open("wb") as file:
        file.truncate(files.MOST_BYTES + 1)
    key = await catalogue.made("/api/groups", **GROUP)
    await page.goto(f"{catalogue.server.base_url}/groups/{key}")
    await page.click(".tabs a[href$='/files']")
    await expect(page.locator(".empty")).to_be_visible()
    await page.set_input_files("#files", [large, sheet])
    # What is refused is not swept away with the list that is shown anew.
    await page.click("#go-on button")
    row = page.locator(".group-files > li")
    await expect(row).to_have_count(1)
    await expect(row).to_contain_text(SHEET)
    async with page.expect_download() as waiting:
        await row.locator("a[download]").click()
    assert (await waiting.value).suggested_filename == SHEET
    await row.locator("form button").click()
    await expect(row).to_have_count(0)
    await page.click(".toast form button")
    await expect(row).to_have_count(1)
    assert await violations(page) == []


async def test_the_return_key_looks_for_a_lesson_first(
    catalogue: Catalogue, browsing: Browsing
) -> None:
    page = await phone(catalogue, browsing)
    key = await catalogue.made("/api/groups", **GROUP)
    await page.goto(f"{catalogue.server.base_url}/groups/{key}/activities/new")
    assert await violations(page) == []
    await page.fill("[name=title]", "磨课")
    await page.fill("[name=lesson_q]", "夜书")
    await page.press("[name=lesson_q]", "Enter")
    chosen = page.locator("[name=lesson] option:checked")
    await expect(chosen).to_contain_text(HELD)
    await page.press("[name=title]", "Enter")
    await expect(page.locator(".toast")).to_be_visible()
    await expect(page.locator("a.row-link[href^='/lessons/']")).to_contain_text(HELD)
