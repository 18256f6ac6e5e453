"""Three teachers of two schools, from a question at a second of a replay to what the group remembers."""

import io
import re
from collections.abc import AsyncIterator
from datetime import time
from pathlib import Path
from uuid import UUID

import pytest
from PIL import Image
from playwright.async_api import BrowserContext, Page, expect
from sqlalchemy import delete, func, select

from tests.makers import Someone
from tests.web.browsing import CLASS_PC, PHONE, PROJECTOR, Browsing
from tests.web.conftest import loop_fixture
from tests.web.lesson_pages import end_lesson, go_live, teach
from tests.web.live_server import LiveServer, Seed
from tests.web.test_partners_and_pairing import look
from tests.web.waiting import until
from tongke_courses.boards import digest
from tongke_courses.boards.models import BoardDigest, Post
from tongke_courses.groups import service as groups
from tongke_courses.groups.schemas import GroupIn
from tongke_platform.accounts import service as accounts
from tongke_platform.people.roles import Role
from tongke_platform.rights import Principal

WIDTHS = (PHONE, CLASS_PC, PROJECTOR)
TITLE = "这里停顿之后，我们班没有人回答"
ASKED = "停了三秒，远端班没有一个人举手。\n\n能不能先让同桌说一说？"
ANSWERED = "可以。先同桌说，再请远端班：占比 $p=\\frac{n}{m}$ 会上去。"


class Walk:
    """A lesson that was held, and a group of teachers of the school that gave it and one it reached."""

    def __init__(self, server: LiveServer, browsing: Browsing) -> None:
        self.server, self.browsing, self.frame = server, browsing, server.frame
        self.seed: Seed
        self.group: UUID

    async def fill(self) -> "Walk":
        make = self.server.make
        self.seed = await self.server.seed(rooms=1)
        self.head, self.asker = self.seed.teacher, self.seed.local_teacher
        assert self.seed.lesson.school_id is not None
        self.second = await make.person(await make.school(), Role.LEAD_TEACHER)
        self.newcomer = await make.person(await make.school(), Role.LOCAL_TEACHER)
        wanted = GroupIn.model_validate(
            {
                "kind": "research_group",
                "name": "三年级语文教研组",
                "organisation_id": self.seed.lesson.school_id,
            }
        )
        async with self.frame.database.write() as session:
            self.group = (await groups.create(session, await self.principal(self.head), wanted)).id
        for one in (self.asker, self.second):
            await self.seat(one)
        return self

    async def seat(self, who: Someone) -> None:
        by = await self.principal(self.head)
        async with self.frame.database.write() as session:
            await groups.seat(session, self.group, who.id, Role.GROUP_MEMBER, by)

    async def principal(self, who: Someone) -> Principal:
        async with self.frame.database.read() as session:
            found = await accounts.principal_of(session, who.id, self.frame.today())
        assert found is not None
        return found

    async def come(self, who: Someone, path: str, **options: object) -> tuple[BrowserContext, Page]:
        context = await self.browsing.context(**options)  # type: ignore[arg-type]  # of a context
        await self.server.sign_in(context, who)
        page = await context.new_page()
        await page.goto(self.server.base_url + path)
        return context, page

    async def posts(self) -> int:
        async with self.frame.database.read() as session:
            return (await session.execute(select(func.count()).select_from(Post))).scalar_one()


@loop_fixture
async def walk_server(tmp_path: Path) -> AsyncIterator[LiveServer]:
    async with LiveServer.running(tmp_path) as server:
        yield server


def _picture() -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (2400, 1200), "#0E7C66").save(made, "PNG")
    return made.getvalue()


async def test_from_a_second_of_a_replay_to_the_memory_of_a_group(
    browsing: Browsing, walk_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a question on a phone to the day's digest."""
    walk = await Walk(walk_server, browsing).fill()
    desk = await teach(browsing, walk_server, walk.seed)
    await go_live(desk)
    await until(desk, "tongke.snapshot.recording.state === 'ok'", 30)
    await end_lesson(desk)
    phone, tab = await walk.come(walk.asker, walk.seed.replay_path, width=PHONE)
    topic = await _ask(walk, phone, tab)
    await _answer(walk, tab, topic)
    _, head = await walk.come(walk.head, topic)
    await _try(walk, tab, head)
    await _remember(walk)
    monkeypatch.setattr(digest, "FROM", time(0))
    await _tell(walk, head)


async def _ask(walk: Walk, phone: BrowserContext, tab: Page) -> str:
    """At a second of the replay; the link goes while she writes. The path of the topic."""
    await until(tab, "tongke.state === 'ready'", 20)
    await tab.locator("#ask").click()
    await expect(tab.locator(".anchor")).to_contain_text(walk.seed.lesson.title)
    await tab.get_by_label("一句话说清：想讨论什么？").fill(TITLE)
    await tab.get_by_label("您想说的").fill("停了三秒，")
    await phone.set_offline(True)
    await tab.get_by_label("您想说的").fill(ASKED)
    await tab.get_by_role("button", name="发到组里").click()
    await expect(tab.locator("[data-writing-where]")).not_to_be_empty()
    await look(tab, "walk-offline", widths=(PHONE,))
    assert await walk.posts() == 0
    await phone.set_offline(False)
    await tab.wait_for_url(re.compile("/topics/"), timeout=30_000)
    await expect(tab.locator("h1")).to_have_text(TITLE)
    assert await walk.posts() == 1, "it arrived once"
    return tab.url.split("?")[0].split("#")[0].removeprefix(walk.server.base_url)


async def _answer(walk: Walk, tab: Page, topic: str) -> None:
    """Another, with a picture and a formula; it appears on the phone by itself."""
    _, hers = await walk.come(walk.second, topic)
    await hers.set_input_files(
        "[data-picture]", {"name": "板书.png", "mimeType": "image/png", "buffer": _picture()}
    )
    text = hers.get_by_role("textbox", name="您的回复")
    await expect(text).to_have_value(re.compile(r"!\[.*\]\(file:"), timeout=20_000)
    await text.press_sequentially(ANSWERED)
    await hers.get_by_role("button", name="发送").click()
    answer = tab.locator(".post").last
    await expect(answer.locator(".formula.set .katex").first).to_be_visible()
    await until(
        tab, "[...document.querySelectorAll('.said img')].some((one) => one.naturalWidth === 640)"
    )


async def _try(walk: Walk, tab: Page, head: Page) -> None:
    """The head adopts it and asks her to try it; it is tried, and kept."""
    await _decide(head, "采纳，请人试一试", "先在一个班试")
    await head.get_by_text("请一位老师试试").click()
    await head.locator("#tries select[name=person_id]").select_option(str(walk.asker.id))
    await head.locator("#tries").get_by_role("button", name="记下来").click()
    await tab.reload()
    await expect(tab.locator("#tries")).to_contain_text("还没试")
    await _decide(tab, "试过了", "举手的从 0 人到 11 人")
    await head.reload()
    await expect(head.locator("#tries .state.ok")).to_be_visible()
    await _decide(head, "效果好，沿用", "值得留下")
    await look(head, "walk-kept", widths=WIDTHS)


async def _remember(walk: Walk) -> None:
    """A newcomer finds it in what the group remembers."""
    await walk.seat(walk.newcomer)
    _, new = await walk.come(walk.newcomer, f"/groups/{walk.group}/memory")
    found = new.locator(".remembered > li")
    await expect(found).to_contain_text(TITLE)
    for words in ("先在一个班试", "举手的从 0 人到 11 人", "值得留下"):
        await expect(found).to_contain_text(words)
    await look(new, "walk-memory", widths=WIDTHS)


async def _tell(walk: Walk, head: Page) -> None:
    """The day's digest has it."""
    async with walk.frame.database.write() as session:
        # In the evening the server has sent the day's already.
        await session.execute(delete(BoardDigest))
    assert await digest.send(walk.frame) >= 1
    await head.goto(f"{walk.server.base_url}/me/notices")
    await expect(head.locator("main")).to_contain_text(TITLE[:10])


async def _decide(page: Page, act: str, note: str) -> None:
    form = page.locator("#decide details.step-form", has_text=act)
    await form.locator("summary").click()
    await form.get_by_label(re.compile("补充几句")).fill(note)
    await form.get_by_role("button", name="记下来").click()
    await expect(page.locator("#decide")).to_contain_text(note)
