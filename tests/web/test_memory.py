"""What a group remembers, and what is unread, as pages: with axe, at the floor, without a script."""

import io
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.web.axe import violations
from tests.web.browsing import CLASS_PC, PHONE, Browsing
from tests.web.conftest import session_fixture
from tests.web.live_server import LiveServer
from tests.web.test_topics import Board
from tests.web.waiting import until
from tongke_courses.boards import states
from tongke_courses.boards.models import TopicState
from tongke_courses.boards.schemas import StepIn

WHY = "十一月每位老师都试一次。"


@session_fixture
async def memory_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LiveServer]:
    async with LiveServer.running(tmp_path_factory.mktemp("b")) as server:
        yield server


async def decided(server: LiveServer) -> Board:
    board = await Board(server).fill()
    async with board.frame.database.write() as session:
        by = await board.principal(board.head)
        step = StepIn(version=1, state=TopicState.ADOPTED, note=WHY)
        await states.step(session, by, board.topic, step)
    return board


async def wide(page: Page) -> bool:
    found: bool = await page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return found


@pytest.mark.parametrize("width", [PHONE, CLASS_PC])
async def test_axe(browsing: Browsing, memory_server: LiveServer, width: int) -> None:
    board = await decided(memory_server)
    page = await board.open(await browsing.context(width=width), board.head)
    here = f"/groups/{board.group}/memory"
    for path in (here, f"{here}?state=kept", f"{here}?q=没有", "/unread"):
        await page.goto(memory_server.base_url + path)
        assert await violations(page) == [], path
        assert await page.locator("h1").count() == 1
        assert not await wide(page)


async def test_a_newcomer_finds_it_without_a_script(
    browsing: Browsing,
    memory_server: LiveServer,
) -> None:
    board = await decided(memory_server)
    context = await browsing.context(width=PHONE, java_script_enabled=False)
    page = await board.open(context, board.member)
    await page.goto(f"{memory_server.base_url}/groups/{board.group}/memory")
    await page.click(".tally .of-adopted")
    await expect(page.locator(".remembered > li")).to_contain_text(WHY)
    await page.select_option("[name=about]", "lesson")
    await page.click(".memory-filter .button")
    await expect(page.locator(".empty")).to_be_visible()
    assert "state=adopted" in page.url


@pytest.mark.parametrize("floor", [False, True])
async def test_formulas_of_a_folder_without_a_network(
    browsing: Browsing,
    browsing86: Browsing,
    memory_server: LiveServer,
    tmp_path: Path,
    floor: bool,
) -> None:
    board = await Board(memory_server).fill()
    used = browsing86 if floor else browsing
    context = await used.context(width=PHONE)
    await memory_server.sign_in(context, board.member)
    home = f"{memory_server.base_url}/groups/{board.group}/export.zip"
    found = zipfile.ZipFile(io.BytesIO(await (await context.request.get(home)).body()))
    found.extractall(tmp_path)
    await context.set_offline(True)
    page = await context.new_page()
    await page.goto(next((tmp_path / "topics").glob("*.html")).as_uri())
    await until(page, "document.querySelector('.formula.set .katex-html .mfrac') !== null")
    await page.evaluate("() => document.fonts.ready")
    assert await page.evaluate("() => [...document.fonts].some((one) => one.status === 'loaded')")
    assert used.troubles == []


async def test_the_floor(browsing86: Browsing, memory_server: LiveServer) -> None:
    board = await decided(memory_server)
    page = await board.open(await browsing86.context(width=PHONE), board.member)
    group, topic = f"/groups/{board.group}", f"/topics/{board.topic}"
    for path in (
        group, f"{group}/topics", f"{group}/topics/new", f"{group}/files", f"{group}/memory",
        f"{group}/changes?days=7", topic, "/groups", "/unread", "/me/notices",
    ):  # fmt: skip
        answer = await page.goto(memory_server.base_url + path)
        assert answer is not None
        assert answer.status == 200, path
        assert not await wide(page), path
    assert browsing86.troubles == []
