"""The live WebSocket, over a real server and a real client."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from tests.makers import Makers, Someone
from tests.processes import StandIn
from tests.wire.rig import Page, serving
from tongke_courses.lessons import service
from tongke_courses.lessons.models import Lesson
from tongke_platform.accounts.rights import COOKIE
from tongke_platform.accounts.service import log_in
from tongke_platform.frame import Frame
from tongke_platform.organisations.models import Room
from tongke_streaming.frames import Message

Json = dict[str, Any]


@pytest.fixture
async def url(app: FastAPI) -> AsyncIterator[str]:
    async with serving(app) as port:
        yield f"ws://127.0.0.1:{port}/api/wire"


@pytest.fixture
async def teacher(make: Makers) -> Someone:
    return await make.person(await make.school())


@pytest.fixture
async def room(make: Makers) -> Room:
    return await make.room(await make.school())


@pytest.fixture
async def lesson(make: Makers, teacher: Someone, room: Room) -> Lesson:
    return await make.lesson(teacher, [room])


class Live:
    """A page with the lesson open."""

    def __init__(self, socket: ClientConnection, lesson: Lesson) -> None:
        self.page, self.topic = Page(socket), f"lesson:{lesson.id}"

    async def next(self) -> Json:
        data: Json = (await self.page.next("snapshot"))["data"]
        return data

    async def until(self, wanted: Callable[[Json], bool]) -> Json:
        """The first snapshot that is as wanted."""
        async with asyncio.timeout(10):
            while not wanted(snapshot := await self.next()):
                pass
            return snapshot

    async def report(self, **said: Any) -> None:
        await self.page.send(type="say", topic=self.topic, data=said)


@asynccontextmanager
async def page(url: str, lesson: Lesson, token: str) -> AsyncIterator[Live]:
    async with connect(f"{url}?token={token}", proxy=None) as socket:
        live = Live(socket, lesson)
        await live.page.send(type="sub", topic=live.topic)
        yield live


def stats(lesson: Lesson, room: Room | None = None, **source: Any) -> Json:
    viewer = {"session": "s", "label": "", "layer": "h", "kbps": 600, "loss": 0.5, "rtt_ms": 20}
    viewers = [{**viewer, "room": str(room.id)}] if room else []
    lead = {"state": "live", "kbps": 1800, "loss": 0, "layers": {"h": {"kbps": 600, "fps": 25}}}
    return {"lessons": {str(lesson.id): {"sources": {"lead": lead | source}, "viewers": viewers}}}


@pytest.mark.parametrize(
    ("token", "status"), [("wrong", 401), ("expired", 401), ("of another lesson", 403)]
)
async def test_refused(make: Makers, url: str, lesson: Lesson, token: str, status: int) -> None:
    if token == "of another lesson":
        token = make.media_token(await make.lesson())
    elif token == "expired":
        token = make.media_token(lesson, hours=-1)
    async with page(url, lesson, token) as live:
        assert (await live.page.next("error"))["status"] == status


async def test_anonymous(url: str) -> None:
    async with connect(url, proxy=None) as socket:
        assert await Page(socket).closed() == (4401, "unauthorized")


async def test_unknown_lesson(make: Makers, url: str, lesson: Lesson) -> None:
    async with page(url, lesson, make.media_token(lesson)) as live:
        for key in ("nothing", str(lesson.id).upper()):
            await live.page.send(type="sub", topic=f"lesson:{key}")
            answer = await live.page.next("error")
            assert (answer["status"], answer["code"]) == (404, "no_lesson")


async def test_cookie_counts_from_our_own_pages_only(
    frame: Frame, url: str, lesson: Lesson, teacher: Someone
) -> None:
    async with frame.database.write() as session:
        cookie = await log_in(session, teacher.id, now=frame.now(), lifetime=timedelta(hours=1))
    headers = {"Cookie": f"{COOKIE}={cookie}"}
    ours = Origin("http://" + url.split("/")[2])
    async with connect(url, additional_headers=headers, origin=ours, proxy=None) as socket:
        desk = Live(socket, lesson)
        await desk.page.send(type="sub", topic=desk.topic)
        assert "rooms" in await desk.next()
    with pytest.raises(InvalidStatus):
        await connect(
            url, additional_headers=headers, origin=Origin("https://evil.test"), proxy=None
        )


async def test_first_snapshot_of_a_room(url: str, lesson: Lesson, room: Room) -> None:
    async with page(url, lesson, room.token) as socket:
        first = await socket.next()
    assert first["lesson"]["title"] == lesson.title
    assert first["lesson"]["state"] == "planned"
    assert first["source"]["state"] == "none"
    assert first["recording"] == {"state": "idle", "reason": ""}
    assert first["addresses"]["whep"] == f"/live/{lesson.id}/whep"
    assert "rooms" not in first, "a room does not see the others"


async def test_teacher_sees_rooms_come_report_and_go(
    make: Makers, url: str, lesson: Lesson, room: Room
) -> None:
    async with page(url, lesson, make.media_token(lesson, "publish")) as desk:
        first = await desk.next()
        assert [one["state"] for one in first["rooms"]] == ["offline"]
        assert first["rooms"][0]["class_size"] == room.class_size
        async with page(url, lesson, room.token) as screen:
            await desk.until(lambda now: now["rooms"][0]["state"] == "waiting")
            report = {"carrier": "hls", "layer": "q", "kbps": 180, "latency_ms": 2100}
            await screen.report(**report, freezes=1)
            seen = await desk.until(lambda now: now["rooms"][0]["state"] == "watching")
            assert seen["rooms"][0]["carrier"] == "hls"
            assert seen["rooms"][0]["latency_ms"] == 2100
        await desk.until(lambda now: now["rooms"][0]["state"] == "offline")


async def test_media_events_arrive(
    make: Makers, url: str, lesson: Lesson, room: Room, relay: StandIn, hls: StandIn
) -> None:
    async with page(url, lesson, make.media_token(lesson, "publish")) as desk:
        await desk.next()
        relay.tell("stats", **stats(lesson, room))
        live = await desk.until(
            lambda now: now["source"]["kbps"] == 1800 and now["lesson"]["state"] == "live"
        )
        assert live["source"]["layers"] == [{"layer": "h", "kbps": 600, "fps": 25}]
        assert live["source"]["since"]
        seen = live["rooms"][0]
        assert (seen["state"], seen["carrier"], seen["loss"]) == ("watching", "whep", 0.5)

        hls.tell("recording", lesson=str(lesson.id), state="stopped", reason="disk_full")
        stopped = await desk.until(lambda now: now["recording"]["state"] == "stopped")
        assert stopped["recording"]["reason"] == "disk_full"

        relay.tell("source", lesson=str(lesson.id), source="lead", state="away", epoch=1, us=10**6)
        away = await desk.until(lambda now: now["source"]["state"] == "away")
        assert away["source"]["since"] == "1970-01-01T00:00:01+00:00"
        assert (away["source"]["kbps"], away["source"]["layers"]) == (0, [])


async def test_the_end_arrives(
    make: Makers, frame: Frame, url: str, lesson: Lesson, room: Room
) -> None:
    async with page(url, lesson, room.token) as screen:
        await screen.next()
        await service.end(frame, lesson.id)
        ended = await screen.until(lambda now: now["lesson"]["state"] == "ended")
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
        await screen.until(lambda now: now["recording"]["state"] == "ok")


async def test_a_burst_of_changes_is_at_most_two_snapshots_a_second(
    make: Makers, url: str, lesson: Lesson, relay: StandIn
) -> None:
    loop = asyncio.get_running_loop()
    async with page(url, lesson, make.media_token(lesson, "publish")) as desk:
        await desk.next()
        began, received = loop.time(), 0
        for kbps in range(1, 200):
            relay.tell("stats", **stats(lesson, kbps=kbps))
        while (await desk.next())["source"]["kbps"] != 199:
            received += 1
        assert received <= 1 + 2 * (loop.time() - began)


@pytest.mark.parametrize(
    "report", [{"carrier": "pigeon"}, {"carrier": "hls", "kbps": -1}, {"layer": "x" * 17}, {}]
)
async def test_bad_report(url: str, lesson: Lesson, room: Room, report: Json) -> None:
    async with page(url, lesson, room.token) as screen:
        await screen.next()
        await screen.report(**report)
        assert (await screen.page.next("error"))["code"] == "invalid"


async def test_a_report_of_a_desk_is_no_rooms(make: Makers, url: str, lesson: Lesson) -> None:
    async with page(url, lesson, make.media_token(lesson, "publish")) as desk:
        first = await desk.next()
        await desk.report(carrier="hls")
        await desk.report(carrier="pigeon")
        await desk.page.next("error")
        assert first["rooms"][0]["state"] == "offline"


async def test_a_room_that_is_taken_away_sees_no_more(
    frame: Frame, url: str, lesson: Lesson, room: Room
) -> None:
    async with page(url, lesson, room.token) as screen:
        await screen.next()
        async with frame.database.write() as session:
            found = await session.get(Room, room.id)
            assert found is not None
            found.revoked_at = frame.now()
        frame.wire.recheck(screen.topic)
        gone = await screen.page.next("gone")
        assert gone["status"] == 401


async def test_rooms_on_another_process(
    make: Makers, frame: Frame, url: str, lesson: Lesson, room: Room
) -> None:
    """What the other process says through Redis; see tests/wire/test_redis.py."""
    told = {"pages": 1, "report": {"carrier": "whep", "kbps": 900}}
    async with page(url, lesson, make.media_token(lesson, "publish")) as desk:
        await desk.next()
        data = json.dumps({"rooms": {str(room.id): told}})
        frame.wire.on_signal("share", desk.topic, "another process", data)
        seen = await desk.until(lambda now: now["rooms"][0]["state"] == "watching")
        assert seen["rooms"][0]["kbps"] == 900
        frame.wire.on_signal("share", desk.topic, "another process", '{"rooms":{}}')
        await desk.until(lambda now: now["rooms"][0]["state"] == "offline")
