"""A real browser, a real server, and pages that tell when something in them went wrong.

The tests of this folder share one event loop: the browser lives in it for the whole session.
"""

import re
import subprocess
from collections.abc import AsyncIterator, Callable, Generator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Playwright, async_playwright

from tests.web.browsing import Browsing
from tests.web.catalogue_world import Catalogue, open_catalogue
from tests.web.live_server import LiveServer
from tests.web.stage import Stage, live_clip, make_app, make_recording, serving

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
RESULTS = ROOT / "test-results"

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    # Two headless browsers on one small machine are each other's background.
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
]

session_fixture: Callable[..., Any] = pytest_asyncio.fixture(scope="session", loop_scope="session")
loop_fixture: Callable[..., Any] = pytest_asyncio.fixture(loop_scope="session")
_REPORT = pytest.StashKey[bool]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call":
        item.stash[_REPORT] = report.failed
    return report


@session_fixture
async def playwright() -> AsyncIterator[Playwright]:
    async with async_playwright() as running:
        yield running


@session_fixture
async def chromium(playwright: Playwright) -> AsyncIterator[Browser]:
    """Debian's, with its fake camera and microphone."""
    browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    yield browser
    await browser.close()


@pytest.fixture(scope="session")
def floor_binary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Chromium 86 of npm's chrome-aws-lambda, unpacked."""
    folder = tmp_path_factory.mktemp("chromium86")
    packed = ROOT / "node_modules/chrome-aws-lambda/bin/chromium.br"
    unpack = (
        "const [from, to] = process.argv.slice(1), fs = require('fs');"
        "fs.writeFileSync(to, require('zlib').brotliDecompressSync(fs.readFileSync(from)));"
    )
    binary = folder / "chromium"
    subprocess.run(["node", "-e", unpack, str(packed), str(binary)], check=True)
    binary.chmod(0o755)
    return binary


@session_fixture
async def chromium86(playwright: Playwright, floor_binary: Path) -> AsyncIterator[Browser]:
    """The floor: what a class PC of that age runs, H.264 included."""
    flags = [*FLAGS, "--no-zygote", "--disable-gpu"]
    browser = await playwright.chromium.launch(executable_path=floor_binary, args=flags)
    yield browser
    await browser.close()


@loop_fixture
async def browsing(chromium: Browser, request: pytest.FixtureRequest) -> AsyncIterator[Browsing]:
    """Opens pages; at the end none may have broken. A failed test leaves pictures."""
    async for one in _browse(chromium, request):
        yield one


@loop_fixture
async def browsing86(
    chromium86: Browser, request: pytest.FixtureRequest
) -> AsyncIterator[Browsing]:
    async for one in _browse(chromium86, request):
        yield one


async def _browse(browser: Browser, request: pytest.FixtureRequest) -> AsyncIterator[Browsing]:
    one = Browsing(browser)
    yield one
    if request.node.stash.get(_REPORT, False):
        name = re.sub(r"[^\w.-]+", "_", request.node.name)
        await one.keep_pictures(RESULTS, name)
    await one.close()
    assert one.troubles == []


@session_fixture
async def clips(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Path]:
    folder = tmp_path_factory.mktemp("clips")
    await make_recording(folder / "recorded")
    async with live_clip(folder / "live"):
        yield folder


@loop_fixture
async def stage(clips: Path) -> AsyncIterator[Stage]:
    """Pages in any state, at ``stage.base_url``."""
    stage = Stage()
    await stage.wire.start()
    async with serving(make_app(stage, clips)) as stage.base_url:
        yield stage
    await stage.wire.stop()


@session_fixture
async def demo_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LiveServer]:
    """``tongke serve`` with a data folder and ports of its own, for the whole session.

    A test that kills or fills it starts one of its own: ``async with LiveServer.running(folder)``.
    """
    async with LiveServer.running(tmp_path_factory.mktemp("server")) as server:
        yield server


@session_fixture
async def catalogue(demo_server: LiveServer) -> Catalogue:
    """One for the session; what a test changes in it, the others find."""
    return await open_catalogue(demo_server)
