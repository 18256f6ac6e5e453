"""Finding out who asks and whether they may costs a request two queries, whichever way it comes."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import event
from starlette.requests import HTTPConnection

from tests.makers import Makers, Someone
from tests.processes import StandIn
from tests.rights.addresses import addresses
from tongke_courses.lessons.models import Lesson
from tongke_platform.accounts.rights import COOKIE
from tongke_platform.accounts.service import log_in
from tongke_platform.app import paths
from tongke_platform.frame import Frame
from tongke_platform.organisations.models import Room
from tongke_platform.people import service as people
from tongke_platform.people.roles import Role
from tongke_streaming.frames import Message

MOST = 2
# The thing that is asked for, not who may have it.
LESSON = ("FROM lessons", "FROM lesson_rooms")
TRANSACTION = ("BEGIN", "COMMIT", "ROLLBACK")

Ask = Callable[[], Awaitable[None]]


@contextmanager
def statements(frame: Frame, but: Sequence[str] = LESSON) -> Iterator[list[str]]:
    """What is asked of the database, but for the lesson itself."""
    seen: list[str] = []

    def note(*arguments: object) -> None:
        said = str(arguments[2])
        if not said.startswith(TRANSACTION) and not any(part in said for part in but):
            seen.append(said)

    engines = {frame.database.engine.sync_engine, frame.database.write_engine.sync_engine}
    for one in engines:
        event.listen(one, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        for one in engines:
            event.remove(one, "before_cursor_execute", note)


async def counted(frame: Frame, ask: Ask, but: Sequence[str] = LESSON) -> list[str]:
    """The statements of the second time: when something was last used is noted now and then only."""
    await ask()
    with statements(frame, but) as seen:
        await ask()
    return seen


@pytest.fixture(autouse=True)
def answers(hls: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a lesson whose readers are known; rights have not changed just now, as they have for every
    test that makes its people first.
    """
    monkeypatch.setattr(paths, "FRESH_S", 0.0)

    async def playlist(message: Message) -> Message:
        return {"playlist": "#EXTM3U\n", "known": True}

    hls.answers["multivariant"] = playlist


@pytest.fixture
async def someone(make: Makers, frame: Frame) -> Someone:
    """With posts at several schools: they must not cost a query each."""
    found = await make.person(await make.school(), Role.SCHOOL_ADMIN)
    more = {role: await make.school() for role in (Role.LEAD_TEACHER, Role.IT, Role.PRINCIPAL)}
    async with frame.database.write() as session:
        for role, school in more.items():
            await people.appoint(session, found.person, role, organisation=school)
    return found


@pytest.fixture
async def room(make: Makers) -> Room:
    return await make.room(await make.school())


@pytest.fixture
async def lesson(make: Makers, someone: Someone, room: Room) -> Lesson:
    return await make.lesson(someone, [room])


async def cookie(frame: Frame, someone: Someone) -> dict[str, str]:
    async with frame.database.write() as session:
        made = await log_in(session, someone.id, now=frame.now(), lifetime=timedelta(hours=1))
    return {"Cookie": f"{COOKIE}={made}"}


async def credential(
    way: str, make: Makers, frame: Frame, someone: Someone, room: Room, lesson: Lesson
) -> tuple[dict[str, str], str]:
    """Headers and query string of one who may watch ``lesson``."""
    if way == "cookie":
        return await cookie(frame, someone), ""
    if way == "token":
        return await make.bearer(someone), ""
    if way == "room":
        return {}, f"?token={room.token}"
    if way == "room in header":
        return {"Authorization": f"Bearer {room.token}"}, ""
    holder = f"room:{room.id}" if way == "media of a room" else f"person:{someone.id}"
    ours = str(room.id) if way == "media of a room" else None
    made = frame.media_tokens.issue(
        lesson=str(lesson.id), act="watch", holder=holder, room=ours,
        now=frame.now(), lifetime=timedelta(hours=1),
    )  # fmt: skip
    return {}, f"?token={made}"


WAYS = ("cookie", "token", "room", "room in header", "media of a person", "media of a room")


@pytest.mark.parametrize("way", ["cookie", "token"])
@pytest.mark.parametrize("path", ["/api/me", "/admin/import/template.csv"])
async def test_requests_of_people(
    client: httpx2.AsyncClient, make: Makers, frame: Frame, someone: Someone, way: str, path: str
) -> None:
    headers = await (cookie(frame, someone) if way == "cookie" else make.bearer(someone))

    async def ask() -> None:
        assert (await client.get(path, headers=headers)).status_code == 200

    seen = await counted(frame, ask)
    assert 0 < len(seen) <= MOST, seen


# Lists of sessions and tokens ask for those, too.
OWN = "/api/me/"
# Where a request asks who its cookie or token is, and what was lent to them.
WHO = ("FROM login_sessions", "JOIN login_sessions", "JOIN api_tokens", "FROM entrustments")


async def test_every_page_asks_once(
    app: FastAPI, client: httpx2.AsyncClient, frame: Frame, someone: Someone
) -> None:
    """Of every address that stands for itself."""
    every = [one.partition(" ")[2] for one in addresses(app) if one.startswith("GET ")]
    paths = [
        one
        for one in every
        if one.startswith(("/api/", "/admin/")) and "{" not in one and not one.startswith(OWN)
    ]
    assert {"/admin/people", "/api/people"} <= {*paths}
    headers = await cookie(frame, someone)
    await client.get("/api/me", headers=headers)
    for path in paths:
        with statements(frame) as seen:
            await client.get(path, headers=headers)
        who = [one for one in seen if any(part in one for part in WHO)]
        assert len(who) <= MOST, (path, who)


@pytest.mark.parametrize("way", WAYS)
async def test_media(
    client: httpx2.AsyncClient,
    make: Makers,
    frame: Frame,
    someone: Someone,
    room: Room,
    lesson: Lesson,
    way: str,
) -> None:
    headers, asked = await credential(way, make, frame, someone, room, lesson)

    async def ask() -> None:
        answer = await client.get(f"/live/{lesson.id}/hls/index.m3u8{asked}", headers=headers)
        assert answer.status_code == 200, answer.text

    seen = await counted(frame, ask)
    assert 0 < len(seen) <= MOST, seen


@pytest.mark.parametrize("way", WAYS)
async def test_wire(
    app: FastAPI,
    make: Makers,
    frame: Frame,
    someone: Someone,
    room: Room,
    lesson: Lesson,
    way: str,
) -> None:
    headers, asked = await credential(way, make, frame, someone, room, lesson)
    scope = {
        "type": "websocket", "app": app, "path": "/api/wire", "query_string": asked[1:].encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip

    async def ask() -> None:
        await frame.wire.authorise(HTTPConnection(scope), f"lesson:{lesson.id}")

    seen = await counted(frame, ask)
    assert 0 < len(seen) <= MOST, seen


async def test_wire_of_a_person(app: FastAPI, frame: Frame, someone: Someone) -> None:
    headers = [(b"cookie", (await cookie(frame, someone))["Cookie"].encode())]
    scope = {
        "type": "websocket",
        "app": app,
        "path": "/api/wire",
        "query_string": b"",
        "headers": headers,
    }

    async def ask() -> None:
        await frame.wire.authorise(HTTPConnection(scope), f"inbox:{someone.id}")

    seen = await counted(frame, ask)
    assert 0 < len(seen) <= MOST, seen
