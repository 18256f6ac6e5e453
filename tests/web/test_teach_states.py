"""The lead desk: what it chooses, what it says when something is not right, how it ends."""

import pytest
from playwright.async_api import Page

from tests.web.browsing import Browsing
from tests.web.stage import Stage, room_state
from tests.web.waiting import until

READY = "!document.getElementById('begin').disabled"


async def open_desk(stage: Stage, browsing: Browsing) -> Page:
    page = await browsing.open(stage.base_url + "/teach")
    await until(page, READY)
    return page


async def notices(page: Page) -> str:
    return await page.locator("#notices").inner_text()


async def test_devices_and_meter(stage: Stage, browsing: Browsing) -> None:
    page = await open_desk(stage, browsing)
    await until(page, "document.getElementById('mine').videoWidth === 1280")
    await until(page, "document.querySelectorAll('.meter .lit').length > 0")
    assert await page.locator("#camera option").count() >= 1
    assert await page.locator("#microphone option").count() >= 1


async def test_choices_are_remembered(stage: Stage, browsing: Browsing) -> None:
    page = await open_desk(stage, browsing)
    last = page.locator("#microphone option").last
    chosen = await last.get_attribute("value")
    await page.select_option("#microphone", chosen)
    await page.reload()
    await until(page, READY)
    assert await page.locator("#microphone").input_value() == chosen


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("NotAllowedError", "浏览器不允许本页使用摄像头和麦克风"),
        ("NotReadableError", "摄像头或麦克风正被其他程序占用"),
        ("NotFoundError", "没有找到摄像头或麦克风"),
    ],
)
async def test_refused_devices(stage: Stage, browsing: Browsing, error: str, words: str) -> None:
    context = await browsing.context()
    await context.add_init_script(
        "if (navigator.mediaDevices) navigator.mediaDevices.getUserMedia = () =>"
        f" Promise.reject(new DOMException('no', '{error}'));"
    )
    page = await context.new_page()
    await page.goto(stage.base_url + "/teach")
    await page.get_by_text(words).wait_for()
    assert await page.locator("#begin").is_disabled()


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        ((409, "source_taken"), "现在有另一位老师正在上这节课"),
        ((409, "lesson_over"), "这节课已经结束|本课已结束"),
        ((422, "no_h264"), "这个浏览器发送的画面，教室里放不出来"),
        ((403, "not_leading"), "您的账号不能上这节课"),
    ],
)
async def test_refusals_in_words(
    stage: Stage, browsing: Browsing, refusal: tuple[int, str], words: str
) -> None:
    stage.whip_refusal = refusal
    page = await open_desk(stage, browsing)
    await page.click("#begin")
    await until(page, "tongke.state === 'refused'")
    said = await notices(page)
    assert any(one in said for one in words.split("|"))
    assert await page.locator("#begin").is_visible(), "it cannot be tried again"


async def test_busy_server_is_tried_again(stage: Stage, browsing: Browsing) -> None:
    page = await open_desk(stage, browsing)
    await page.click("#begin")
    await until(page, "tongke.attempts >= 2", 15)
    assert "服务器正忙" in await notices(page)


async def test_rooms_that_need_attention_stand_first(stage: Stage, browsing: Browsing) -> None:
    stage.state = stage.source = "live"
    stage.rooms = [
        room_state(1),
        room_state(2, layer="h", carrier="hls", latency_ms=2400),
        room_state(3, layer="q", loss=0.08),
        room_state(4, "offline"),
    ]
    page = await open_desk(stage, browsing)
    await until(page, "document.querySelectorAll('.tile').length === 4 && tongke.linkUp")
    names = await page.locator(".tile .name").all_inner_texts()
    assert names == ["三年级4班", "三年级3班", "三年级1班", "三年级2班"]
    assert "流畅 · 实时 · 丢失 8%" in await page.locator(".tile").nth(1).inner_text()
    assert "标清 · 约晚 2 秒" in await page.locator(".tile").nth(3).inner_text()
    assert await page.locator("#watching").inner_text() == "4 间教室，3 间正在收看"


async def test_stopped_recording_is_said(stage: Stage, browsing: Browsing) -> None:
    stage.state = stage.source = "live"
    stage.recording = ("ok", "")
    page = await open_desk(stage, browsing)
    await page.get_by_text("正在录制").wait_for()
    await stage.tell(recording=("stopped", "disk_full"))
    await page.get_by_text("直播仍在继续，但录制已停止").wait_for()
    assert "磁盘已满" in await notices(page)
    await stage.tell(recording=("ok", ""))
    await until(page, "!document.getElementById('recorder')")


async def test_end_is_confirmed(stage: Stage, browsing: Browsing) -> None:
    stage.state = stage.source = "live"
    page = await open_desk(stage, browsing)
    await page.click("#end")
    await page.click("#go-on")
    assert stage.state == "live"
    await page.click("#end")
    await page.click("#end-now")
    await page.get_by_role("heading", name="本课已结束").wait_for()
    assert await page.get_by_role("link", name="看回放").get_attribute("href") == "/replay"


async def test_end_that_fails_says_so(stage: Stage, browsing: Browsing) -> None:
    stage.state = stage.source = "live"
    page = await open_desk(stage, browsing)
    await page.route("**/end", lambda route: route.abort())
    await page.click("#end")
    await page.click("#end-now")
    await page.get_by_text("没能结束本课").wait_for()
