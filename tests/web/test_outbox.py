"""Words are sent exactly once and never lost, wherever the road to the server is cut; and what the
page says of where they are is true. In the oldest browser we serve and in a new one.
"""

import json
import os
import random
import signal
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Page, Playwright

from tests.web.browsing import Browsing
from tests.web.conftest import CHROMIUM, FLAGS, loop_fixture
from tests.web.outbox_server import Board, board, bundle
from tests.web.waiting import until

FULL_DISK = """
const full = () => { throw new DOMException("full", "QuotaExceededError"); };
window.fill = (filled) => {
  if (!window.real) window.real = [IDBObjectStore.prototype.put, Storage.prototype.setItem];
  IDBObjectStore.prototype.put = filled ? full : window.real[0];
  Storage.prototype.setItem = filled ? full : window.real[1];
};
"""
NO_DATABASE = "Object.defineProperty(window, 'indexedDB', { value: undefined });"
NO_LOCKS = "Object.defineProperty(Navigator.prototype, 'locks', { value: undefined });"


@pytest.fixture(scope="session")
def outbox_script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bundle(tmp_path_factory.mktemp("outbox"))


@loop_fixture
async def server(outbox_script: Path) -> AsyncIterator[Board]:
    async with board(outbox_script) as one:
        yield one


async def opened(context: BrowserContext, server: Board, query: str = "") -> Page:
    page = await context.new_page()
    await page.goto(server.url + query)
    await until(page, "tongke.ready")
    return page


async def type_in(page: Page, text: str) -> None:
    await page.evaluate("(text) => tongke.type(text)", text)


async def send(page: Page, text: str) -> None:
    await type_in(page, text)
    await page.evaluate("() => tongke.writing.submit()")


async def press(page: Page) -> None:
    await page.evaluate("() => document.querySelector('button').click()")


async def left(page: Page) -> list[Any]:
    """What this computer still has."""
    found: list[Any] = await page.evaluate("() => tongke.outbox.entries()")
    return found


async def test_kept_sent_and_gone(browsing86: Browsing, server: Board) -> None:
    page = await opened(await browsing86.context(), server)
    await type_in(page, "我们班")
    await until(page, "tongke.state.where === 'server'")
    assert [one["text"] for one in server.drafts.values()] == ["我们班"]
    await type_in(page, "我们班三十个")
    await until(page, "tongke.state.where === 'computer'")
    await press(page)
    await until(page, "tongke.told.some(([kind]) => kind === 'sent')")
    assert server.texts == ["我们班三十个"]
    assert server.drafts == {}
    assert await left(page) == []
    assert await page.evaluate("() => [tongke.text, tongke.state.where]") == ["", "nothing"]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("without", ["", NO_DATABASE, NO_LOCKS])
async def test_exactly_once_over_cuts(
    browsing86: Browsing, server: Board, seed: int, without: str
) -> None:
    """Faults, reloads in the middle and a second tab, at random; at the end each text is there once."""
    chance = random.Random(seed)
    context = await browsing86.context()
    if without:
        await context.add_init_script(without)
    pages = [await opened(context, server) for _ in range(2)]
    faults = ["lost", "unheard", "slow", "500", "503", "429", "401"]
    wanted = []
    for number in range(5):
        server.faults.extend(chance.choices(faults, k=chance.randrange(5)))
        page = chance.choice(pages)
        text = f"第{number}条 {'长' * chance.randrange(2000)}"
        wanted.append(text)
        await send(page, text)
        if chance.random() < 0.4:
            await page.reload()
            await until(page, "tongke.ready")
    if chance.random() < 0.5:
        await pages.pop(chance.randrange(2)).close()
    server.faults.clear()
    for page in pages:
        await page.evaluate("() => dispatchEvent(new Event('online'))")
    await settled(pages[0])
    assert sorted(server.texts) == sorted(wanted)
    assert server.drafts == {}


async def settled(page: Page) -> None:
    """Until nothing is left on this computer."""

    async def nothing() -> bool:
        return await left(page) == []

    for _ in range(200):
        if await nothing():
            return
        await page.wait_for_timeout(100)
    raise AssertionError(await left(page))


@pytest.mark.parametrize("fault", ["lost", "unheard", "500", "401"])
async def test_closed_while_it_is_on_its_way(
    browsing86: Browsing, server: Board, fault: str
) -> None:
    """The browser is closed; another day the page is opened again, by somebody who logs in again."""
    context = await browsing86.context()
    server.always = fault
    page = await opened(context, server)
    await send(page, "明天再来")
    await until(page, "tongke.state.sending === 'waiting'")
    await page.close()
    server.always = ""
    page = await opened(context, server)
    await until(page, "tongke.told.some(([kind, text]) => kind === 'sent' && text === '明天再来')")
    assert server.texts == ["明天再来"]
    assert await left(page) == []


async def test_says_where_words_are(browsing86: Browsing, server: Board) -> None:
    context = await browsing86.context()
    await context.add_init_script(FULL_DISK)
    page = await opened(context, server)
    server.always = "lost"
    await type_in(page, "一")
    await until(page, "tongke.state.where === 'computer'")
    assert await page.evaluate("() => tongke.line") == "Kept on this computer only."
    await page.evaluate("() => fill(true)")
    await type_in(page, "一二")
    await until(page, "tongke.state.where === 'nowhere'")
    assert await page.evaluate("() => tongke.line") == "Not saved. Please do not close this page."
    asks = "() => !dispatchEvent(new Event('beforeunload', { cancelable: true }))"
    assert await page.evaluate(asks)
    server.always = ""
    await until(page, "tongke.state.where === 'server'")
    assert await page.evaluate("() => tongke.line") == "Saved on the server."
    assert not await page.evaluate(asks)
    assert [one["text"] for one in server.drafts.values()] == ["一二"]


async def test_sent_though_no_disk_takes_it(browsing86: Browsing, server: Board) -> None:
    context = await browsing86.context()
    await context.add_init_script(FULL_DISK)
    page = await opened(context, server)
    await page.evaluate("() => fill(true)")
    server.always = "lost"
    await send(page, "满了")
    await until(page, "tongke.state.sending === 'waiting'")
    assert await page.evaluate("() => [tongke.text, tongke.state.where]") == ["满了", "nowhere"]
    server.always = ""
    await until(page, "tongke.told.some(([kind]) => kind === 'sent')")
    assert server.texts == ["满了"]
    assert await page.evaluate("() => tongke.text") == ""


@pytest.mark.parametrize("status", ["403", "404", "409", "422"])
async def test_what_is_not_taken_is_a_draft_again(
    browsing86: Browsing, server: Board, status: str
) -> None:
    context = await browsing86.context()
    page = await opened(context, server)
    server.faults.append(status)
    await send(page, "话题关了")
    await until(page, "tongke.told.some(([kind]) => kind === 'returned')")
    await until(page, "tongke.text === '话题关了'")
    assert "refused: refused" in await page.evaluate("() => tongke.line")
    await page.close()
    page = await opened(context, server)
    await until(page, "tongke.text === '话题关了'")
    await press(page)
    await until(page, "tongke.told.some(([kind]) => kind === 'sent')")
    assert server.texts == ["话题关了"]


async def test_typed_and_closed_at_once(browsing86: Browsing, server: Board) -> None:
    """Nobody waited for anything."""
    context = await browsing86.context()
    page = await opened(context, server)
    server.always = "lost"
    typed = (
        "() => { tongke.type('刚写'); tongke.type('刚写完'); setTimeout(() => location.reload()); }"
    )
    async with page.expect_navigation():
        await page.evaluate(typed)
    await until(page, "tongke.ready && tongke.text === '刚写完'")
    server.always = ""
    await page.evaluate("() => dispatchEvent(new Event('online'))")
    await until(page, "tongke.state.where === 'server'")
    assert [one["text"] for one in server.drafts.values()] == ["刚写完"]


async def test_own_words_are_no_conflict(browsing86: Browsing, server: Board) -> None:
    """Answers to what was kept get lost, and she writes on."""
    page = await opened(await browsing86.context(), server)
    for number in range(4):
        server.faults.extend(["unheard", "unheard"])
        await type_in(page, "写" * (number + 1))
        await page.wait_for_timeout(250)
    await until(page, "tongke.state.where === 'server'")
    assert await page.evaluate("() => tongke.state.theirs") is None
    assert [one["text"] for one in server.drafts.values()] == ["写写写写"]


@pytest.mark.parametrize("which", ["mine", "theirs"])
async def test_two_devices(browsing86: Browsing, server: Board, which: str) -> None:
    phone = await opened(await browsing86.context(), server)
    await type_in(phone, "一")
    await until(phone, "tongke.state.where === 'server'")
    pc = await opened(await browsing86.context(), server)
    await until(pc, "tongke.text === '一'")
    await type_in(pc, "一 电脑")
    await until(pc, "tongke.state.where === 'server'")
    await type_in(phone, "一 手机")
    await until(phone, "tongke.state.theirs?.text === '一 电脑'")
    await phone.evaluate("(which) => tongke.writing.choose(which)", which)
    await until(phone, "tongke.state.where === 'server' && !tongke.state.theirs")
    (kept,) = server.drafts.values()
    assert kept["text"] == {"mine": "一 手机", "theirs": "一 电脑"}[which]
    here = sorted(one["text"] for one in await left(phone))
    assert here == (["一 手机"] if which == "mine" else ["一 手机", "一 电脑"]), "both are there"
    await press(phone)
    await until(phone, "tongke.told.some(([kind]) => kind === 'sent')")
    await type_in(pc, "一 电脑 还在写")
    await until(pc, "tongke.state.where === 'server'")
    assert len(server.posts) == 1, "sent from one device, written on at the other: nothing is lost"
    assert [one["text"] for one in server.drafts.values()] == ["一 电脑 还在写"]


async def test_the_same_words_sent_from_another_device_are_no_draft_here(
    browsing86: Browsing, server: Board
) -> None:
    phone = await opened(await browsing86.context(), server)
    await type_in(phone, "一")
    await until(phone, "tongke.state.where === 'server'")
    pc = await opened(await browsing86.context(), server)
    await until(pc, "tongke.text === '一'")
    await send(pc, "一 二")
    await until(pc, "tongke.told.some(([kind]) => kind === 'sent')")
    await type_in(phone, "一 二")
    await until(phone, "tongke.text === '' && tongke.state.where === 'nothing'")
    assert await left(phone) == []
    assert server.texts == ["一 二"]
    assert server.drafts == {}


@pytest.mark.parametrize("full", [False, True])
async def test_one_draft_sent_from_two_devices(
    browsing86: Browsing, server: Board, full: bool
) -> None:
    """With other words: both are there in the end, the second only when it is sent once more."""
    context = await browsing86.context()
    await context.add_init_script(FULL_DISK)
    phone = await opened(context, server)
    await type_in(phone, "一")
    await until(phone, "tongke.state.where === 'server'")
    pc = await opened(await browsing86.context(), server)
    await until(pc, "tongke.text === '一'")
    await send(pc, "一 电脑")
    await until(pc, "tongke.told.some(([kind]) => kind === 'sent')")
    if full:
        await phone.evaluate("() => fill(true)")
    await send(phone, "一 手机")
    await until(phone, "tongke.told.some(([kind, code]) => kind === 'returned' && code === 'sent')")
    await until(phone, "tongke.text === '一 手机'")
    assert server.texts == ["一 电脑"]
    await press(phone)
    await until(phone, "tongke.told.some(([kind]) => kind === 'sent')")
    assert server.texts == ["一 电脑", "一 手机"]
    assert await left(phone) == []
    assert server.drafts == {}


@pytest.mark.parametrize("without", ["", NO_LOCKS])
async def test_one_tab_sends_and_two_tabs_write_apart(
    browsing86: Browsing, server: Board, without: str
) -> None:
    context = await browsing86.context()
    if without:
        await context.add_init_script(without)
    first = await opened(context, server)
    await type_in(first, "第一页")
    await until(first, "tongke.state.where === 'server'")
    second = await opened(context, server)
    assert await second.evaluate("() => tongke.text") == "", "it is open in the other"
    await send(second, "第二页")
    await first.evaluate("() => tongke.writing.submit()")
    for page in (first, second):
        await until(page, "tongke.told.some(([kind]) => kind === 'sent')")
    assert sorted(server.texts) == ["第一页", "第二页"]
    assert sorted(server.tries) == sorted(server.posts), "each asked for once"


async def test_nobody_sends_the_words_of_somebody_else(browsing86: Browsing, server: Board) -> None:
    """One computer in the staff room."""
    context = await browsing86.context()
    server.always = "401"
    anns = await opened(context, server)
    await send(anns, "安老师的话")
    await until(anns, "tongke.state.trouble?.status === 401")
    assert "log in again" in await anns.evaluate("() => tongke.line")
    await anns.close()
    server.always = ""
    bens = await opened(context, server, "?person=ben")
    await send(bens, "贝老师的话")
    await until(bens, "tongke.told.some(([kind]) => kind === 'sent')")
    assert server.texts == ["贝老师的话"]
    assert await left(bens) == []
    anns = await opened(context, server)
    await settled(anns)
    assert server.texts == ["贝老师的话", "安老师的话"]


async def test_taken_out_everywhere(browsing86: Browsing, server: Board) -> None:
    page = await opened(await browsing86.context(), server)
    await type_in(page, "不要了")
    await until(page, "tongke.state.where === 'server'")
    server.faults.append("lost")
    await page.evaluate("() => tongke.writing.discard()")
    await settled(page)
    assert server.drafts == {}
    assert await page.evaluate("() => [tongke.text, tongke.state.where]") == ["", "nothing"]


async def killed(browser: str) -> None:
    """The power goes off: every process that works in this profile."""
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdigit() and browser.encode() in (entry / "cmdline").read_bytes():
                os.kill(int(entry.name), signal.SIGKILL)


@pytest.mark.parametrize("online", [True, False])
async def test_the_browser_is_killed(
    playwright: Playwright, server: Board, tmp_path: Path, online: bool
) -> None:
    """While she writes one thing and sent another."""
    profile = str(tmp_path / "profile")
    start: dict[str, Any] = {"executable_path": CHROMIUM, "args": FLAGS, "locale": "zh-CN"}
    context = await playwright.chromium.launch_persistent_context(profile, **start)
    page = await opened(context, server)
    server.always = "" if online else "lost"
    await send(page, "发出去的")
    await until(page, "tongke.told.some(([kind]) => kind === 'queued')")
    await type_in(page, "还在写的")
    await until(page, "['computer', 'server'].includes(tongke.state.where)")
    await killed(profile)
    server.always = ""
    context = await playwright.chromium.launch_persistent_context(profile, **start)
    page = await opened(context, server)
    await until(page, "tongke.text === '还在写的'")
    await until(page, "tongke.state.where === 'server' && tongke.state.sending === 'no'")
    assert server.texts == ["发出去的"]
    assert [one["text"] for one in server.drafts.values()] == ["还在写的"]
    await context.close()


async def test_a_full_disk_is_no_reason_to_storm_the_server(
    browsing86: Browsing, server: Board
) -> None:
    context = await browsing86.context()
    await context.add_init_script(FULL_DISK)
    page = await opened(context, server)
    await page.evaluate("() => fill(true)")
    server.always = "503"
    await type_in(page, "满了又断了")
    await until(page, "tongke.state.where === 'nowhere'")
    before = server.asked
    await page.wait_for_timeout(1500)
    assert server.asked - before < 20


async def test_in_a_new_browser(browsing: Browsing, server: Board) -> None:
    context = await browsing.context()
    page = await opened(context, server)
    server.faults.extend(["unheard", "500"])
    await send(page, "新浏览器")
    await until(page, "tongke.told.some(([kind]) => kind === 'sent')")
    assert server.texts == ["新浏览器"]
    await type_in(page, "草稿")
    await until(page, "tongke.state.where === 'server'")
    await page.close()
    page = await opened(context, server)
    await until(page, "tongke.text === '草稿' && tongke.state.where === 'server'")


async def test_a_draft_stays_about_what_it_was_begun_about(
    browsing86: Browsing, server: Board
) -> None:
    """Opened in a form about nothing, until somebody says in the form what it is about."""
    about, other = {"kind": "lesson", "id": "y"}, {"kind": "course", "id": "z"}
    server.drafts["k"] = {
        "sent_as": "k", "group_id": "g1", "topic_id": "t1", "title": "", "text": "一",
        "anchor": about, "reply_to": None, "version": 1,
    }  # fmt: skip
    page = await opened(await browsing86.context(), server)
    await until(page, "tongke.text === '一'")
    for anchor, words in ((None, "一 二"), (other, "一 二 三")):
        if anchor is not None:
            said = "(said) => { document.querySelector('form').anchor.value = said; }"
            await page.evaluate(said, json.dumps(anchor))
        await type_in(page, words)
        await until(page, "tongke.state.where === 'server'")
        assert server.drafts["k"]["text"] == words
        assert server.drafts["k"]["anchor"] == (anchor or about)
