"""The pages' side of the wire, in the oldest browser we serve, over lines that break."""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from playwright.async_api import Page
from starlette.responses import FileResponse

from tests.web.browsing import Browsing
from tests.web.conftest import ROOT, loop_fixture
from tests.web.waiting import until
from tests.wire.conftest import QUICK
from tests.wire.rig import Rig, running
from tongke_platform.wire import messages
from tongke_platform.wire.hub import Wire

# A page that keeps notes as docs/wire.md tells a client to.
SCRIPT = """
import { Wire } from "%(wire)s";
const notes = [], links = [], answers = [], refused = [];
const wire = new Wire("a");
const board = wire.open("board:one", {
  onSnapshot: (data) => notes.splice(0, notes.length, ...data.notes),
  onEvent: (event) => { if (event.place > notes.length) notes.push(event.text); },
  onUp: (up) => links.push(up),
  onRefused: (problem) => refused.push(problem.code),
});
const say = (text) => board.say({ text }).then((answer) => answers.push(answer.place),
  (problem) => answers.push(problem.code));
window.tongke = { notes, links, answers, refused, say, wire, board };
"""
PAGE = """<!doctype html><title>wire</title><script type="application/json" id="messages">{}</script>
<script type="module" src="/page.js"></script>"""


@pytest.fixture(scope="session")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The client as pages get it: bundled for Chrome 87."""
    folder = tmp_path_factory.mktemp("wire")
    source = SCRIPT % {"wire": ROOT / "templates/client/lib/wire.ts"}
    (folder / "entry.ts").write_text(source)
    esbuild = shutil.which("esbuild", path=str(ROOT / "node_modules/.bin"))
    assert esbuild is not None
    options = ["--bundle", "--format=esm", "--target=chrome87", f"--outfile={folder / 'page.js'}"]
    subprocess.run([esbuild, str(folder / "entry.ts"), *options, "--log-level=error"], check=True)
    return folder / "page.js"


@loop_fixture
async def rig(script: Path) -> AsyncIterator[Rig]:
    def add(app: FastAPI) -> None:
        app.add_api_route("/", lambda: HTMLResponse(PAGE))
        app.add_api_route("/page.js", lambda: FileResponse(script))

    # A ping soon after each new socket keeps the pauses between them short.
    async with running(Wire(limits=replace(QUICK, ping_s=0.05)), add) as rig:
        yield rig


async def opened(browsing: Browsing, rig: Rig) -> Page:
    page = await browsing.open(rig.url.replace("ws:", "http:").replace("/api/wire", "/"))
    await until(page, "tongke.board.up")
    return page


def cut(rig: Rig) -> None:
    """The server goes away in the middle of whatever it is doing."""
    for page in tuple(rig.wire._pages):
        page.stop(messages.RESTARTING)


async def test_nothing_is_lost_or_done_twice(browsing86: Browsing, rig: Rig) -> None:
    rig.board.write("one", "before")
    page = await opened(browsing86, rig)
    for number in range(4):
        await page.evaluate(
            "(n) => { for (const m of [1, 2, 3]) tongke.say(`said ${n}.${m}`); }", number
        )
        rig.board.write("one", f"written {number}")
        cut(rig)
        rig.board.write("one", f"missed {number}")
        await until(page, f"tongke.answers.length === {3 * (number + 1)} && tongke.board.up")
    await until(page, f"tongke.notes.length === {len(rig.board.notes['one'])}")
    notes = rig.board.notes["one"]
    assert await page.evaluate("() => tongke.notes") == notes
    assert sorted(one for one in notes if one.startswith("said")) == [
        f"said {number}.{turn}" for number in range(4) for turn in (1, 2, 3)
    ]
    assert (await page.evaluate("() => tongke.links"))[:4] == [True, False, True, False]
    assert rig.board.asked == 1, "the first snapshot was the only one"


async def test_refusals_reach_the_page_and_pass(browsing86: Browsing, rig: Rig) -> None:
    page = await opened(browsing86, rig)
    await page.evaluate("() => tongke.say('refused')")
    await until(page, "tongke.answers[0] === 'not_this'")
    rig.board.refused.add("a")
    rig.wire.recheck("board:one")
    await until(page, "tongke.refused[0] === 'not_yours' && !tongke.board.up")
    rig.board.refused.clear()
    rig.board.write("one", "back")
    await until(page, "tongke.board.up && tongke.notes.includes('back')", 15)


async def test_a_sleeping_computer_comes_back_at_once(browsing86: Browsing, rig: Rig) -> None:
    """The clock has jumped when the page is shown again."""
    page = await opened(browsing86, rig)
    await page.evaluate("""() => {
        const real = Date.now;
        Date.now = () => real() + 60_000;
        document.dispatchEvent(new Event('visibilitychange'));
    }""")
    await until(page, "tongke.links.length === 3 && tongke.board.up")
    async with asyncio.timeout(10):
        await rig.board.joins(1)
