"""The replay's own controls, and the gaps of the recording."""

from playwright.async_api import Page

from tests.web.browsing import Browsing
from tests.web.stage import Stage
from tests.web.waiting import until


async def open_replay(stage: Stage, browsing: Browsing) -> Page:
    page = await browsing.open(stage.base_url + "/replay")
    await until(page, "tongke.state === 'ready'", 15)
    return page


async def test_length_and_gap_are_told(stage: Stage, browsing: Browsing) -> None:
    page = await open_replay(stage, browsing)
    gaps = await page.evaluate("() => tongke.gaps")
    assert [(round(gap["from"]), round(gap["to"])) for gap in gaps] == [(8, 12)]
    assert await page.locator("#gap-list").inner_text() == "0:08 处，4 秒"
    assert await page.locator("#long-words").inner_text() == "20 秒"
    assert await page.locator("#holes rect").count() == 1


async def test_gap_is_skipped(stage: Stage, browsing: Browsing) -> None:
    page = await open_replay(stage, browsing)
    await page.evaluate("() => { document.getElementById('video').currentTime = 7; }")
    await page.click("#start")
    await page.get_by_text("已跳过 4 秒空缺").wait_for()
    await until(page, "tongke.position > 12.3")


async def test_keys(stage: Stage, browsing: Browsing) -> None:
    page = await open_replay(stage, browsing)
    await page.keyboard.press("k")
    await until(page, "tongke.position > 0.3")
    await page.keyboard.press("k")
    assert await page.evaluate("() => document.getElementById('video').paused")
    await page.keyboard.press("End")
    await until(page, "tongke.position > 18")
    await page.keyboard.press("Home")
    await until(page, "tongke.position === 0")
    await page.keyboard.press(">")
    await page.keyboard.press("m")
    video = "document.getElementById('video')"
    assert await page.evaluate(f"() => [{video}.playbackRate, {video}.muted]") == [1.25, True]


async def test_captions(stage: Stage, browsing: Browsing) -> None:
    vtt = "WEBVTT\n\n00:00:00.000 --> 00:00:05.000\n同学们好\n"
    answer = {"status": 200, "body": vtt, "content_type": "text/vtt; charset=utf-8"}
    page = await browsing.open(stage.base_url + "/replay")
    assert await page.locator("#captions").count() == 0, "none, no button"
    await page.route("**/captions.vtt", lambda route: route.fulfill(**answer))
    await page.goto(stage.base_url + "/replay?captions=/captions.vtt&source=/recorded/index.m3u8")
    await until(page, "tongke.state === 'ready'", 15)
    mode = "() => document.getElementById('track').track.mode"
    assert await page.evaluate(mode) == "hidden"
    await page.get_by_role("button", name="字幕").click()
    assert await page.evaluate(mode) == "showing"
    # A player that stands at the very beginning has not looked for its cues yet.
    await page.evaluate("() => { document.getElementById('video').currentTime = 1 }")
    cue = "document.getElementById('track').track.activeCues[0]"
    await until(page, f"{cue} && {cue}.text === '同学们好'", 15)
    await page.keyboard.press("c")
    assert await page.evaluate(mode) == "hidden"


async def test_speed_from_the_list(stage: Stage, browsing: Browsing) -> None:
    page = await open_replay(stage, browsing)
    await page.select_option("#speed", "0.75")
    assert await page.evaluate("() => document.getElementById('video').playbackRate") == 0.75


async def test_missing_recording_can_be_tried_again(stage: Stage, browsing: Browsing) -> None:
    page = await browsing.open(stage.base_url + "/replay?source=/recorded/later.m3u8")
    await until(page, "tongke.state === 'failed'", 15)
    assert await page.get_by_text("这节课还没有录像").is_visible()

    await page.route("**/later.m3u8", lambda route: route.fulfill(status=200, body=PLAYLIST))
    await page.get_by_role("button", name="再试一次").click()
    await until(page, "tongke.state === 'ready'", 15)


PLAYLIST = """#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:2
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-MAP:URI="init.mp4"
#EXTINF:2.0,
index0.m4s
#EXT-X-ENDLIST
"""
