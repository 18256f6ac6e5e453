"""The log: written with the change, never changed, read by those whose it is."""

from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.makers import Makers
from tongke_platform import audit
from tongke_platform.audit import service
from tongke_platform.audit.details import HIDDEN, clean
from tongke_platform.audit.models import AuditEntry
from tongke_platform.audit.repository import AuditRepository, Filter
from tongke_platform.frame import Frame
from tongke_platform.people.repository import PersonRepository
from tongke_platform.people.roles import Role


async def entries_of(frame: Frame, act: str) -> list[AuditEntry]:
    async with frame.database.read() as session:
        repository = AuditRepository(session)
        return [*await repository.all(repository.base().where(AuditEntry.act == act))]


async def record(frame: Frame, act: str, **detail: Any) -> None:
    async with frame.database.write() as session:
        audit.record(session, None, act, detail=detail)


async def test_entry_is_committed_with_its_change(make: Makers, frame: Frame) -> None:
    school = await make.school()
    who = await make.person(school, Role.SCHOOL_ADMIN)
    async with frame.database.write() as session:
        audit.record(session, who, "thing.done", school, school, {"size": [1, 2]})
    (entry,) = await entries_of(frame, "thing.done")
    assert (entry.person_id, entry.subject_id, entry.organisation_id) == (
        who.id,
        school.id,
        school.id,
    )
    assert entry.subject_type == "organisations"
    assert entry.detail == {"size": [1, 2]}


async def test_entry_goes_with_a_change_that_fails(frame: Frame) -> None:
    async def fail() -> None:
        async with frame.database.write() as session:
            audit.record(session, None, "thing.failed")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    await record(frame, "thing.done")
    assert await entries_of(frame, "thing.failed") == []


async def test_given_posts_write_their_own_entry(make: Makers, frame: Frame) -> None:
    school = await make.school()
    someone = await make.person(school, Role.PRINCIPAL)
    given = [one for one in await entries_of(frame, "post.given") if one.organisation_id]
    assert given[-1].organisation_id == school.id
    assert given[-1].detail["role"] == "principal"
    async with frame.database.write() as session:
        person = await PersonRepository(session).full(someone.id)
        assert person is not None
        person.memberships[0].ends_on = frame.today() - timedelta(days=1)
    (ended,) = await entries_of(frame, "post.changed")
    assert ended.detail["ends_on"][0] is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET act = 'x'",
        "UPDATE audit_entries SET hash = hash",
        "DELETE FROM audit_entries",
        "UPDATE consent_events SET act = 'given'",
        "DELETE FROM consent_events",
    ],
)
async def test_databases_refuse_to_change_it(frame: Frame, statement: str) -> None:
    await record(frame, "thing.done")
    async with frame.database.write() as session:
        await session.execute(
            text(
                "INSERT INTO consent_events (id, created_at, pupil_id, organisation_id, purpose,"
                " act, way, at, guardian, relation, text) VALUES (:id, :now, :id, :id,"
                " 'recording', 'given', 'paper', :now, '', '', '')"
            ).bindparams(**_bound(frame))
        )
    with pytest.raises(DBAPIError, match="append-only"):
        async with frame.database.write() as session:
            await session.execute(text(statement))


def _bound(frame: Frame) -> dict[str, Any]:
    from tongke_platform.database import uuid7

    key, now = uuid7(), frame.now()
    sqlite = frame.database.is_sqlite
    return {"id": key.hex if sqlite else key, "now": now.isoformat() if sqlite else now}


async def test_old_entries_may_go(frame: Frame) -> None:
    await record(frame, "thing.done")
    day = frame.now().date()
    async with frame.database.write() as session:
        assert await AuditRepository(session).remove_before(day) == 0
    with pytest.raises(DBAPIError, match="append-only"):
        async with frame.database.write() as session:
            await AuditRepository(session).remove_before(day + timedelta(days=1))


async def test_whole_chain_verifies(frame: Frame) -> None:
    for number in range(5):
        await record(frame, "thing.done", number=number, words="圆的面积 \0", at=frame.now())
    async with frame.database.write() as session:
        for number in range(3):
            audit.record(session, None, "thing.together", detail={"number": number})
    async with frame.database.read() as session:
        assert await service.verify(session) == []


@pytest.mark.parametrize(
    ("tampering", "at"),
    [
        ("UPDATE audit_entries SET act = 'thing.hidden' WHERE seq = 2", 2),
        ("DELETE FROM audit_entries WHERE seq = 2", 2),
        ("DELETE FROM audit_entries WHERE seq = 3", 0),
        ("UPDATE audit_entries SET address = '10.0.0.1' WHERE seq = 1", 1),
    ],
)
async def test_tampering_shows(frame: Frame, tampering: str, at: int) -> None:
    """By somebody who may switch triggers off."""
    for number in range(3):
        await record(frame, "thing.done", number=number)
    async with frame.database.write() as session:
        for statement in _without_triggers(frame):
            await session.execute(text(statement))
        await session.execute(text(tampering))
    async with frame.database.read() as session:
        (broken,) = await service.verify(session)
    assert broken.seq == at


def _without_triggers(frame: Frame) -> list[str]:
    if frame.database.is_sqlite:
        return [f"DROP TRIGGER audit_entries_no_{what}" for what in ("update", "delete")]
    return ["ALTER TABLE audit_entries DISABLE TRIGGER ALL"]


def test_details_hold_no_secret_and_no_name_of_a_child() -> None:
    said = clean(
        {
            "role": Role.IT,
            "password": "春风",
            "room_token": ["a", "b"],
            "deep": {"token_hash": "x", "pupil_name": "小红", "organisation_code": "S1"},
            "long": "字" * 500,
        }
    )
    assert said["role"] == "it"
    assert said["password"] == said["room_token"] == HIDDEN
    assert said["deep"] == {"token_hash": HIDDEN, "pupil_name": HIDDEN, "organisation_code": "S1"}
    assert len(said["long"]) == 200


async def test_anonymous(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/api/audit")).status_code == 401


async def test_each_reads_their_own(client: httpx2.AsyncClient, make: Makers, frame: Frame) -> None:
    county, elsewhere = await make.region(), await make.region()
    here, there = await make.school(county), await make.school(elsewhere)
    for school in (here, there):
        async with frame.database.write() as session:
            audit.record(session, None, "thing.done", school, school)

    async def seen(headers: dict[str, str]) -> set[str | None]:
        answer = await client.get("/api/audit", params={"act": "thing"}, headers=headers)
        assert answer.status_code == 200
        return {one["organisation"] for one in answer.json()["entries"]}

    both = {here.name, there.name}
    assert await seen(await make.bearer(await make.person(role=Role.ADMIN))) == both
    bureau = await make.person(role=Role.BUREAU_ADMIN, region=county)
    assert await seen(await make.bearer(bureau)) == {here.name}
    assert await seen(await make.bearer(await make.person(there, Role.SCHOOL_ADMIN))) == {
        there.name
    }
    teacher = await make.bearer(await make.person(here))
    assert (await client.get("/api/audit", headers=teacher)).status_code == 403


async def test_pages_of_the_log_follow_each_other(make: Makers, frame: Frame) -> None:
    admin = await make.person(role=Role.ADMIN)
    for number in range(7):
        await record(frame, "thing.done", number=number)
    from tongke_platform.accounts.service import principal_of

    async with frame.database.read() as session:
        principal = await principal_of(session, admin.id, frame.today())
        assert principal is not None
        wanted = Filter(act="thing.done", first_day=frame.now().date())
        first = await service.search(session, principal, wanted, limit=4)
        rest = await service.search(session, principal, wanted, before=first[-1].entry.id, limit=4)
        later = Filter(act="thing.done", first_day=frame.now().date() + timedelta(days=1))
        assert await service.search(session, principal, later) == []
    numbers = [one.entry.detail["number"] for one in (*first, *rest)]
    assert numbers == [6, 5, 4, 3, 2, 1, 0]


async def test_request_says_who_and_where_from(
    client: httpx2.AsyncClient, make: Makers, frame: Frame
) -> None:
    school = await make.school()
    someone = await make.person(school)
    body = {"username": someone.username, "password": "春风化雨 2026"}
    assert (await client.post("/api/sessions", json=body)).status_code == 201
    entry = (await entries_of(frame, "session.made"))[-1]
    assert entry.address == "127.0.0.1"
    assert entry.subject_type == "login_sessions"
    assert entry.detail["person_id"] == str(someone.id)


async def test_page_shows_it(client: httpx2.AsyncClient, make: Makers, frame: Frame) -> None:
    admin = await make.bearer(await make.person(role=Role.ADMIN))
    await make.person(await make.school(), Role.PRINCIPAL)
    headers = {**admin, "Accept": "text/html"}
    page = await client.get("/admin/audit?act=post.given", headers=headers)
    assert page.status_code == 200
    assert "Principal" in page.text
    nothing = await client.get(
        "/admin/audit?person=none&first_day=x&subject=" + "0" * 32, headers=headers
    )
    assert nothing.status_code == 200
    assert "No entries" in nothing.text
