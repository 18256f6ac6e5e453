"""Academic years: seen, added, put right and taken back; the way to moving classes up."""

import asyncio
from datetime import date

import httpx2
import pytest

from tests.makers import Makers, Someone
from tests.organisations.test_pages import said, sign_in, undo_of
from tongke_platform.classes import service as classes
from tongke_platform.frame import Frame
from tongke_platform.organisations.models import AcademicYear, Organisation, Region
from tongke_platform.people.roles import Role

DAYS = {"starts_on": "2031-09-01", "ends_on": "2032-08-31"}


@pytest.fixture
async def county(make: Makers) -> Region:
    return await make.region()


@pytest.fixture
async def school(make: Makers, county: Region) -> Organisation:
    return await make.school(county)


@pytest.fixture
async def bureau(make: Makers, county: Region) -> Someone:
    return await make.person(role=Role.BUREAU_ADMIN, region=county)


async def a_year(frame: Frame, county: Region) -> str:
    async with frame.database.write() as session:
        made = await classes.create_year(
            session,
            name="2031–2032",
            starts_on=date(2031, 9, 1),
            ends_on=date(2032, 8, 31),
            region=county,
        )
    return f"/admin/years/{made.id}"


async def test_of_two_at_once_one_is_made(frame: Frame) -> None:
    """Everybody's: a unique constraint would not hold two without a region apart."""
    made = await asyncio.gather(*(_everybodys(frame) for _ in range(2)), return_exceptions=True)
    assert [getattr(one, "code", None) for one in made].count("year_there") == 1
    assert sum(isinstance(one, AcademicYear) for one in made) == 1


async def _everybodys(frame: Frame) -> AcademicYear:
    async with frame.database.write() as session:
        return await classes.create_year(
            session, name="2041–2042", starts_on=date(2041, 9, 1), ends_on=date(2042, 8, 31)
        )


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_anonymous(client: httpx2.AsyncClient, method: str) -> None:
    answer = await client.request(method, "/admin/years", headers={"Accept": "text/html"})
    assert answer.status_code == 303


async def test_is_added_and_taken_back(
    client: httpx2.AsyncClient, county: Region, bureau: Someone
) -> None:
    await sign_in(client, bureau)
    form = {"name": "2031–2032", **DAYS, "region_id": str(county.id)}
    page = await said(client, await client.post("/admin/years", data=form))
    assert "2031–2032 is added." in page
    assert county.name in page
    await client.post(undo_of(page), data={"back": "/admin/years"})
    assert "2031–2032" not in (await client.get("/admin/years")).text.partition("<tbody>")[2]


async def test_a_mistake_keeps_what_was_typed(
    client: httpx2.AsyncClient, county: Region, bureau: Someone
) -> None:
    await sign_in(client, bureau)
    form = {"name": "很长的学年", "region_id": str(county.id)}
    answer = await client.post("/admin/years", data={**form, **DAYS, "ends_on": "2031-08-01"})
    assert answer.status_code == 422
    assert "The last day lies before the first." in answer.text
    assert "很长的学年" in answer.text
    answer = await client.post("/admin/years", data={**form, **DAYS, "ends_on": "2039-08-01"})
    assert "at most 500 days" in answer.text


async def test_is_put_right_and_taken_back(
    client: httpx2.AsyncClient, frame: Frame, county: Region, bureau: Someone
) -> None:
    await sign_in(client, bureau)
    address = await a_year(frame, county)
    form = {"name": "2031 学年", "starts_on": "2031-09-02", "ends_on": "2032-08-30"}
    page = await said(client, await client.post(address, data=form))
    assert "2031-09-02 – 2032-08-30" in page
    await client.post(undo_of(page), data={"back": "/admin/years"})
    page = (await client.get("/admin/years")).text
    assert "2031-09-01 – 2032-08-31" in page
    assert "2031 学年" not in page
    answer = await client.post(address, data={**form, "ends_on": "2031-09-01"})
    assert answer.status_code == 422
    assert "2031 学年" in answer.text


async def test_a_school_sees_the_years_it_lives_by(
    client: httpx2.AsyncClient, make: Makers, frame: Frame, county: Region, school: Organisation
) -> None:
    address = await a_year(frame, county)
    office = await make.person(school, Role.ACADEMIC_OFFICE)
    by = await make.person(school, Role.SCHOOL_ADMIN)
    await sign_in(client, by)
    await client.post(
        "/admin/classes", data={"school": school.code, "grade": "3", "name": "1班", "size": "40"}
    )
    await sign_in(client, office)
    page = (await client.get("/admin/years")).text
    assert "2031–2032" in page
    assert address not in page, "the county's to change"
    assert f"/admin/organisations/{school.id}/promotion" in page
    assert (await client.get(address)).status_code == 403
    stranger = await make.person(await make.school(await make.region()), Role.ACADEMIC_OFFICE)
    await sign_in(client, stranger)
    page = (await client.get("/admin/years")).text
    assert "2031–2032" not in page
    assert str(school.id) not in page


async def test_over_the_api(
    client: httpx2.AsyncClient, make: Makers, frame: Frame, county: Region, bureau: Someone
) -> None:
    address = (await a_year(frame, county)).replace("/admin", "/api")
    wanted = {"name": "又一年", **DAYS}
    other = await make.person(role=Role.BUREAU_ADMIN, region=await make.region())
    assert (await client.patch(address, json=wanted)).status_code == 401
    answer = await client.patch(address, json=wanted, headers=await make.bearer(other))
    assert answer.status_code == 403
    answer = await client.patch(address, json=wanted, headers=await make.bearer(bureau))
    assert answer.json()["name"] == "又一年"
