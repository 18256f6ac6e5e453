"""The floor: every page in the Chromium 86 that carries H.264, with nothing broken in it.

``browsing86`` fails a test whose page throws, so a missing API or syntax shows here.
"""

import pytest
from playwright.async_api import Page

from tests.web.browsing import CLASS_PC, PHONE, PROJECTOR, Browsing
from tests.web.catalogue_world import Catalogue, signed_in
from tests.web.stage import Stage, a_day, room_state
from tests.web.waiting import until


async def is_shown(page: Page, selector: str) -> bool:
    """Playwright's own way asks for an API that came with Chrome 105."""
    size = f"document.querySelector({selector!r}).getBoundingClientRect()"
    shown: bool = await page.evaluate(f"() => {size}.width > 0 && {size}.height > 0")
    return shown


async def test_it_is_the_floor(browsing86: Browsing, stage: Stage) -> None:
    page = await browsing86.open(stage.base_url + "/login")
    assert "Chrome/86." in await page.evaluate("() => navigator.userAgent")


@pytest.mark.parametrize("path", ["/", "/login", "/not-yet", "/broken-page", "/room/gone"])
async def test_paper_pages(browsing86: Browsing, stage: Stage, path: str) -> None:
    stage.stops = a_day()
    page = await browsing86.open(stage.base_url + path, width=PHONE)
    assert await is_shown(page, "h1")


async def test_catalogue(browsing86: Browsing, catalogue: Catalogue) -> None:
    context = await signed_in(catalogue, browsing86, catalogue.teacher, width=PHONE)
    page, lesson = await context.new_page(), catalogue.lesson
    for path in (
        "/catalogue", f"/courses/{catalogue.course}/edit", f"/lessons/{lesson}/edit/materials",
    ):  # fmt: skip
        await page.goto(catalogue.server.base_url + path)
        assert await is_shown(page, "h1")
    # What is chosen is sent, and stands in the list that is shown anew.
    sheet = {"name": "板书.txt", "mimeType": "text/plain", "buffer": b"a"}
    async with page.expect_navigation():
        await page.set_input_files("#files", sheet)  # type: ignore[arg-type]  # a FilePayload
    await until(page, "document.querySelectorAll('.materials > li').length === 2", 20)


async def test_classroom_plays_and_returns(browsing86: Browsing, stage: Stage) -> None:
    page = await browsing86.open(stage.base_url + "/room/a", width=PROJECTOR)
    await until(page, "tongke.saying === 'waiting' && tongke.linkUp")
    await stage.tell(state="live", source="live")
    await until(page, "tongke.state === 'playing' && tongke.video.videoHeight === 720", 20)
    assert await page.evaluate("() => tongke.carrier") == "hls"
    await stage.cut()
    await until(page, "tongke.saying === 'broken'", 30)
    stage.link_up = True
    await until(page, "tongke.saying === null && tongke.state === 'playing'", 30)


async def test_lead_desk_opens(browsing86: Browsing, stage: Stage) -> None:
    stage.rooms = [room_state(1), room_state(2, "waiting")]
    page = await browsing86.open(
        stage.base_url + "/teach", width=CLASS_PC, permissions=["camera", "microphone"]
    )
    await until(page, "tongke.linkUp && document.querySelectorAll('.tile').length === 2")
    assert await is_shown(page, "#begin")


async def test_replay_plays(browsing86: Browsing, stage: Stage) -> None:
    page = await browsing86.open(stage.base_url + "/replay")
    await until(page, "tongke.state === 'ready'", 20)
    await page.evaluate("() => document.getElementById('start').click()")
    await until(page, "tongke.position > 1")
