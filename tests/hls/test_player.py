"""Players that are not ours, over a break in the lesson: hls.js in Chromium, and libav."""

import asyncio
import functools
import http.server
import shutil
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import av
import httpx2
import pytest
from av.container import InputContainer
from playwright.async_api import Browser, Page, TimeoutError, async_playwright

from tests.hls.processes import FPS, KEY, LESSON, FakeRelay, fake_relay, running, until_part, web

S = 1_000_000
HLS_JS = Path(__file__).parents[2] / "node_modules" / "hls.js" / "dist" / "hls.min.js"
PAGE = """<!doctype html><link rel="icon" href="data:,"><video muted></video>
<script src="hls.min.js"></script>"""
PLAY = """([url, start, startLevel]) => {
  const video = document.querySelector("video");
  const hls = window.hls = new Hls({lowLatencyMode: true, startPosition: start, ...(startLevel === null ? {} : {startLevel})});
  window.fatal = [];
  window.stalls = 0;
  window.told = [];
  hls.on(Hls.Events.ERROR, (_, data) => {
    told.push(`${video.currentTime.toFixed(2)} ${data.details} ${data.reason ?? ""}`);
    if (data.fatal) fatal.push(data.details);
    if (data.details === "bufferStalledError") stalls += 1;
  });
  hls.loadSource(url);
  hls.attachMedia(video);
  video.play();
}"""

STATE = """() => {
  const video = document.querySelector("video");
  const spans = [...Array(video.buffered.length).keys()].map(
    (i) => [video.buffered.start(i), video.buffered.end(i)]);
  return { at: video.currentTime, paused: video.paused, ready: video.readyState, spans, stalls, told };
}"""


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def page_url(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "index.html").write_text(PAGE)
    shutil.copy(HLS_JS, tmp_path / HLS_JS.name)
    handler = functools.partial(QuietHandler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    arguments = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=arguments
        )
        yield browser
        await browser.close()


async def play(
    browser: Browser, page_url: str, media_url: str, start: float = -1, level: int | None = None
) -> Page:
    page = await browser.new_page()
    await page.goto(page_url)
    await page.evaluate(PLAY, [media_url, start, level])
    return page


async def reaches(page: Page, seconds: float) -> None:
    """The picture moves past this second of the lesson."""
    try:
        await page.wait_for_function(
            "at => document.querySelector('video').currentTime > at", arg=seconds, timeout=20_000
        )
    except TimeoutError as error:
        raise AssertionError(f"not at {seconds}: {await page.evaluate(STATE)}") from error


async def test_break_in_the_lesson(data_dir: Path, browser: Browser, page_url: str) -> None:
    async with fake_relay(data_dir) as relay, running(data_dir) as process:
        async with web(data_dir) as client:
            await client.open(LESSON, KEY)
            await relay.pulled.wait()
            url = process.media("index.m3u8")
            back_s = await _live(relay, browser, page_url, url)
            await client.finish(LESSON)
        await _replay(browser, page_url, url, back_s)
        pictures, last = await asyncio.to_thread(read_all, url)
        assert pictures == (6 + 6) * FPS
        assert last > back_s + 5


async def _live(relay: FakeRelay, browser: Browser, page_url: str, url: str) -> float:
    """Six seconds, a break of five, six seconds; returns when the lesson came back."""
    us = relay.clock.now_us()
    relay.tracks(1, 0, us)
    feeding = asyncio.ensure_future(relay.live(1, 0, us, 6))
    await asyncio.sleep(2.6)  # the first whole segment is there
    page = await play(browser, page_url, url)
    await feeding
    await reaches(page, 4.0)
    # A busy machine makes any player wait; a hole between parts would be the server's.
    state = await page.evaluate(STATE)
    assert len(state["spans"]) == 1, state
    assert await page.evaluate("hls.latency") < 5.0
    relay.away(1, 3, us + 6 * S)
    await asyncio.sleep(2)
    relay.cut(4, us + 8 * S, gap=True)
    await asyncio.sleep(2)
    relay.cut(5, us + 10 * S, gap=True)
    await asyncio.sleep(1)
    back = relay.clock.now_us()
    relay.tracks(11, 1, back)
    feeding = asyncio.ensure_future(relay.live(11, 6, back, 6))
    back_s = (back - us) / S
    await reaches(page, back_s + 1)
    await feeding
    relay.event("end", us=back + 6 * S)
    assert await page.evaluate("fatal") == []
    await page.close()
    return back_s


async def _replay(browser: Browser, page_url: str, url: str, back_s: float) -> None:
    page = await play(browser, page_url, url, start=4.0)
    await reaches(page, back_s + 1)
    await page.wait_for_function("document.querySelector('video').ended", timeout=20_000)
    assert await page.evaluate("fatal") == []
    buffered = await page.evaluate("document.querySelector('video').duration")
    assert abs(buffered - (back_s + 6)) < 0.5
    await page.close()


async def test_layer_that_begins_late(data_dir: Path, browser: Browser, page_url: str) -> None:
    """The replay is whole for a player that starts on the layer that came last."""
    async with (
        fake_relay(data_dir) as relay,
        running(data_dir) as process,
        web(data_dir) as client,
    ):
        await client.open(LESSON, KEY)
        await relay.pulled.wait()
        us = relay.clock.now_us() - 12 * S
        relay.tracks(1, 0, us)
        relay.with_late_layer(1, us, seconds=12, late_s=4)
        relay.event("end", us=us + 12 * S)
        await client.finish(LESSON)
        url = process.media("index.m3u8")
        for level in (0, 1):
            page = await play(browser, page_url, url, start=0, level=level)
            await page.wait_for_function("document.querySelector('video').duration > 11.5")
            assert await page.evaluate("hls.levels.length") == 2
            await reaches(page, 7.0)
            assert await page.evaluate("fatal") == []
            await page.close()


def read_all(url: str) -> tuple[int, float]:
    """Pictures libav decodes of the best variant, and the second of the last."""
    count, last = 0, 0.0
    with av.open(url) as container:
        assert isinstance(container, InputContainer)
        for frame in container.decode(container.streams.video[0]):
            count += 1
            last = frame.time or last
    return count, last


async def test_libav_follows_live(data_dir: Path) -> None:
    async with (
        fake_relay(data_dir) as relay,
        running(data_dir) as process,
        web(data_dir) as client,
        httpx2.AsyncClient(timeout=20, trust_env=False) as http,
    ):
        await client.open(LESSON, KEY)
        await relay.pulled.wait()
        us = relay.clock.now_us() - 6 * S
        relay.tracks(1, 0, us)
        feeding = asyncio.ensure_future(relay.live(1, 0, us, 9))
        await until_part(http, process, 2, 2)
        url = process.media("index.m3u8")
        reading = asyncio.ensure_future(asyncio.to_thread(read_all, url))
        await feeding
        relay.event("end", us=us + 9 * S)
        await client.finish(LESSON)
        pictures, last = await reading
        assert pictures >= 7 * FPS
        assert last > 8.9
