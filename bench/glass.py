"""Glass to glass in Chromium: a clock drawn in the picture, read where the picture is shown.

The publisher's page draws its own clock as a row of black and white cells into a canvas that stands
for the camera; the viewer's page reads the cells of the newest picture and subtracts. Both pages are
in one browser, so they share one clock. WebRTC and LL-HLS in the same run, on the classroom's page.
"""

import asyncio
import statistics
import tempfile
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, async_playwright
from rich.console import Console
from rich.table import Table

from tests.web.browsing import Browsing
from tests.web.conftest import CHROMIUM, FLAGS
from tests.web.lesson_pages import NO_WEBRTC, end_lesson, go_live, open_room, watches
from tests.web.live_server import LiveServer, Seed

SECONDS = 20
BITS = 32

# The camera: a canvas of 1280×720 at 30 pictures a second whose lower rows carry the time in ms as
# bits, most significant first, each a cell of 40×60 px. Something moves, so the encoder works.
_CAMERA = """
navigator.mediaDevices.getUserMedia = async () => {
    const canvas = document.createElement("canvas");
    canvas.width = 1280; canvas.height = 720;
    const pen = canvas.getContext("2d");
    const draw = () => {
        const now = Date.now() % 4294967296;
        pen.fillStyle = "#dfe7e4"; pen.fillRect(0, 0, 1280, 600);
        pen.fillStyle = "#0e7c66";
        pen.fillRect(640 + 500 * Math.sin(now / 700), 200, 90, 90);
        for (let bit = 0; bit < BITS; bit += 1) {
            pen.fillStyle = (now / 2 ** (BITS - 1 - bit)) & 1 ? "#fff" : "#000";
            pen.fillRect(bit * 40, 600, 40, 120);
        }
    };
    setInterval(draw, 1000 / 30);
    draw();
    const sound = new AudioContext();
    const out = sound.createMediaStreamDestination();
    const tone = sound.createOscillator();
    tone.connect(out); tone.start();
    return new MediaStream([...canvas.captureStream(30).getTracks(), ...out.stream.getTracks()]);
};
""".replace("BITS", str(BITS))

_READ = """async (seconds) => {
    const canvas = document.createElement("canvas");
    canvas.width = 1280; canvas.height = 720;
    const pen = canvas.getContext("2d", { willReadFrequently: true });
    const seen = [];
    const until = performance.now() + seconds * 1000;
    await new Promise((resolve) => {
        const look = () => {
            const video = tongke.video;
            if (video && video.videoWidth) {
                pen.drawImage(video, 0, 0, 1280, 720);
                const row = pen.getImageData(0, 660, 1280, 1).data;
                let value = 0, sure = true;
                for (let bit = 0; bit < BITS; bit += 1) {
                    const level = row[(bit * 40 + 20) * 4];
                    sure = sure && (level < 70 || level > 185);
                    value = value * 2 + (level > 127 ? 1 : 0);
                }
                const late = (Date.now() % 4294967296) - value;
                if (sure && late > 0 && late < 60000) seen.push(late);
            }
            if (performance.now() < until) video ? video.requestVideoFrameCallback(look) : setTimeout(look, 20);
            else resolve();
        };
        look();
    });
    return seen;
}""".replace("BITS", str(BITS))


async def _room(
    browsing: Browsing, server: LiveServer, seed: Seed, number: int, script: str
) -> Page:
    page = await open_room(browsing, server, seed, number, script)
    await watches(page, "hls" if script else "whep", 30)
    return page


async def _measure(browser: Browser, folder: Path) -> list[dict[str, Any]]:
    async with LiveServer.running(folder) as server:
        browsing = Browsing(browser)
        seed = await server.seed(rooms=2)
        context = await browsing.context()
        await context.add_init_script(_CAMERA)
        await server.sign_in(context, seed.teacher)
        desk = await context.new_page()
        await desk.goto(server.base_url + seed.teach_path)
        await desk.wait_for_selector("#begin:enabled")
        await go_live(desk)
        rows = []
        for number, (name, script, target) in enumerate(
            (("WebRTC", "", 250), ("LL-HLS", NO_WEBRTC, 3000))
        ):
            page = await _room(browsing, server, seed, number, script)
            # The player settles on its layer and its distance from live.
            await page.wait_for_timeout(12_000)
            late = sorted(await page.evaluate(_READ, SECONDS))
            first = await page.evaluate("() => tongke.stats.firstPictureMs")
            rows.append({"carrier": name, "late": late, "first": first, "target": target})
            await page.context.close()
        begun = asyncio.get_running_loop().time()
        await end_lesson(desk)
        rows.append({"carrier": "replay", "ready": asyncio.get_running_loop().time() - begun})
        await browsing.close()
        return rows


async def _run() -> list[dict[str, Any]]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            with tempfile.TemporaryDirectory() as folder:
                return await _measure(browser, Path(folder))
        finally:
            await browser.close()


def main() -> None:
    rows = asyncio.run(_run())
    table = Table(title="Glass to glass in Chromium, ms")
    for column in ("carrier", "pictures", "median", "p95", "most", "target", "first picture"):
        table.add_column(column, justify="right" if column != "carrier" else "left")
    for row in rows[:2]:
        late = row["late"]
        table.add_row(
            row["carrier"],
            str(len(late)),
            f"{statistics.median(late):.0f}" if late else "-",
            f"{late[int(len(late) * 0.95)]:.0f}" if late else "-",
            f"{late[-1]:.0f}" if late else "-",
            f"≤ {row['target']}",
            f"{row['first']:.0f}",
        )
    console = Console()
    console.print(table)
    console.print(
        f"Replay offered {rows[2]['ready'] * 1000:.0f} ms after the click on 结束 (≤ 1000)"
    )
