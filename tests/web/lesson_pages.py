"""The lead desk and classrooms as people use them, and what is seen and heard in them."""

import asyncio

from playwright.async_api import Page

from tests.web.browsing import Browsing
from tests.web.live_server import LiveServer, Seed
from tests.web.waiting import until

NO_WEBRTC = "delete window.RTCPeerConnection;"

# The picture moves when two looks at it, frames apart, differ in many pixels.
# A picture that is looked at while the page changes its player is found when it plays again.
_MOVES = """async (selector) => {
    const playing = (v) => v.videoWidth && !v.paused;
    let video;
    for (let tries = 0; !video; tries += 1) {
        if (tries === 200) return false;
        await new Promise((resolve) => setTimeout(resolve, 50));
        video = [...document.querySelectorAll(selector)].find(playing);
    }
    const canvas = document.createElement("canvas");
    canvas.width = 64; canvas.height = 36;
    const pen = canvas.getContext("2d");
    const look = () => {
        pen.drawImage(video, 0, 0, 64, 36);
        return pen.getImageData(0, 0, 64, 36).data;
    };
    const before = look();
    for (let tries = 0; tries < 200; tries += 1) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        const now = look();
        let changed = 0;
        for (let i = 0; i < now.length; i += 4) changed += Math.abs(now[i] - before[i]) > 24 ? 1 : 0;
        if (changed > 5) return true;
    }
    return false;
}"""

# Sound is heard when the element's own output has a level, not when bytes have arrived.
_HEARD = """async (selector) => {
    const video = [...document.querySelectorAll(selector)].find((v) => !v.paused && !v.muted);
    if (!video) return false;
    const context = new AudioContext();
    await context.resume();
    const analyser = context.createAnalyser();
    context.createMediaStreamSource(video.captureStream()).connect(analyser);
    const wave = new Float32Array(analyser.fftSize);
    try {
        for (let tries = 0; tries < 200; tries += 1) {
            await new Promise((resolve) => setTimeout(resolve, 20));
            analyser.getFloatTimeDomainData(wave);
            if (wave.some((sample) => Math.abs(sample) > 0.01)) return true;
        }
        return false;
    } finally {
        await context.close();
    }
}"""


async def teach(browsing: Browsing, server: LiveServer, seed: Seed) -> Page:
    """The lead teacher opens her desk, signed in; nothing is sent yet."""
    context = await browsing.context()
    await server.sign_in(context, seed.teacher)
    page = await context.new_page()
    await page.goto(server.base_url + seed.teach_path)
    await page.wait_for_selector("#begin:enabled")
    return page


async def go_live(desk: Page) -> None:
    await desk.click("#begin")
    await until(desk, "tongke.state === 'live'", 15)


async def end_lesson(desk: Page) -> None:
    """The red button and its confirmation, until the page says that the replay is there."""
    await desk.click("#end")
    await desk.click("#end-now")
    await desk.wait_for_selector("a[href*='replay']")


async def open_room(
    browsing: Browsing, server: LiveServer, seed: Seed, number: int = 0, script: str = ""
) -> Page:
    """A class PC opens its room's address; ``script`` runs before the page's own."""
    context = await browsing.context()
    if script:
        await context.add_init_script(script)
    page = await context.new_page()
    await page.goto(server.base_url + seed.room_path(number))
    return page


async def watches(room: Page, carrier: str, seconds: float = 15) -> None:
    """The room plays by ``carrier`` and says nothing in large type any more."""
    condition = f"tongke.state === 'playing' && tongke.carrier === '{carrier}'"
    await until(room, f"{condition} && tongke.saying === null", seconds)


async def moves(page: Page, selector: str = "video") -> bool:
    async with asyncio.timeout(40):
        return bool(await page.evaluate(_MOVES, selector))


async def heard(page: Page, selector: str = "video") -> bool:
    """Turns the sound on as a teacher would where the browser held it back, then listens."""
    if await page.is_visible("#unmute"):
        await page.click("#unmute")
    async with asyncio.timeout(20):
        return bool(await page.evaluate(_HEARD, selector))
