"""A class PC and its room: the code, its approval, the address and who was seen at it."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import event

from tests.makers import Makers, Someone
from tongke_platform.devices.service import CODE_LIFE, SEEN_EVERY
from tongke_platform.frame import Frame
from tongke_platform.organisations.models import Organisation, Room
from tongke_platform.people.roles import Role

APPROVALS = "/api/device-approvals"
CODE = re.compile(r"<span>(\d{3})</span><span>(\d{3})</span>")
WINDOWS_7 = "Mozilla/5.0 (Windows NT 6.1) AppleWebKit/537.36 Chrome/87.0.4280.88 Safari/537.36"


@asynccontextmanager
async def class_pc(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    """A browser of its own."""
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app),
        base_url="http://school.test",
        headers={"Accept": "text/html", "Accept-Language": "en", "User-Agent": WINDOWS_7},
    ) as pc:
        yield pc


async def code_on(pc: httpx2.AsyncClient) -> str:
    page = await pc.get("/device")
    found = CODE.search(page.text)
    assert found, page.text
    return found[1] + found[2]


@pytest.fixture
async def school(make: Makers) -> Organisation:
    return await make.school()


@pytest.fixture
async def room(make: Makers, school: Organisation) -> Room:
    return await make.room(school)


@pytest.fixture
async def it(make: Makers, school: Organisation) -> Someone:
    return await make.person(school, Role.IT)


async def test_from_code_to_room(
    app: FastAPI, client: httpx2.AsyncClient, make: Makers, room: Room, it: Someone
) -> None:
    async with class_pc(app) as pc:
        code = await code_on(pc)
        assert await code_on(pc) == code, "a reload shows the same"
        assert (await pc.get("/device/state")).json() == {"state": "waiting"}
        body = {"code": code, "room_id": str(room.id)}
        headers = await make.bearer(it)
        approved = await client.post(APPROVALS, json=body, headers=headers)
        assert approved.status_code == 201
        assert approved.json() == {
            "room_id": str(room.id),
            "room": room.name,
            "agent": "Chrome 87 · Windows 7",
        }
        assert room.token not in approved.text
        assert (await pc.get("/device/state")).json() == {"state": "approved"}
        moved = await pc.get("/device")
        assert moved.headers["location"] == f"/room/{room.token}"
        kept = await pc.get(moved.headers["location"])
        assert f"http://school.test/room/{room.token}" in kept.text
        assert "<svg" in kept.text
        entered = await pc.get(f"/room/{room.token}")
        assert "room-" in entered.text, "the second time it is the classroom"
        assert "<svg" not in kept.text or "Save this address" not in entered.text
        again = await client.post(APPROVALS, json=body, headers=headers)
        assert (again.status_code, again.json()["code"]) == (404, "no_code")
    async with class_pc(app) as reset:
        page = await reset.get(f"/room/{room.token}")
        assert page.status_code == 200, "a PC that forgets everything needs the address alone"
    listed = await client.get(f"/api/rooms/{room.id}/devices", headers=headers)
    assert [one["agent"] for one in listed.json()] == ["Chrome 87 · Windows 7"]


async def test_a_code_gets_old(
    app: FastAPI, client: httpx2.AsyncClient, make: Makers, frame: Frame, room: Room, it: Someone
) -> None:
    async with class_pc(app) as pc:
        code = await code_on(pc)
        later = frame.now() + CODE_LIFE
        frame.now = lambda: later
        assert (await pc.get("/device/state")).json() == {"state": "over"}
        body = {"code": code, "room_id": str(room.id)}
        answer = await client.post(APPROVALS, json=body, headers=await make.bearer(it))
        assert answer.json()["code"] == "no_code"
        assert (await pc.get("/device/state")).json() == {"state": "over"}
        await code_on(pc)
        assert (await pc.get("/device/state")).json() == {"state": "waiting"}


async def test_one_code_one_room(
    app: FastAPI, client: httpx2.AsyncClient, make: Makers, room: Room, it: Someone
) -> None:
    """Two administrators in the same moment: exactly one wins."""
    other = await make.room(await make.school())
    second = await make.person(other.school, Role.SCHOOL_ADMIN)
    async with class_pc(app) as pc:
        code = await code_on(pc)
        tries = [(room, await make.bearer(it)), (other, await make.bearer(second))]
        answers = await asyncio.gather(
            *(
                client.post(APPROVALS, json={"code": code, "room_id": str(one.id)}, headers=headers)
                for one, headers in tries
            )
        )
        assert sorted(one.status_code for one in answers) == [201, 404]
        won = tries[[one.status_code for one in answers].index(201)][0]
        assert (await pc.get("/device")).headers["location"] == f"/room/{won.token}"


async def test_guessing_runs_out(
    client: httpx2.AsyncClient, make: Makers, room: Room, it: Someone
) -> None:
    headers = await make.bearer(it)
    statuses = []
    for number in range(12):
        body = {"code": f"{number:06}", "room_id": str(room.id)}
        statuses.append((await client.post(APPROVALS, json=body, headers=headers)).status_code)
    assert statuses == [404] * 10 + [429] * 2


async def test_asking_runs_out(app: FastAPI, client: httpx2.AsyncClient) -> None:
    statuses = []
    for _ in range(41):
        client.cookies.clear()
        statuses.append((await client.get("/device")).status_code)
    assert statuses == [200] * 40 + [429]


@pytest.mark.parametrize(
    "code", ["", "12345", "1234567", "abcdef", "１２３４５６", "12 456", "' OR 1"]
)
async def test_no_code_at_all(
    client: httpx2.AsyncClient, make: Makers, room: Room, it: Someone, code: str
) -> None:
    body = {"code": code, "room_id": str(room.id)}
    answer = await client.post(APPROVALS, json=body, headers=await make.bearer(it))
    assert answer.status_code == 422


async def test_forged_cookie(app: FastAPI) -> None:
    async with class_pc(app) as pc:
        pc.cookies.set("tongke_pairing", "x" * 500, path="/device")
        assert (await pc.get("/device/state")).json() == {"state": "over"}


# who: (sees the devices, manages the address)
TABLE = {
    Role.SCHOOL_ADMIN: (200, 200),
    Role.IT: (200, 200),
    Role.LOCAL_TEACHER: (200, 403),
    Role.PRINCIPAL: (200, 403),
    Role.GUARDIAN: (404, 404),
}


async def test_who_may(
    app: FastAPI, client: httpx2.AsyncClient, make: Makers, school: Organisation, room: Room
) -> None:
    people = [(await make.person(school, role), wanted) for role, wanted in TABLE.items()]
    elsewhere = await make.school()
    people.append((await make.person(elsewhere, Role.SCHOOL_ADMIN), (404, 404)))
    people.append((await make.person(role=Role.ADMIN), (200, 200)))
    here = f"/api/rooms/{room.id}"
    for who, (sees, manages) in people:
        headers = await make.bearer(who)
        listed = await client.get(f"{here}/devices", headers=headers)
        assert listed.status_code == sees
        read = await client.get(f"{here}/address", headers=headers)
        assert read.status_code == manages
        assert (room.token in listed.text + read.text) is (manages == 200)
        if manages != 200:
            for act in ("renew", "revoke"):
                changed = await client.post(f"{here}/address/{act}", headers=headers)
                assert changed.status_code == manages
            page = await client.get(f"/admin/rooms/{room.id}/poster", headers=headers)
            assert page.status_code == manages
            async with class_pc(app) as pc:
                body = {"code": await code_on(pc), "room_id": str(room.id)}
                approved = await client.post(APPROVALS, json=body, headers=headers)
                assert approved.status_code in {403, 404}
    for path in ("devices", "address"):
        assert (await client.get(f"{here}/{path}")).status_code == 401
    assert (await client.post(APPROVALS, json={})).status_code == 401


async def test_renew_and_revoke(
    app: FastAPI, client: httpx2.AsyncClient, make: Makers, frame: Frame, room: Room, it: Someone
) -> None:
    changed: list[str] = []
    frame.events.listen("room.address_changed", lambda payload: changed.append(payload["room"]))
    headers, here = await make.bearer(it), f"/api/rooms/{room.id}/address"
    old = f"/room/{room.token}"
    renewed = (await client.post(f"{here}/renew", headers=headers)).json()["address"]
    assert (await client.get(old)).status_code == 404
    assert (await client.get(renewed)).status_code == 200
    assert changed == [str(room.id)]
    for _ in range(2):
        revoked = await client.post(f"{here}/revoke", headers=headers)
        assert revoked.json() == {"address": None}
    assert (await client.get(renewed)).status_code == 404
    assert changed == [str(room.id)] * 2, "what is revoked cannot be revoked again"
    async with class_pc(app) as pc:
        body = {"code": await code_on(pc), "room_id": str(room.id)}
        assert (await client.post(APPROVALS, json=body, headers=headers)).status_code == 201
        moved = (await pc.get("/device")).headers["location"]
        assert moved not in {old, renewed}
        assert (await pc.get(moved)).status_code == 200


async def test_one_write_in_five_minutes(
    client: httpx2.AsyncClient, frame: Frame, room: Room
) -> None:
    writes: list[str] = []

    def note(_c: object, _cur: object, statement: str, *_rest: object) -> None:
        if statement.startswith(("INSERT INTO devices", "UPDATE devices")):
            writes.append(statement.split()[0])

    event.listen(frame.database.write_engine.sync_engine, "before_cursor_execute", note)
    begun, elapsed = frame.now(), timedelta()
    frame.now = lambda: begun + elapsed
    for minutes in (0, 1, 4, 5, 6, 11):
        elapsed = timedelta(minutes=minutes)
        assert (await client.get(f"/room/{room.token}")).status_code == 200
    assert writes == ["INSERT", "UPDATE", "UPDATE"]
    assert timedelta(minutes=5) == SEEN_EVERY


async def test_tokens_are_in_no_answer_of_lessons(
    client: httpx2.AsyncClient, make: Makers, school: Organisation, room: Room
) -> None:
    lead = await make.school()
    teacher = await make.person(lead)
    lesson = await make.lesson(teacher, [room])
    headers = await make.bearer(teacher)
    for path in ("", f"/{lesson.id}", f"/{lesson.id}/rooms"):
        answer = await client.get(f"/api/lessons{path}", headers=headers)
        assert answer.status_code == 200
        assert room.token not in answer.text
    page = await client.get(f"/lessons/{lesson.id}/teach", headers=headers)
    assert room.token not in page.text, "the far classroom's address is none of the lead's business"
