"""Rosters over the pages: looked at, confirmed, written with the rights of who brought them; out."""

import io
import zipfile
from collections.abc import Mapping

import httpx2
import pytest
from sqlalchemy import func, select

from tests.imports.test_commands import roster
from tests.imports.test_pages import PAGE, code_of, log_in
from tests.makers import Makers, Someone
from tongke_platform.frame import Frame
from tongke_platform.imports.oneroster import desk as rosters
from tongke_platform.organisations.models import AcademicYear, ClassEntry, Pupil, SchoolClass
from tongke_platform.people.models import Membership
from tongke_platform.people.roles import Role


def packed(files: Mapping[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"{name}.csv", text)
    return out.getvalue()


def tables(data: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


async def upload(client: httpx2.AsyncClient, data: bytes) -> httpx2.Response:
    return await client.post("/admin/import", files={"file": ("roster.zip", data)})


async def number_of(frame: Frame, model: type) -> int:
    async with frame.database.read() as session:
        return int((await session.execute(select(func.count()).select_from(model))).scalar_one())


@pytest.fixture
async def admin(client: httpx2.AsyncClient, make: Makers) -> Someone:
    who = await make.person(await make.school(await make.region()), Role.SCHOOL_ADMIN)
    await log_in(client, who)
    return who


async def test_anonymous(client: httpx2.AsyncClient) -> None:
    for path in ("/admin/import", "/admin/import/export"):
        assert (await client.post(path, headers=PAGE)).headers["location"].startswith("/login")


async def test_the_whole_way(client: httpx2.AsyncClient, admin: Someone, frame: Frame) -> None:
    answer = await upload(client, packed(roster(code_of(admin))))
    assert answer.status_code == 303
    address = answer.headers["location"]
    page = (await client.get(address)).text
    assert "users.csv" in page
    assert "三年级1班" in page
    assert await number_of(frame, SchoolClass) == 0, "only looked at"
    kept = list(rosters.folder(frame).iterdir())
    assert len(kept) == 1
    assert kept[0].stat().st_mode & 0o077 == 0
    assert (await client.post(f"{address}/confirm")).status_code == 303
    assert await frame.jobs.run_due() == 1
    assert "Done: " in (await client.get(address)).text
    assert await number_of(frame, SchoolClass) == 1
    assert await number_of(frame, Pupil) == 1
    assert await number_of(frame, ClassEntry) == 1
    assert list(rosters.folder(frame).iterdir()) == [], "names of children are not kept"
    answer = await upload(client, packed(roster(code_of(admin))))
    page = (await client.get(answer.headers["location"])).text
    assert "Everything in this file is known" in page


async def test_says_what_is_wrong_with_which_row(
    client: httpx2.AsyncClient, admin: Someone, frame: Frame
) -> None:
    files = roster(code_of(admin), classes=("三年级1班,03", "三年级1班,13"))
    answer = await upload(client, packed(files))
    address = answer.headers["location"]
    page = await client.get(address, headers={"Accept-Language": "zh-CN"})
    assert "classes.csv grades" in page.text
    assert "13 不是" in page.text
    errors = await client.get(f"{address}/errors.csv")
    assert "classes.csv grades" in errors.text
    answer = await client.post(f"{address}/confirm")
    assert answer.status_code == 409, "nothing is written while rows are wrong"
    assert await number_of(frame, SchoolClass) == 0
    await client.post(f"{address}/confirm", data={"skip_errors": "true"})
    await frame.jobs.run_due()
    assert await number_of(frame, Pupil) == 1


async def test_a_discarded_one_leaves_nothing(
    client: httpx2.AsyncClient, admin: Someone, frame: Frame
) -> None:
    address = (await upload(client, packed(roster(code_of(admin))))).headers["location"]
    assert (await client.post(f"{address}/discard")).status_code == 303
    assert list(rosters.folder(frame).iterdir()) == []
    assert (await client.get(address)).status_code == 404


async def test_nobody_writes_to_another_school(
    client: httpx2.AsyncClient, admin: Someone, make: Makers, frame: Frame
) -> None:
    other = await make.school(await make.region())
    before = await number_of(frame, Membership)
    address = (await upload(client, packed(roster(other.code)))).headers["location"]
    await client.post(f"{address}/confirm", data={"skip_errors": "true"})
    await frame.jobs.run_due()
    assert await number_of(frame, Membership) == before
    assert await number_of(frame, SchoolClass) == 0
    new = roster("NOBODY")
    page = (await client.get((await upload(client, packed(new))).headers["location"])).text
    assert "You may not change the school" in page


async def test_who_lost_the_right_writes_nothing(
    client: httpx2.AsyncClient, admin: Someone, frame: Frame
) -> None:
    address = (await upload(client, packed(roster(code_of(admin))))).headers["location"]
    await client.post(f"{address}/confirm")
    async with frame.database.write() as session:
        mine = select(Membership).where(Membership.person_id == admin.id)
        await session.delete((await session.execute(mine)).scalar_one())
    await frame.jobs.run_due()
    assert await number_of(frame, Pupil) == 0


async def test_a_school_sets_no_year_for_everybody(
    client: httpx2.AsyncClient, admin: Someone, frame: Frame
) -> None:
    old = roster(
        code_of(admin), academicSessions=("2026-09-01,2027-07-10", "2019-09-01,2020-07-10")
    )
    address = (await upload(client, packed(old))).headers["location"]
    await client.post(f"{address}/confirm")
    await frame.jobs.run_due()
    async with frame.database.read() as session:
        years = (await session.execute(select(AcademicYear))).scalars().all()
    assert [one.ends_on.isoformat() for one in years] == ["2020-08-31"], "the usual one"


@pytest.mark.parametrize("data", [b"PK\x03\x04broken", b"PK\x05\x06" + b"\0" * 18])
async def test_another_zip_is_refused(
    client: httpx2.AsyncClient, admin: Someone, data: bytes
) -> None:
    answer = await upload(client, data)
    assert answer.status_code == 422
    assert 'enctype="multipart/form-data"' in answer.text


async def test_a_bomb_is_refused(client: httpx2.AsyncClient, admin: Someone) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.csv", roster("x")["manifest"])
        archive.writestr("users.csv", b"0" * (rosters.MAX_UNPACKED + 1))
    answer = await upload(client, out.getvalue())
    assert answer.status_code == 422
    assert "too large" in answer.text


async def test_a_school_takes_its_roster_out(
    client: httpx2.AsyncClient, admin: Someone, make: Makers, frame: Frame
) -> None:
    address = (await upload(client, packed(roster(code_of(admin))))).headers["location"]
    await client.post(f"{address}/confirm")
    await frame.jobs.run_due()
    assert admin.school is not None
    assert (
        "/admin/import/export" in (await client.get(f"/admin/organisations/{admin.school.id}")).text
    )
    answer = await client.post("/admin/import/export", data={"school": code_of(admin)})
    assert answer.headers["content-type"] == "application/zip"
    said = tables(answer.content)
    assert "小明" in said["users.csv"]
    assert "oneroster.version,1.2" in said["manifest.csv"]
    other = await make.school(await make.region())
    answer = await client.post("/admin/import/export", data={"school": other.code})
    assert answer.status_code == 404
    answer = await client.post("/admin/import/export", data={"version": "3"})
    assert answer.status_code == 422


async def test_a_bureau_takes_all_out_without_children(
    client: httpx2.AsyncClient, admin: Someone, make: Makers, frame: Frame
) -> None:
    address = (await upload(client, packed(roster(code_of(admin))))).headers["location"]
    await client.post(f"{address}/confirm")
    await frame.jobs.run_due()
    await log_in(client, await make.person(role=Role.ADMIN))
    second = await make.school(await make.region())
    teacher = await make.person(second, Role.LEAD_TEACHER)
    answer = await client.post("/admin/import/export", data={"version": "1.1"})
    said = tables(answer.content)
    assert teacher.username in said["users.csv"]
    assert "三年级1班" in said["classes.csv"]
    assert "小明" not in said["users.csv"], "names of children are the school's"
    assert len(said["enrollments.csv"].splitlines()) == 1
