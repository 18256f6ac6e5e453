"""A public course with a book, a lesson to be held and a file; and a class of a rural school."""

from base64 import b64encode
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2
from playwright.async_api import BrowserContext
from sqlalchemy import select

from tests.makers import Someone
from tests.web.browsing import Browsing
from tests.web.lesson_pages import end_lesson, go_live
from tests.web.live_server import LiveServer
from tests.web.waiting import until
from tongke_courses.textbooks import classrooms, sample
from tongke_platform.accounts import service as accounts
from tongke_platform.organisations.models import Room
from tongke_platform.people.roles import Role

TITLE, HELD, COMING = "三年级语文 · 古诗三首", "古诗三首 · 夜书所见", "古诗三首 · 山行"
SHEET = "读一读，画一画".encode() * 999


@dataclass
class Catalogue:
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


async def open_catalogue(server: LiveServer) -> Catalogue:
    make = server.make
    teacher = await make.person(await make.school())
    far = await make.school()
    room = await make.room(far)
    await make.class_in(room, "小红")
    rural = await make.person(far, Role.LOCAL_TEACHER)
    async with server.frame.database.read() as session:
        key = (await session.execute(select(Room.class_id).where(Room.id == room.id))).scalar_one()
    assert key is not None
    found = Catalogue(server, teacher, await make.bearer(teacher), rural, key)
    await _course(found, await _book(found))
    await _material(found, "学习单.txt", SHEET)
    return found


async def _book(it: Catalogue) -> str:
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


async def _course(it: Catalogue, book: str) -> None:
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


async def _material(it: Catalogue, name: str, data: bytes) -> None:
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


async def held(it: Catalogue, browsing: Browsing) -> None:
    """The teacher gives the lesson from a camera; the replay is there afterwards."""
    if it.ready:
        return
    context = await signed_in(it, browsing, it.teacher)
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


async def signed_in(
    it: Catalogue, browsing: Browsing, who: Someone, **options: Any
) -> BrowserContext:
    context = await browsing.context(**options)
    await it.server.sign_in(context, who)
    return context
