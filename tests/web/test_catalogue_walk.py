"""The catalogue by its pages: found, followed, taken home; replayed by anybody; learnt with at home."""

import hashlib
import re
import zipfile
from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
from playwright.async_api import BrowserContext, expect
from sqlalchemy import select

from tests.makers import Someone
from tests.web.browsing import PHONE, Browsing
from tests.web.conftest import session_fixture
from tests.web.lesson_pages import end_lesson, go_live, moves
from tests.web.live_server import LiveServer
from tests.web.waiting import until
from tongke_courses.textbooks import classrooms, sample
from tongke_platform.accounts import service as accounts
from tongke_platform.organisations.models import Room
from tongke_platform.people.roles import Role

TITLE, HELD, COMING = "三年级语文 · 古诗三首", "古诗三首 · 夜书所见", "古诗三首 · 山行"
SHEET = "读一读，画一画".encode() * 999


@dataclass
class World:
    """A lead school's public course with a lesson to be held, and a class of a rural school."""

    server: LiveServer
    teacher: Someone
    headers: dict[str, str]
    rural: Someone
    class_id: UUID
    course: str = ""
    unit: str = ""
    lesson: str = ""
    ready: list[str] = field(default_factory=list)

    async def ask(self, method: str, path: str, **options: Any) -> httpx2.Response:
        said = {"headers": self.headers, "timeout": 30, **options}
        async with httpx2.AsyncClient(base_url=self.server.base_url) as client:
            answer = await client.request(method, path, **said)
        assert answer.is_success, answer.text
        return answer

    async def made(self, path: str, **body: Any) -> str:
        found: str = (await self.ask("POST", path, json=body)).json()["id"]
        return found


@session_fixture
async def world(demo_server: LiveServer) -> AsyncIterator[World]:
    make = demo_server.make
    teacher = await make.person(await make.school())
    far = await make.school()
    room = await make.room(far)
    await make.class_in(room, "小红")
    rural = await make.person(far, Role.LOCAL_TEACHER)
    async with demo_server.frame.database.read() as session:
        key = (await session.execute(select(Room.class_id).where(Room.id == room.id))).scalar_one()
    assert key is not None
    found = World(demo_server, teacher, await make.bearer(teacher), rural, key)
    await _course(found, await _book(found))
    await _material(found, "学习单.txt", SHEET)
    yield found


async def _book(it: World) -> str:
    """The rural class uses it; the course stands in it."""
    frame = it.server.frame
    admin = await it.server.make.person(None, Role.ADMIN)
    async with frame.database.write() as session:
        by = await accounts.principal_of(session, admin.id, frame.today())
        rural = await accounts.principal_of(session, it.rural.id, frame.today())
        assert by is not None
        assert rural is not None
        book = (await sample.fill(session, by))["语文 统编版 上册"]
        await classrooms.use(session, rural, it.class_id, book.id, None)
        return str(book.id)


async def _course(it: World, book: str) -> None:
    about = {"subject": "语文", "grade": "三年级"}
    it.course = await it.made(
        "/api/courses", title=TITLE, stage="小学", edition="统编版", visibility="public",
        licence="cc-by", textbook_id=book, **about,
    )  # fmt: skip
    it.unit = await it.made(f"/api/courses/{it.course}/units", title="第二单元")
    place = {"course_id": it.course, "unit_id": it.unit, **about}
    soon = (it.server.frame.now() + timedelta(minutes=2)).isoformat()
    it.lesson = await it.made("/api/lessons", title=HELD, planned_start=soon, **place)
    await it.made("/api/lessons", title=COMING, planned_start=soon, **place)
    await it.ask("POST", f"/api/courses/{it.course}/publish")


async def _material(it: World, name: str, data: bytes) -> None:
    tus = {**it.headers, "Tus-Resumable": "1.0.0"}
    told = "filename " + b64encode(name.encode()).decode()
    begun = await it.ask(
        "POST", "/api/uploads",
        headers={**tus, "Upload-Length": str(len(data)), "Upload-Metadata": told},
    )  # fmt: skip
    address, kind = begun.headers["location"], "application/offset+octet-stream"
    sending = {**tus, "Upload-Offset": "0", "Content-Type": kind}
    await it.ask("PATCH", address, content=data, headers=sending)
    await it.made(f"/api/lessons/{it.lesson}/materials", upload_id=address.rsplit("/", 1)[-1])


async def held(it: World, browsing: Browsing) -> None:
    """The teacher gives the lesson from a camera; the replay is there afterwards."""
    if it.ready:
        return
    context = await _signed_in(it, browsing, it.teacher)
    desk = await context.new_page()
    await desk.goto(f"{it.server.base_url}/lessons/{it.lesson}/teach")
    await desk.wait_for_selector("#begin:enabled")
    await go_live(desk)
    await until(desk, "tongke.snapshot.source.state === 'live'", 15)
    await until(desk, "tongke.snapshot.recording.state === 'ok'", 30)
    # Long enough to look at.
    await until(desk, "Date.now() - Date.parse(tongke.snapshot.lesson.started_at) > 6000", 20)
    await end_lesson(desk)
    it.ready.append(it.lesson)


async def _signed_in(it: World, browsing: Browsing, who: Someone, **options: Any) -> BrowserContext:
    context = await browsing.context(**options)
    await it.server.sign_in(context, who)
    return context


async def test_a_rural_teacher_finds_follows_and_takes_home(
    world: World, browsing: Browsing, tmp_path: Path
) -> None:
    context = await _signed_in(world, browsing, world.rural, width=PHONE)
    page = await context.new_page()
    await page.goto(f"{world.server.base_url}/catalogue")
    await page.click("a.pick:has-text('统编版')")
    await page.click("a.pick:has-text('三年级')")
    row = page.locator("a.row", has_text=TITLE)
    await expect(row).to_contain_text("适合本班")
    await row.click()
    await page.click("form[action$='/follow'] button.first")
    await expect(page.locator(".toast")).to_be_visible()
    async with page.expect_download() as waiting:
        await page.click(f"a[href='/api/units/{world.unit}/archive.zip']")
    path = tmp_path / "unit.zip"
    await (await waiting.value).save_as(path)
    assert SHEET in _checked(path)
    await page.goto(world.server.base_url)
    await expect(page.locator(".day")).to_contain_text(COMING)


def _checked(path: Path) -> list[bytes]:
    """What is in the archive, each file as its hash in the list says."""
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        sums = archive.read(next(one for one in names if one.endswith("SHA256SUMS"))).decode()
        found = dict(reversed(line.split("  ", 1)) for line in sums.splitlines())
        assert found
        contents = {name: archive.read(name) for name in found}
    for name, data in contents.items():
        assert hashlib.sha256(data).hexdigest() == found[name]
    return [*contents.values()]


async def test_a_visitor_replays_a_public_lesson(world: World, browsing: Browsing) -> None:
    await held(world, browsing)
    page = await browsing.open(f"{world.server.base_url}/catalogue?q=夜书所见", width=PHONE)
    await page.click(f"a.row[href='/lessons/{world.lesson}']")
    await page.click("a.button.first[href$='/replay']")
    await page.wait_for_selector("#start:enabled")
    await page.click("#start")
    await until(page, "tongke.position > 0.2")
    assert await moves(page)


async def test_a_class_link_opens_at_home_and_dies(world: World, browsing: Browsing) -> None:
    await held(world, browsing)
    base = world.server.base_url
    context = await _signed_in(world, browsing, world.rural)
    page = await context.new_page()
    await page.goto(f"{base}/courses/{world.course}")
    await page.click("form[action$='/links'] button")
    await page.wait_for_url("**/class-links/*")
    address = (await page.locator(".poster .address").inner_text()).strip()
    assert await page.locator(".poster .code svg").count() == 1
    home = await browsing.open(address, width=PHONE)
    await expect(home.locator("main")).to_contain_text(HELD)
    await expect(home.locator("body")).not_to_contain_text("小红")
    sheet = await home.locator(".files a").first.get_attribute("href")
    got = await home.request.get(f"{base}{sheet}")
    assert await got.body() == SHEET
    await home.click("a.button.first")
    await home.wait_for_selector("#start:enabled")
    await page.click("details.sure summary")
    await page.click("details.sure button.red")
    await page.wait_for_url(re.compile("/courses/"))
    answer = await home.goto(address)
    assert answer is not None
    assert answer.status == 404
    await expect(home.locator("h1")).to_contain_text("到期")
    assert (await home.request.get(f"{base}{sheet}")).status == 404
