"""The lessons API against the whole application."""

import asyncio
from datetime import timedelta

import httpx2
import pytest

from tests.makers import Makers
from tests.processes import StandIn
from tongke_courses.lessons import service
from tongke_courses.lessons.models import LessonState
from tongke_platform.frame import Frame
from tongke_platform.media_tokens import MediaTokens
from tongke_platform.people.roles import Role
from tongke_streaming.frames import Message, Refused


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/lessons"),
        ("POST", "/api/lessons"),
        ("GET", "/api/lessons/{id}"),
        ("GET", "/api/lessons/{id}/rooms"),
        ("POST", "/api/lessons/{id}/rooms"),
        ("POST", "/api/lessons/{id}/end"),
        ("POST", "/api/lessons/{id}/tokens"),
    ],
)
async def test_anonymous(client: httpx2.AsyncClient, make: Makers, method: str, path: str) -> None:
    lesson = await make.lesson()
    answer = await client.request(method, path.format(id=lesson.id), json={})
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")


async def test_create_and_read(client: httpx2.AsyncClient, make: Makers, frame: Frame) -> None:
    school, partner = await make.school(), await make.school()
    await make.partnership(school, partner)
    teacher, room = await make.person(school), await make.room(partner)
    headers = await make.bearer(teacher)
    body = {
        "title": " 圆的面积 ",
        "subject": "数学",
        "grade": "六年级",
        "planned_start": frame.now().isoformat(),
        "room_ids": [str(room.id)],
    }
    created = await client.post("/api/lessons", json=body, headers=headers)
    assert created.status_code == 201
    lesson = created.json()
    assert lesson["title"] == "圆的面积"
    assert (lesson["state"], lesson["planned_minutes"], lesson["may_lead"]) == ("planned", 40, True)
    assert lesson["addresses"]["whip"] == f"/live/{lesson['id']}/whip"

    read = await client.get(f"/api/lessons/{lesson['id']}", headers=headers)
    assert read.json() == lesson
    rooms = await client.get(f"/api/lessons/{lesson['id']}/rooms", headers=headers)
    assert [one["id"] for one in rooms.json()] == [str(room.id)]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"title": "  "}, "invalid"),
        ({"planned_start": "2026-11-23T08:00:00"}, "invalid"),
        ({"planned_minutes": 0}, "invalid"),
        ({"room_ids": ["018f0000-0000-7000-8000-000000000000"]}, "no_room"),
    ],
)
async def test_wrong_lesson(
    client: httpx2.AsyncClient, make: Makers, change: dict[str, object], code: str
) -> None:
    body = {
        "title": "圆",
        "subject": "数学",
        "grade": "六年级",
        "planned_start": "2026-11-23T08:00:00+08:00",
        **change,
    }
    headers = await make.bearer(await make.person(await make.school()))
    answer = await client.post("/api/lessons", json=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    listed = await client.get("/api/lessons", headers=headers)
    assert listed.json() == []


async def test_administrator_without_school_names_a_teacher(
    client: httpx2.AsyncClient, make: Makers
) -> None:
    admin = await make.bearer(await make.person(role=Role.ADMIN))
    teacher = await make.person(await make.school())
    body = {
        "title": "圆",
        "subject": "数学",
        "grade": "六年级",
        "planned_start": "2026-11-23T08:00:00+08:00",
    }
    alone = await client.post("/api/lessons", json=body, headers=admin)
    assert (alone.status_code, alone.json()["code"]) == (422, "no_lead_school")
    named = await client.post(
        "/api/lessons", json={**body, "teacher_id": str(teacher.id)}, headers=admin
    )
    assert named.json()["teacher"]["id"] == str(teacher.id)
    other = await make.bearer(await make.person(await make.school(), Role.SCHOOL_ADMIN))
    stolen = await client.post(
        "/api/lessons", json={**body, "teacher_id": str(teacher.id)}, headers=other
    )
    assert stolen.status_code == 403


async def test_today_is_the_local_day(
    client: httpx2.AsyncClient, make: Makers, frame: Frame
) -> None:
    school = await make.school()
    teacher = await make.person(school)
    start, end = service.day_of(frame.now(), frame.settings.zone)
    second = timedelta(seconds=1)
    early = await make.lesson(teacher, planned_start=start)
    late = await make.lesson(teacher, planned_start=end - second)
    for other in (start - second, end):
        await make.lesson(teacher, planned_start=other)
    await make.lesson()
    listed = await client.get("/api/lessons", headers=await make.bearer(teacher))
    assert [one["id"] for one in listed.json()] == [str(early.id), str(late.id)]


async def test_deliver_twice_is_once(client: httpx2.AsyncClient, make: Makers) -> None:
    school, partner = await make.school(), await make.school()
    await make.partnership(school, partner)
    teacher, room = await make.person(school), await make.room(partner)
    lesson = await make.lesson(teacher)
    headers = await make.bearer(teacher)
    for _ in range(2):
        answer = await client.post(
            f"/api/lessons/{lesson.id}/rooms", json={"room_ids": [str(room.id)]}, headers=headers
        )
        assert [one["name"] for one in answer.json()] == [room.name]


async def test_unknown_lesson(client: httpx2.AsyncClient, make: Makers) -> None:
    headers = await make.bearer(await make.person(role=Role.ADMIN))
    for name in ("018f0000-0000-7000-8000-000000000000", "no-id"):
        answer = await client.get(f"/api/lessons/{name}", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "no_lesson")


async def test_token(client: httpx2.AsyncClient, make: Makers, frame: Frame) -> None:
    teacher = await make.person(await make.school())
    lesson = await make.lesson(teacher)
    answer = await client.post(
        f"/api/lessons/{lesson.id}/tokens",
        json={"act": "publish", "source": "screen"},
        headers=await make.bearer(teacher),
    )
    assert answer.status_code == 201
    assert answer.json()["url"] == f"/live/{lesson.id}/whip"
    tokens: MediaTokens = frame.media_tokens
    claims = tokens.read(answer.json()["token"])
    assert (claims.act, claims.source) == ("publish", "screen")
    assert claims.holder == f"person:{teacher.id}"
    assert claims.label == teacher.display_name


async def test_end(client: httpx2.AsyncClient, make: Makers, relay: StandIn, hls: StandIn) -> None:
    teacher = await make.person(await make.school())
    lesson = await make.lesson(teacher)
    headers = await make.bearer(teacher)
    for _ in range(2):
        answer = await client.post(f"/api/lessons/{lesson.id}/end", headers=headers)
        assert answer.status_code == 200
        assert (answer.json()["state"], answer.json()["replay_ready"]) == ("ended", True)
        assert answer.json()["addresses"]["replay"] == f"/replay/{lesson.id}/index.m3u8"
    assert relay.asked_for("end") == [{"lesson": str(lesson.id)}]
    assert hls.asked_for("finish") == [{"lesson": str(lesson.id)}]

    token = await client.post(
        f"/api/lessons/{lesson.id}/tokens", json={"act": "publish"}, headers=headers
    )
    assert (token.status_code, token.json()["code"]) == (409, "lesson_over")


async def test_end_is_finished_later_when_the_packager_fails(
    client: httpx2.AsyncClient, make: Makers, frame: Frame, hls: StandIn
) -> None:
    async def fail(message: Message) -> Message:
        raise Refused(500, "disk")

    teacher = await make.person(await make.school())
    lesson = await make.lesson(teacher)
    headers = await make.bearer(teacher)
    works, hls.answers["finish"] = hls.answers["finish"], fail
    answer = await client.post(f"/api/lessons/{lesson.id}/end", headers=headers)
    assert (answer.status_code, answer.json()["replay_ready"]) == (200, False)

    hls.answers["finish"] = works
    async with frame.database.read() as session:
        assert (await service.get(session, lesson.id)).state is LessonState.ENDED
    assert await frame.jobs.run_due() == 0, "it waits before it tries again"
    later = frame.now() + timedelta(minutes=1)
    frame.jobs.now = lambda: later
    assert await frame.jobs.run_due() == 1
    again = await client.post(f"/api/lessons/{lesson.id}/end", headers=headers)
    assert again.json()["replay_ready"] is True


async def test_a_lesson_that_never_began_can_end(
    client: httpx2.AsyncClient, make: Makers, hls: StandIn
) -> None:
    async def unknown(message: Message) -> Message:
        raise Refused(404, "no_lesson")

    hls.answers["finish"] = unknown
    teacher = await make.person(await make.school())
    lesson = await make.lesson(teacher)
    answer = await client.post(f"/api/lessons/{lesson.id}/end", headers=await make.bearer(teacher))
    assert answer.json()["replay_ready"] is True


async def test_media_makes_it_live(
    client: httpx2.AsyncClient, make: Makers, frame: Frame, relay: StandIn, hls: StandIn
) -> None:
    lesson = await make.lesson()
    changed = asyncio.Event()
    frame.events.listen(service.CHANGED, lambda _: changed.set())
    relay.tell("source", lesson=str(lesson.id), source="lead", state="live", epoch=1, us=0)
    async with asyncio.timeout(5):
        await changed.wait()
    async with frame.database.read() as session:
        found = await service.get(session, lesson.id)
    assert found.state is LessonState.LIVE
    assert found.started_at is not None
