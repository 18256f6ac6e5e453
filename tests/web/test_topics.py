"""A topic two people have open: what one writes appears at the other; marks of topics on a replay."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from playwright.async_api import BrowserContext, Page, Route, WebSocketRoute, expect

from tests.makers import Someone
from tests.web.axe import violations
from tests.web.browsing import CLASS_PC, PHONE, PROJECTOR, Browsing
from tests.web.conftest import session_fixture
from tests.web.live_server import LiveServer
from tests.web.stage import Stage
from tests.web.test_partners_and_pairing import look
from tests.web.waiting import until
from tongke_courses.boards import drafts, posting, telling
from tongke_courses.boards.models import AnchorKind, TopicState
from tongke_courses.boards.page_parts import About
from tongke_courses.boards.reading_schemas import DraftIn
from tongke_courses.boards.schemas import AnchorOut, PostIn, TopicIn, TopicOut
from tongke_courses.groups import service as groups
from tongke_courses.groups.schemas import GroupIn
from tongke_platform.accounts import service as accounts
from tongke_platform.accounts.limiter import LocalLimiter
from tongke_platform.people.roles import Role
from tongke_platform.rights import Principal

WIDTHS = (PHONE, CLASS_PC, PROJECTOR)
SAID = (
    "占比 $p=\\frac{n}{m}$，见表：\n\n| 课 | 本班发言 | 远端班发言 | 远端班占比 | 说明 |\n"
    "|---|---:|---:|---:|---|\n| 山行 | 17 | 2 | 10.5% | 第一轮，没有先问远端班 |\n"
)


class Board:
    """A group of a head and a member with one topic the member began."""

    def __init__(self, server: LiveServer) -> None:
        self.server, self.frame = server, server.frame

    async def fill(self) -> "Board":
        make = self.server.make
        school = await make.school()
        self.head = await make.person(school, Role.LEAD_TEACHER)
        self.member = await make.person(await make.school(), Role.LOCAL_TEACHER)
        head = await self.principal(self.head)
        wanted = GroupIn.model_validate(
            {"kind": "research_group", "name": "三年级语文教研组", "organisation_id": school.id}
        )
        async with self.frame.database.write() as session:
            self.group = (await groups.create(session, head, wanted)).id
            await groups.seat(session, self.group, self.member.id, Role.GROUP_MEMBER, head)
        begun = TopicIn(title="远端班怎样多发言", text=SAID, sent_as=uuid4())
        async with self.frame.database.write() as session:
            by = await self.principal(self.member)
            sent = await posting.begin(session, self.frame, by, self.group, begun)
            self.topic = sent.topic.id
        return self

    async def principal(self, who: Someone) -> Principal:
        async with self.frame.database.read() as session:
            found = await accounts.principal_of(session, who.id, self.frame.today())
        assert found is not None
        return found

    async def reply(self, who: Someone, text: str) -> UUID:
        async with self.frame.database.write() as session:
            by = await self.principal(who)
            said = PostIn(text=text, sent_as=uuid4())
            return (await posting.reply(session, self.frame, by, self.topic, said)).post.id

    async def open(self, context: BrowserContext, who: Someone) -> Page:
        await self.server.sign_in(context, who)
        page = await context.new_page()
        await page.goto(f"{self.server.base_url}/topics/{self.topic}")
        return page


@session_fixture
async def board_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LiveServer]:
    async with LiveServer.running(tmp_path_factory.mktemp("b")) as server:
        yield server


async def test_a_reply_appears_at_the_other(browsing: Browsing, board_server: LiveServer) -> None:
    board = await Board(board_server).fill()
    hers = await board.open(await browsing.context(), board.head)
    his = await board.open(await browsing.context(width=PHONE), board.member)
    await expect(hers.locator(".formula.set .katex").first).to_be_visible()
    assert await his.evaluate("document.documentElement.scrollWidth") <= PHONE, "tables scroll"

    text = hers.get_by_role("textbox", name="您的回复")
    await text.fill("请<b>先</b>问远端班，$x^2$。")
    await hers.get_by_role("button", name="发送").click()
    for page in (hers, his):
        await expect(page.locator(".post")).to_have_count(2)
        await expect(page.locator(".post").last).to_contain_text("请<b>先</b>问远端班")
        await expect(page.locator(".post").last.locator(".katex").first).to_be_visible()
    await expect(text).to_have_value("")
    await look(his, "topic-live", widths=WIDTHS)

    # Voted for by one, counted at the other; changed by one, read by the other.
    await his.locator(".post").last.get_by_role("button", name="有用").click()
    await expect(hers.locator(".post").last.locator(".votes")).to_contain_text("1")
    await hers.locator(".post").last.get_by_role("link", name="修改").click()
    await hers.get_by_role("textbox", name="您想说的").fill("先问远端班，再请本班补充。")
    await hers.get_by_role("button", name="保存").click()
    await expect(his.locator(".post").last).to_contain_text("再请本班补充")

    # Decided by one, seen by the other.
    await hers.get_by_text("采纳，请人试一试").click()
    await hers.get_by_role("button", name="记下来").click()
    await expect(his.locator(".path .now")).to_contain_text("已采纳")


async def test_who_reads_further_up_is_told_and_not_moved(
    browsing: Browsing, board_server: LiveServer
) -> None:
    board = await Board(board_server).fill()
    for number in range(12):
        await board.reply(board.member, f"第 {number} 条\n\n" + "很长的话。" * 60)
    page = await board.open(await browsing.context(), board.head)
    await until(page, "document.querySelectorAll('.post').length === 13")
    await page.evaluate("scrollTo(0, 0)")
    other = await board.open(await browsing.context(), board.member)
    await other.get_by_role("textbox", name="您的回复").fill("刚写的")
    await other.get_by_role("button", name="发送").click()
    await expect(page.get_by_role("link", name="有 1 条新回复")).to_be_visible()
    assert await page.evaluate("scrollY") == 0
    await page.get_by_role("link", name="有 1 条新回复").click()
    await expect(page.get_by_role("link", name="有 1 条新回复")).to_be_hidden()
    await page.reload()
    await expect(page.locator("#read-here")).to_have_count(0)


class Overtaking:
    """Between a page and the server: of the news of ``count`` posts the last is told first."""

    def __init__(self, count: int) -> None:
        self.count, self.held = count, list[dict[str, Any]]()
        self.open = asyncio.Event()

    async def stand_between(self, page: WebSocketRoute) -> None:
        server = page.connect_to_server()

        def tell(message: str | bytes) -> None:
            said = json.loads(message)
            if said["type"] != "event" or said["data"].get("change") != "post":
                page.send(message)
                if said["type"] == "snapshot":
                    self.open.set()
                return
            self.held.append(said)
            if len(self.held) == self.count:
                news = [one["data"] for one in reversed(self.held)]
                for one, data in zip(self.held, news, strict=True):
                    page.send(json.dumps({**one, "data": data}))

        server.on_message(tell)


async def test_news_in_the_wrong_order(browsing: Browsing, board_server: LiveServer) -> None:
    """Processes that serve one topic tell of their posts at their own pace."""
    board = await Board(board_server).fill()
    context = await browsing.context()
    written = ("先写的", "长" * telling.MOST_TOLD, "后写的")
    between = Overtaking(len(written))
    await context.route_web_socket("**/api/wire", between.stand_between)
    page = await board.open(context, board.head)
    await asyncio.wait_for(between.open.wait(), 10)
    other = await board.open(await browsing.context(), board.member)
    for number, text in enumerate(written, 2):
        await other.get_by_role("textbox", name="您的回复").fill(text)
        await other.get_by_role("button", name="发送").click()
        await expect(other.locator(".post")).to_have_count(number)
    said = [re.compile(one) for one in ("占比", "先写的", "长长", "后写的")]
    await expect(page.locator(".post .said")).to_have_text(said)


async def test_what_a_killed_server_never_told(browsing: Browsing, tmp_path: Path) -> None:
    """A post is committed, and all processes are killed before any page has heard of it."""
    async with LiveServer.running(tmp_path) as server:
        board = await Board(server).fill()
        page = await board.open(await browsing.context(), board.head)
        await until(page, "document.querySelectorAll('.post').length === 1")
        await board.reply(board.member, "写下了，还没有告诉任何人")
        assert await page.locator(".post").count() == 1
        await server.kill()
        await page.get_by_role("textbox", name="您的回复").fill("服务器不在的时候写的")
        await page.get_by_role("button", name="发送").click()
        await server.start()
        await expect(page.locator(".post")).to_have_count(3, timeout=30_000)
        await expect(page.locator(".post").nth(1)).to_contain_text("还没有告诉任何人")
        await expect(page.locator(".post").nth(2)).to_contain_text("服务器不在的时候写的")


async def test_what_is_typed_survives_the_page(
    browsing: Browsing, board_server: LiveServer
) -> None:
    board = await Board(board_server).fill()
    context = await browsing.context()
    page = await board.open(context, board.head)
    await page.locator(".post").first.get_by_role("link", name="回复").click()
    await page.get_by_role("textbox", name="您的回复").fill("写到一半")
    await expect(page.get_by_text("已存到服务器")).to_be_visible()
    await page.close()
    other = await browsing.context(width=PHONE)
    answering = f"回复 {board.member.display_name}"
    for where in (context, other):
        page = await board.open(where, board.head)
        await expect(page.get_by_role("textbox", name="您的回复")).to_have_value("写到一半")
        await expect(page.locator("[data-answering]")).to_contain_text(answering)
    await page.locator(".reply .button.first").click()
    await expect(page.locator(".post").last.locator(".answered")).to_contain_text("占比")
    await expect(page.locator("[data-answering]")).to_be_hidden()


async def test_whom_a_draft_answers_stands_on_another_page(
    browsing: Browsing, board_server: LiveServer
) -> None:
    board = await Board(board_server).fill()
    for number in range(50):
        board.frame.limiter = LocalLimiter()
        await board.reply(board.member, f"第 {number} 条")
    last = await board.reply(board.member, "最后一条")
    key = uuid4()
    async with board.frame.database.write() as session:
        wanted = DraftIn(group_id=board.group, topic_id=board.topic, text="别处写的", reply_to=last)
        by, now = await board.principal(board.head), board.frame.now()
        await drafts.keep(session, by, key, wanted, now)
    page = await board.open(await browsing.context(), board.head)
    answering = page.locator("[data-answering]")
    await expect(answering).to_contain_text(f"回复 {board.member.display_name}")
    await answering.get_by_role("link").click()
    await expect(answering).to_be_hidden()


async def test_what_a_draft_is_about_is_shown_on_another_page(
    browsing: Browsing, board_server: LiveServer
) -> None:
    board = await Board(board_server).fill()
    lesson = await board_server.make.lesson(board.head)
    about = {"kind": "lesson", "id": str(lesson.id)}
    async with board.frame.database.write() as session:
        wanted = DraftIn(group_id=board.group, title="问", text="别处写的", anchor=about)
        by, now = await board.principal(board.head), board.frame.now()
        await drafts.keep(session, by, uuid4(), wanted, now)
    page = await board.open(await browsing.context(), board.head)
    await page.goto(f"{board_server.base_url}/groups/{board.group}/topics/new")
    await expect(page.locator("#about .anchor")).to_contain_text("关于一节课")
    await look(page, "topic-draft-about", widths=WIDTHS)
    await page.get_by_role("button", name="发到组里").click()
    await expect(page.locator("a.anchor")).to_have_attribute("href", re.compile(str(lesson.id)))


async def test_reading_that_is_not_taken_is_said_again(
    browsing: Browsing, board_server: LiveServer
) -> None:
    board = await Board(board_server).fill()
    context = await browsing.context()
    answers = [500, 401]

    async def refuse(route: Route) -> None:
        await (route.fulfill(status=answers.pop(0)) if answers else route.continue_())

    await context.route("**/reading", refuse)
    ticking = "setInterval(() => document.dispatchEvent(new Event('visibilitychange')), 50);"
    await context.add_init_script(ticking)
    page = await context.new_page()
    await board_server.sign_in(context, board.head)
    async with page.expect_response(
        lambda one: one.url.endswith("/reading") and one.ok, timeout=10_000
    ):
        await page.goto(f"{board_server.base_url}/topics/{board.topic}")
    assert answers == []
    await until(page, "tongke.read && tongke.read === tongke.last")


# A picture as a camera or a screen makes it: noise, so that it cannot be small.
COPY_PICTURE = """async () => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [2000, 1500];
    const pen = canvas.getContext("2d");
    const data = pen.createImageData(2000, 1500);
    for (let at = 0; at < data.data.length; at += 65536) {
        crypto.getRandomValues(data.data.subarray(at, Math.min(at + 65536, data.data.length)));
    }
    for (let at = 3; at < data.data.length; at += 4) data.data[at] = 255;
    pen.putImageData(data, 0, 0);
    const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
    await navigator.clipboard.write([new ClipboardItem({ "image/png": blob })]);
    return blob.size;
}"""
COPY_WORDS = """async () => {
    const kinds = { "text/plain": "先问<b>远端班</b>", "text/html": "<b>先问</b><i>远端班</i>" };
    const blobs = Object.entries(kinds).map(([kind, words]) => [kind, new Blob([words], { type: kind })]);
    await navigator.clipboard.write([new ClipboardItem(Object.fromEntries(blobs))]);
}"""
PASTE = """([kinds, picture]) => {
    const data = new DataTransfer();
    for (const [kind, words] of Object.entries(kinds)) data.setData(kind, words);
    if (picture) data.items.add(new File([new Uint8Array(9)], "cells.png", { type: "image/png" }));
    const event = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
    return document.querySelector("form[data-composer=reply] textarea").dispatchEvent(event);
}"""
HOSTILE_HTML = (
    "<script>hacked = 1</script><style>p{}</style><p>板书<b>分三层</b></p><img src=x onerror='hacked = 1'>"
    "<svg onload='hacked = 1'></svg><p>先画山</p><iframe srcdoc='<script>parent.hacked = 1</script>'></iframe>"
)
WHOLE = "async (address) => { const it = await createImageBitmap(await (await fetch(address)).blob()); return [it.width, it.height]; }"


async def test_what_is_pasted(browsing: Browsing, board_server: LiveServer) -> None:
    board = await Board(board_server).fill()
    context = await browsing.context()
    await context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = await board.open(context, board.head)
    text = page.get_by_role("textbox", name="您的回复")
    await text.focus()
    assert await page.evaluate(COPY_PICTURE) > 1_000_000
    await page.keyboard.press("Control+V")
    await expect(text).to_have_value(re.compile(r"!\[.*\]\(file:[0-9a-f-]{36}\)"))
    await page.keyboard.press("Control+End")
    await page.evaluate(COPY_WORDS)
    await page.keyboard.press("Control+V")
    await expect(text).to_have_value(re.compile(r"先问<b>远端班</b>$"))

    # Only words of what comes as HTML alone; and the words, not the picture, of what comes as both.
    assert not await page.evaluate(PASTE, [{"text/html": HOSTILE_HTML}, False])
    await expect(text).to_have_value(re.compile(r"远端班</b>板书分三层\n先画山$"))
    assert await page.evaluate(PASTE, [{"text/plain": "三 41"}, True]), "left to the browser"

    await page.locator(".reply .button.first").click()
    picture = page.locator(".post").last.locator("img")
    await until(page, "document.querySelector('.post:last-child img')?.naturalWidth === 640")
    assert await picture.evaluate("(one) => [one.width > 0, one.getAttribute('width')]") == [
        True,
        "640",
    ]
    whole = await page.locator(".post").last.locator("a:has(img)").get_attribute("href")
    assert await page.evaluate(WHOLE, whole) == [1600, 1200], "shrunk before it was sent"
    await expect(page.locator(".post").last).to_contain_text("先问<b>远端班</b>板书分三层")
    assert await page.evaluate("() => 'hacked' in window") is False
    found = await context.request.get(f"{board_server.base_url}/api/groups/{board.group}/files")
    files = (await found.json())["items"]
    assert [one["media_type"] for one in files] == ["image/jpeg"]
    await page.goto(f"{board_server.base_url}/groups/{board.group}/files")
    await until(page, "document.querySelector('.group-files img.thumb')?.naturalWidth === 640")
    await look(page, "group-files-small", widths=WIDTHS)


async def test_without_a_script(browsing: Browsing, board_server: LiveServer) -> None:
    board = await Board(board_server).fill()
    page = await board.open(await browsing.context(java_script_enabled=False), board.head)
    assert "p=\\frac{n}{m}" in await page.locator(".formula").first.inner_text()
    await page.get_by_role("link", name="回复", exact=False).first.click()
    await page.get_by_role("textbox", name="您的回复").fill("没有脚本也能回复")
    await page.get_by_role("button", name="发送").click()
    await expect(page.locator(".post").last).to_contain_text("没有脚本也能回复")
    await expect(page.locator(".post").last.locator(".answered")).to_contain_text("占比")


def _marked(at_ms: int | None, title: str) -> TopicOut:
    now = datetime.now(UTC)
    kind = AnchorKind.LESSON if at_ms is None else AnchorKind.MOMENT
    return TopicOut(
        id=uuid4(), group_id=uuid4(), title=title, state=TopicState.ADOPTED, by_id=None, by="",
        anchor=AnchorOut(kind=kind, id=uuid4(), label="分数", at_ms=at_ms), posts=3,
        last_post_id=None, last_post_at=now, created_at=now, pinned_at=None, closed_at=None,
        deleted_at=None, deleted_because="", merged_into_id=None, version=1,
    )  # fmt: skip


async def test_marks_on_a_replay(stage: Stage, browsing: Browsing) -> None:
    found = [_marked(5000, "这里为什么停顿"), _marked(None, "整节课的节奏")]
    stage.topics = About(found, "/ask?lesson=x")
    page = await browsing.context()
    tab = await page.new_page()
    body = "<ol class=thread><li class=post><div class=said><p>先等三秒</p></div></li></ol>"
    await tab.route(
        "**/topics/*/posts?plain=1",
        lambda route: route.fulfill(body=body, content_type="text/html; charset=utf-8"),
    )
    await tab.goto(stage.base_url + "/replay")
    await until(tab, "tongke.state === 'ready'", 15)
    marks = tab.locator("#marks button")
    await expect(marks).to_have_count(1)
    await marks.first.click()
    await expect(tab.get_by_text("先等三秒")).to_be_visible()
    await until(tab, "tongke.position >= 5")
    assert tab.url.endswith("/replay"), "the player stays"
    ask = await tab.locator("#ask").get_attribute("href")
    assert ask is not None
    assert "at=5" in ask
    await look(tab, "replay-marks", widths=WIDTHS)


async def test_the_floor(browsing86: Browsing, board_server: LiveServer) -> None:
    board = await Board(board_server).fill()
    page = await board.open(await browsing86.context(width=PHONE), board.head)
    await until(page, "document.querySelectorAll('.formula.set .katex').length > 0", 15)
    await board.open(await browsing86.context(), board.member)
    # Playwright's own ways ask for APIs that came later.
    await page.evaluate(
        """() => {
            const text = document.querySelector('form[data-composer=reply] textarea');
            text.value = '旧浏览器也能发';
            text.dispatchEvent(new Event('input', { bubbles: true }));
        }"""
    )
    await page.evaluate("() => document.querySelector('.reply .button.first').click()")
    await until(page, "document.querySelectorAll('.post').length === 2", 15)


@pytest.mark.parametrize("width", [PHONE, CLASS_PC])
async def test_axe(browsing: Browsing, board_server: LiveServer, width: int) -> None:
    board = await Board(board_server).fill()
    post = await board.reply(board.head, "先问远端班。")
    page = await board.open(await browsing.context(width=width), board.head)
    here = f"/groups/{board.group}/topics"
    for path in (
        f"/topics/{board.topic}?split=1", here, f"{here}?state=kept", f"{here}/new",
        f"/posts/{post}/edit", f"/posts/{post}/history",
    ):  # fmt: skip
        await page.goto(board_server.base_url + path)
        assert await violations(page) == [], path
        assert await page.locator("h1").count() == 1
