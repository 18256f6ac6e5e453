"""Public lessons: approvals of schools that are heard, and watching without signing in."""

import asyncio
from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import select

from tests.catalogue.stage import Far, Stage
from tests.makers import Makers
from tests.processes import StandIn
from tongke_courses.catalogue import settling
from tongke_courses.lessons import access
from tongke_courses.lessons.models import Lesson
from tongke_courses.lessons.repository import LessonRepository
from tongke_platform.consent import service as consent
from tongke_platform.consent.purposes import Purpose
from tongke_platform.notices.models import Notice
from tongke_platform.people.roles import Role
from tongke_streaming.frames import Message

SDP = {"Content-Type": "application/sdp"}


@pytest.fixture(autouse=True)
def answers(relay: StandIn, hls: StandIn) -> None:
    async def session(message: Message) -> Message:
        return {"session": "s", "sdp": "v=0\r\n", "etag": "e"}

    async def playlist(message: Message) -> Message:
        return {"playlist": "#EXTM3U\n"}

    relay.answers |= {"publish": session, "watch": session}
    hls.answers["multivariant"] = playlist


async def heard(stage: Stage, lesson: dict[str, Any], far: Far) -> None:
    async with stage.frame.database.write() as session:
        await settling.heard(session, UUID(lesson["id"]), far.room.id)


async def asked(stage: Stage, far: Far) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await stage.ask("GET", "/api/approvals", far.headers)).json()[
        "items"
    ]
    return found


async def answer(stage: Stage, far: Far, act: str, key: str, **body: str) -> httpx2.Response:
    return await stage.ask("POST", f"/api/approvals/{key}/{act}", far.headers, json=body)


async def test_anonymous(stage: Stage) -> None:
    """A lesson that is not public, and every address of approvals."""
    far = await stage.far(partner=True)
    lesson = await stage.lesson(await stage.course(visibility="public"))
    await heard(stage, lesson, far)
    (one,) = await asked(stage, far)
    for path in (
        f"/replay/{lesson['id']}/index.m3u8",
        f"/live/{lesson['id']}/hls/index.m3u8",
        f"/lessons/{lesson['id']}/replay",
        "/api/approvals",
        f"/api/approvals/{one['id']}",
    ):
        assert (await stage.ask("GET", path, {})).status_code == 401, path
    for act in ("approve", "refuse"):
        path = f"/api/approvals/{one['id']}/{act}"
        assert (await stage.ask("POST", path, {}, json={"reason": "x"})).status_code == 401


async def test_watched_by_everybody(stage: Stage, client: httpx2.AsyncClient) -> None:
    lesson = await stage.lesson(await stage.course(), visibility="public")
    await stage.held(lesson)
    for path in (f"/replay/{lesson['id']}/index.m3u8", f"/live/{lesson['id']}/hls/index.m3u8"):
        assert (await client.get(path)).status_code == 200, path
    page = await client.get(f"/lessons/{lesson['id']}/replay")
    assert page.status_code == 200
    whep = await client.post(f"/live/{lesson['id']}/whep", content="v=0\r\n", headers=SDP)
    assert whep.status_code == 201
    whip = await client.post(f"/live/{lesson['id']}/whip", content="v=0\r\n", headers=SDP)
    assert whip.status_code == 403


async def test_ends_for_everybody(stage: Stage) -> None:
    """What somebody without an account was let in with is worth nothing once it is not public."""
    lesson = await stage.lesson(await stage.course(), visibility="public")
    credential = access.Credential(public=True).packed()
    told: list[dict[str, Any]] = []
    stage.frame.events.listen(settling.NARROWED, told.append)

    async def still() -> bool:
        async with stage.frame.database.read() as session:
            found = await LessonRepository(session).by_id(UUID(lesson["id"]))
        assert found is not None
        return await access.still(stage.frame, found, "watch", credential)

    assert await still()
    patch = {"visibility": "signed_in"}
    await stage.ask("PATCH", f"/api/lessons/{lesson['id']}", json=patch)
    assert not await still()
    assert told == [{"lesson": lesson["id"]}]


async def test_a_school_that_is_heard_is_asked(stage: Stage) -> None:
    far, other = await stage.far(partner=True), await stage.far(partner=True)
    lesson = await stage.lesson(await stage.course(visibility="public"))
    assert await stage.visibility(lesson) == "public"
    await heard(stage, lesson, far)
    await heard(stage, lesson, other)
    assert await stage.visibility(lesson) == "signed_in"
    ours, theirs = (await asked(stage, far))[0], (await asked(stage, other))[0]
    assert ours["lesson"]["id"] == lesson["id"]
    async with stage.frame.database.read() as session:
        told = select(Notice.kind).where(Notice.person_id == far.office.id)
        assert (await session.execute(told)).scalars().all() == ["lesson.approval_asked"]
    assert (await answer(stage, other, "approve", ours["id"])).status_code == 404
    assert (await answer(stage, far, "approve", ours["id"])).json()["state"] == "approved"
    assert await stage.visibility(lesson) == "signed_in"
    await answer(stage, other, "approve", theirs["id"])
    assert await stage.visibility(lesson) == "public"
    assert (await answer(stage, far, "refuse", ours["id"])).status_code == 422
    await answer(stage, far, "refuse", ours["id"], reason="家长不同意")
    assert await stage.visibility(lesson) == "signed_in"
    await answer(stage, far, "approve", ours["id"])
    assert await stage.visibility(lesson) == "public"


async def test_who_answers(stage: Stage, make: Makers) -> None:
    """The platform does not speak for a school, nor do its teachers."""
    far = await stage.far(partner=True)
    lesson = await stage.lesson(await stage.course(visibility="public"))
    await heard(stage, lesson, far)
    (one,) = await asked(stage, far)
    for role, school, expected in (
        (Role.ADMIN, None, 404),
        (Role.LOCAL_TEACHER, far.school, 404),
        (Role.SCHOOL_ADMIN, stage.school, 404),
        (Role.PRINCIPAL, far.school, 200),
    ):
        headers = await make.bearer(await make.person(school, role))
        path = f"/api/approvals/{one['id']}/approve"
        assert (await stage.ask("POST", path, headers)).status_code == expected, role


async def test_another_class_is_asked_for_again(stage: Stage, make: Makers) -> None:
    far = await stage.far(partner=True)
    lesson = await stage.lesson(await stage.course(visibility="public"))
    await heard(stage, lesson, far)
    (one,) = await asked(stage, far)
    await answer(stage, far, "approve", one["id"])
    second = await make.room(far.school)
    async with stage.frame.database.write() as session:
        await settling.heard(session, UUID(lesson["id"]), second.id)
    assert await stage.visibility(lesson) == "signed_in"
    assert [found["state"] for found in await asked(stage, far)] == ["asked"]


@pytest.mark.parametrize("purpose", [Purpose.RECORDING, Purpose.SHOW_WORK])
async def test_consent_is_withdrawn(stage: Stage, make: Makers, purpose: Purpose) -> None:
    """By a guardian of the class: the school has to agree again. Other purposes say nothing of it."""
    far = await stage.far(partner=True)
    await make.consent_of(far.room, far.pupils)
    lesson = await stage.lesson(await stage.course(visibility="public"))
    await heard(stage, lesson, far)
    (one,) = await asked(stage, far)
    await answer(stage, far, "approve", one["id"])
    guardian = consent.Guardian.of("李梅", "mother")
    async with stage.frame.database.write() as session:
        by = await make_principal(stage, far)
        jpeg = b"\xff\xd8"
        await consent.enter_paper(
            session, stage.frame, by, far.pupils[0], [purpose], guardian, jpeg
        )
        await consent.withdraw_at_school(session, stage.frame, by, far.pupils[0], purpose)
    falls = purpose is Purpose.RECORDING
    assert await stage.visibility(lesson) == ("signed_in" if falls else "public")
    assert [found["state"] for found in await asked(stage, far)] == [
        "asked" if falls else "approved"
    ]


async def make_principal(stage: Stage, far: Far) -> Any:
    from tongke_platform.accounts import service as accounts

    async with stage.frame.database.read() as session:
        return await accounts.principal_of(session, far.office.id, stage.frame.today())


async def test_a_room_that_is_let_in_is_noted(stage: Stage, make: Makers) -> None:
    """Where consent is checked: what the room sends makes its school one that is asked."""
    far = await stage.far(partner=True)
    await make.consent_of(far.room, far.pupils)
    lesson = await stage.lesson(
        await stage.course(visibility="public"),
        planned_start=stage.soon(),
        room_ids=[str(far.room.id)],
    )
    async with stage.frame.database.read() as session:
        found = (
            await session.execute(select(Lesson).where(Lesson.id == UUID(lesson["id"])))
        ).scalar_one()
    token = make.media_token(found, "publish", source="room-a", room=far.room)
    for _ in range(2):
        sent = await stage.ask(
            "POST",
            f"/live/{lesson['id']}/whip",
            {"Authorization": f"Bearer {token}", **SDP},
            content="v=0\r\n",
        )
        assert sent.status_code == 201, sent.text
    assert await stage.visibility(lesson) == "signed_in"
    assert len(await asked(stage, far)) == 1


async def test_approved_while_published(stage: Stage) -> None:
    """Two who change different things at the same time: the lesson is what both make of it."""
    far = await stage.far(partner=True)
    for _ in range(3):
        course = await stage.course(visibility="public")
        lesson = await stage.lesson(course)
        await heard(stage, lesson, far)
        await stage.ask("POST", f"/api/courses/{course['id']}/withdraw")
        one = (await asked(stage, far))[0]
        await asyncio.gather(
            stage.ask("POST", f"/api/courses/{course['id']}/publish"),
            answer(stage, far, "approve", one["id"]),
        )
        assert await stage.visibility(lesson) == "public"
