"""A person's data is given out whole, and erased after days to think."""

import io
import json
import re
import zipfile
from datetime import timedelta

import httpx2
import pytest
from sqlalchemy import select

from tests.makers import Makers
from tests.organisations.test_pages import sign_in
from tongke_platform.database import Record
from tongke_platform.frame import Frame
from tongke_platform.people.models import Membership, Person, SignInName
from tongke_platform.people.roles import Role
from tongke_platform.privacy import exports, service
from tongke_platform.privacy.decisions import DECISIONS, given_out
from tongke_platform.privacy.models import DataExport, Erasure
from tongke_platform.privacy.repository import ERASED, columns_of_people, decided


def _files(answer: httpx2.Response) -> dict[str, list[dict[str, object]]]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        names = [name for name in archive.namelist() if name.endswith(".json")]
        return {name.removesuffix(".json"): json.loads(archive.read(name)) for name in names}


async def _fetched(client: httpx2.AsyncClient, frame: Frame) -> httpx2.Response:
    """What the person signed in has asked for, once it is ready."""
    await frame.jobs.run_due()
    address = re.search(r'action="(/me/data/[^"]+)"', (await client.get("/me")).text)
    assert address, "ready to fetch"
    return await client.post(address[1])


def test_every_column_that_names_a_person_is_decided() -> None:
    found = {f"{table.name}.{column.name}" for table, column in columns_of_people()}
    for table, column in columns_of_people():
        assert decided(table, column).why
    assert set(DECISIONS) <= found
    assert "lessons.teacher_id" in found


def test_no_key_is_given_out() -> None:
    names = {column.name for table in Record.metadata.sorted_tables for column in table.columns}
    kept = {name for name in names if not given_out(name)}
    assert {"password_hash", "token_hash", "code_hash"} <= kept
    assert "display_name" not in kept


async def test_own_data(client: httpx2.AsyncClient, make: Makers, frame: Frame) -> None:
    school = await make.school(await make.region())
    person = await make.person(school, Role.LEAD_TEACHER)
    other = await make.person(school, Role.LOCAL_TEACHER)
    await make.token(person)
    await sign_in(client, person)
    answer = await client.post("/me/data")
    assert answer.status_code == 303
    assert "Being put together" in (await client.get("/me")).text
    answer = await _fetched(client, frame)
    files = _files(answer)
    assert files["people"][0]["display_name"] == person.display_name
    assert files["memberships.person_id"][0]["role"] == "lead_teacher"
    assert files["sign_in_names.person_id"]
    assert "token_hash" not in files["login_sessions.person_id"][0]
    assert str(other.id) not in json.dumps(files)
    async with frame.database.read() as session:
        told = (await session.execute(select(DataExport))).scalars().one()
    assert (told.person_id, told.asked_by_id) == (person.id, person.id)
    assert told.size == len(answer.content)


async def test_administrators_only_of_their_people(
    client: httpx2.AsyncClient, make: Makers, frame: Frame
) -> None:
    region = await make.region()
    school, elsewhere = await make.school(region), await make.school(region)
    person = await make.person(school, Role.LEAD_TEACHER)
    theirs = f"/admin/people/{person.id}"
    await sign_in(client, await make.person(elsewhere, Role.SCHOOL_ADMIN))
    for act in ("data", "erasure", "erasure/cancel"):
        answer = await client.post(f"{theirs}/{act}", data={"reason": "本人申请"})
        assert answer.status_code in (403, 404), act
    client.cookies.clear()
    await sign_in(client, await make.person(school, Role.SCHOOL_ADMIN))
    assert (await client.post(f"{theirs}/data", data={"reason": " "})).status_code == 422
    assert (await client.post(f"{theirs}/erasure")).status_code == 422
    answer = await client.post(f"{theirs}/data", data={"reason": "本人申请"})
    assert answer.headers["location"] == theirs
    files = _files(await _fetched(client, frame))
    assert files["people"][0]["id"] == str(person.id)


async def test_erasure_waits_and_can_be_called_off(
    client: httpx2.AsyncClient, make: Makers, frame: Frame
) -> None:
    person = await make.person(await make.school(await make.region()), Role.LEAD_TEACHER)
    await sign_in(client, person)
    for _ in range(2):
        assert (await client.post("/me/erasure")).status_code == 303
    assert "Keep my account" in (await client.get("/me")).text
    assert await service.run_due(frame) == 0
    assert (await client.post("/me/erasure/cancel")).status_code == 303
    assert "Keep my account" not in (await client.get("/me")).text
    async with frame.database.read() as session:
        asked = (await session.execute(select(Erasure))).scalars().all()
    assert [one.cancelled_at is not None for one in asked] == [True]


async def test_erased(
    client: httpx2.AsyncClient, make: Makers, frame: Frame, monkeypatch: pytest.MonkeyPatch
) -> None:
    school = await make.school(await make.region())
    person = await make.person(school, Role.LEAD_TEACHER)
    lesson = await make.lesson(person)
    await sign_in(client, person)
    await client.post("/me/erasure")
    monkeypatch.setattr(service, "GRACE", timedelta(0))
    async with frame.database.write() as session:
        asked = (await session.execute(select(Erasure))).scalars().one()
        asked.due_at = frame.now() - timedelta(seconds=1)
    assert await service.run_due(frame) == 1
    assert await service.run_due(frame) == 0
    async with frame.database.read() as session:
        left = await session.get(Person, person.id)
        assert left is not None
        assert (left.display_name, left.erased_at is not None) == (ERASED, True)
        names = await session.execute(select(SignInName).where(SignInName.person_id == person.id))
        assert names.first() is None
        posts = await session.execute(select(Membership).where(Membership.person_id == person.id))
        (post,) = posts.scalars().all()
        assert post.ends_on is not None
        assert post.ends_on < frame.today()
    assert (await client.get("/me")).status_code in (303, 401)
    assert lesson.teacher_id == person.id


async def test_the_last_administrator_stays(client: httpx2.AsyncClient, make: Makers) -> None:
    await sign_in(client, await make.person(role=Role.ADMIN))
    answer = await client.post("/me/erasure")
    assert answer.status_code == 409
    await make.person(role=Role.ADMIN)
    assert (await client.post("/me/erasure")).status_code == 303


async def test_is_fetched_once_by_who_asked(
    client: httpx2.AsyncClient, make: Makers, frame: Frame
) -> None:
    school = await make.school(await make.region())
    person = await make.person(school, Role.LEAD_TEACHER)
    await sign_in(client, person)
    for _ in range(2):
        await client.post("/me/data")
    await frame.jobs.run_due()
    files = list(exports.folder(frame).iterdir())
    assert len(files) == 1, "asked twice, made once"
    assert files[0].stat().st_mode & 0o077 == 0
    page = (await client.get("/me/notices")).text
    assert f"The data of {person.display_name} is ready to fetch" in page
    address = f"/me/data/{files[0].stem}"
    await sign_in(client, await make.person(school, Role.SCHOOL_ADMIN))
    assert (await client.post(address)).status_code == 404, "not even who manages them"
    await sign_in(client, person)
    assert _files(await client.post(address))["people"]
    assert (await client.post(address)).status_code == 404
    assert list(exports.folder(frame).iterdir()) == []


async def test_who_manages_them_no_more_fetches_nothing(
    client: httpx2.AsyncClient, make: Makers, frame: Frame
) -> None:
    school = await make.school(await make.region())
    person = await make.person(school, Role.LEAD_TEACHER)
    head = await make.person(school, Role.SCHOOL_ADMIN)
    await sign_in(client, head)
    await client.post(f"/admin/people/{person.id}/data", data={"reason": "本人申请"})
    await frame.jobs.run_due()
    async with frame.database.write() as session:
        post = select(Membership).where(Membership.person_id == head.id)
        await session.delete((await session.execute(post)).scalar_one())
    (file,) = exports.folder(frame).iterdir()
    assert (await client.post(f"/me/data/{file.stem}")).status_code == 403


async def test_nothing_lies_about_of_who_is_erased(
    client: httpx2.AsyncClient, make: Makers, frame: Frame
) -> None:
    person = await make.person(await make.school(await make.region()), Role.LEAD_TEACHER)
    await sign_in(client, person)
    await client.post("/me/data")
    await client.post("/me/erasure")
    await frame.jobs.run_due()
    async with frame.database.write() as session:
        asked = (await session.execute(select(Erasure))).scalars().one()
        asked.due_at = frame.now() - timedelta(seconds=1)
    assert await service.run_due(frame) == 1
    assert list(exports.folder(frame).iterdir()) == []
