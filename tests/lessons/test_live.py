"""The live WebSocket, over a real server and a real client."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin

from tests.makers import Makers, Someone
from tests.processes import StandIn
from tongke_courses.lessons import service
from tongke_courses.lessons.models import Lesson
from tongke_platform.accounts.rights import COOKIE
from tongke_platform.accounts.service import log_in
from tongke_platform.frame import Frame
from tongke_platform.organisations.models import Room
from tongke_streaming.frames import Message

Json = dict[str, Any]


class TestServer(uvicorn.Server):
    __test__ = False

    def __init__(self, app: FastAPI) -> None:
        super().__init__(
            uvicorn.Config(app, host="127.0.0.1", port=0, lifespan="off", log_config=None)
        )
        self.ready = asyncio.Event()

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    @property
    def port(self) -> int:
        return int(self.servers[0].sockets[0].getsockname()[1])


@pytest.fixture
async def url(app: FastAPI) -> AsyncIterator[str]:
    server = TestServer(app)
    task = asyncio.create_task(server.serve())
    await server.ready.wait()
    yield f"ws://127.0.0.1:{server.port}/api/lessons"
    server.should_exit = True
    await task


@pytest.fixture
async def teacher(make: Makers) -> Someone:
    return await make.person(await make.school())


@pytest.fixture
async def room(make: Makers) -> Room:
    return await make.room(await make.school())


@pytest.fixture
async def lesson(make: Makers, teacher: Someone, room: Room) -> Lesson:
    return await make.lesson(teacher, [room])


@asynccontextmanager
async def page(url: str, lesson: Lesson, token: str) -> AsyncIterator[ClientConnection]:
    async with connect(f"{url}/{lesson.id}/live?token={token}") as socket:
        yield socket


async def until(socket: ClientConnection, wanted: Callable[[Json], bool]) -> Json:
    """The first snapshot that is as wanted."""
    async with asyncio.timeout(10):
        while True:
            snapshot: Json = json.loads(await socket.recv())
            if wanted(snapshot):
                return snapshot


def stats(lesson: Lesson, room: Room | None = None, **source: Any) -> Json:
    viewer = {"session": "s", "label": "", "layer": "h", "kbps": 600, "loss": 0.5, "rtt_ms": 20}
    viewers = [{**viewer, "room": str(room.id)}] if room else []
    lead = {"state": "live", "kbps": 1800, "loss": 0, "layers": {"h": {"kbps": 600, "fps": 25}}}
    return {"lessons": {str(lesson.id): {"sources": {"lead": lead | source}, "viewers": viewers}}}


@pytest.mark.parametrize(
    ("token", "code"), [("", 4401), ("wrong", 4401), ("of another lesson", 4403)]
)
async def test_refused(make: Makers, url: str, lesson: Lesson, token: str, code: int) -> None:
    if token == "of another lesson":
        token = make.media_token(await make.lesson())
    async with page(url, lesson, token) as socket:
        with pytest.raises(ConnectionClosed) as raised:
            await socket.recv()
    assert raised.value.rcvd is not None
    assert raised.value.rcvd.code == code


async def test_unknown_lesson(make: Makers, url: str, lesson: Lesson) -> None:
    token = make.media_token(lesson)
    async with connect(f"{url}/nothing/live?token={token}") as socket:
        with pytest.raises(ConnectionClosed) as raised:
            await socket.recv()
    assert raised.value.rcvd is not None
    assert raised.value.rcvd.code == 4404


async def test_cookie_counts_from_our_own_pages_only(
    frame: Frame, url: str, lesson: Lesson, teacher: Someone
) -> None:
    async with frame.database.write() as session:
        cookie = await log_in(session, teacher.id, now=frame.now(), lifetime=timedelta(hours=1))
    address, headers = f"{url}/{lesson.id}/live", {"Cookie": f"{COOKIE}={cookie}"}
    ours = Origin("http://" + address.split("/")[2])
    async with connect(address, additional_headers=headers, origin=ours) as desk:
        assert "rooms" in json.loads(await desk.recv())
    with pytest.raises(InvalidStatus):
        await connect(address, additional_headers=headers, origin=Origin("https://evil.test"))


async def test_first_snapshot_of_a_room(url: str, lesson: Lesson, room: Room) -> None:
    async with page(url, lesson, room.token) as socket:
        first = json.loads(await socket.recv())
    assert first["lesson"]["title"] == lesson.title
    assert first["lesson"]["state"] == "planned"
    assert first["source"]["state"] == "none"
    assert first["recording"] == {"state": "idle", "reason": ""}
    assert first["addresses"]["whep"] == f"/live/{lesson.id}/whep"
    assert "now" in first
    assert "rooms" not in first, "a room does not see the others"


async def test_teacher_sees_rooms_come_report_and_go(
    make: Makers, url: str, lesson: Lesson, room: Room
) -> None:
    async with page(url, lesson, make.media_token(lesson, "publish")) as desk:
        first = json.loads(await desk.recv())
        assert [one["state"] for one in first["rooms"]] == ["offline"]
        assert first["rooms"][0]["class_size"] == room.class_size
        async with page(url, lesson, room.token) as screen:
            await until(desk, lambda now: now["rooms"][0]["state"] == "waiting")
            report = {"type": "report", "carrier": "hls", "layer": "q", "kbps": 180}
            await screen.send(json.dumps({**report, "latency_ms": 2100, "freezes": 1}))
            seen = await until(desk, lambda now: now["rooms"][0]["state"] == "watching")
            assert seen["rooms"][0]["carrier"] == "hls"
            assert seen["rooms"][0]["latency_ms"] == 2100
        await until(desk, lambda now: now["rooms"][0]["state"] == "offline")


async def test_media_events_arrive(
    make: Makers, url: str, lesson: Lesson, room: Room, relay: StandIn, hls: StandIn
) -> None:
    async with page(url, lesson, make.media_token(lesson, "publish")) as desk:
        relay.tell("stats", **stats(lesson, room))
        live = await until(
            desk, lambda now: now["source"]["kbps"] == 1800 and now["lesson"]["state"] == "live"
        )
        assert live["source"]["layers"] == [{"layer": "h", "kbps": 600, "fps": 25}]
        assert live["source"]["since"]
        seen = live["rooms"][0]
        assert (seen["state"], seen["carrier"], seen["loss"]) == ("watching", "whep", 0.5)

        hls.tell("recording", lesson=str(lesson.id), state="stopped", reason="disk_full")
        stopped = await until(desk, lambda now: now["recording"]["state"] == "stopped")
        assert stopped["recording"]["reason"] == "disk_full"

        relay.tell("source", lesson=str(lesson.id), source="lead", state="away", epoch=1, us=10**6)
        away = await until(desk, lambda now: now["source"]["state"] == "away")
        assert away["source"]["since"] == "1970-01-01T00:00:01+00:00"
        assert (away["source"]["kbps"], away["source"]["layers"]) == (0, [])


async def test_the_end_arrives(
    make: Makers, frame: Frame, url: str, lesson: Lesson, room: Room
) -> None:
    async with page(url, lesson, room.token) as screen:
        await screen.recv()
        await service.end(frame, lesson.id)
        ended = await until(screen, lambda now: now["lesson"]["state"] == "ended")
        assert ended["addresses"]["replay"] == f"/replay/{lesson.id}/index.m3u8"
        assert ended["source"]["state"] == "none"


async def test_recording_state_is_asked_for(
    url: str, lesson: Lesson, room: Room, hls: StandIn
) -> None:
    """A web process that was restarted heard no event."""

    async def status(message: Message) -> Message:
        return {"recording": "ok", "reason": ""}

    hls.answers["status"] = status
    async with page(url, lesson, room.token) as screen:
        await until(screen, lambda now: now["recording"]["state"] == "ok")


async def test_a_burst_of_changes_is_at_most_two_snapshots_a_second(
    make: Makers, url: str, lesson: Lesson, relay: StandIn
) -> None:
    loop = asyncio.get_running_loop()
    async with page(url, lesson, make.media_token(lesson, "publish")) as desk:
        await desk.recv()
        began, received = loop.time(), 0
        for kbps in range(1, 200):
            relay.tell("stats", **stats(lesson, kbps=kbps))
        while json.loads(await desk.recv())["source"]["kbps"] != 199:
            received += 1
        assert received <= 1 + 2 * (loop.time() - began)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("not json", 1008),
        ('{"type": "report", "carrier": "pigeon"}', 1008),
        ('{"type": "report", "carrier": "hls", "kbps": -1}', 1008),
        (json.dumps({"type": "report", "carrier": "hls", "layer": "x" * 3000}), 1009),
    ],
)
async def test_bad_report(url: str, lesson: Lesson, room: Room, text: str, code: int) -> None:
    async with page(url, lesson, room.token) as screen:
        await screen.send(text)
        with pytest.raises(ConnectionClosed) as raised:
            await until(screen, lambda _: False)
    assert raised.value.rcvd is not None
    assert raised.value.rcvd.code == code
