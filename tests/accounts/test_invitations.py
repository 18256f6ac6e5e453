"""Inviting by link: who may, what the link gives, and that it gives it once."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from tests.accounts.signing import PAGE, log_in, pass_time, post, who
from tests.makers import PASSWORD, Makers, Someone
from tongke_platform.frame import Frame
from tongke_platform.organisations.models import Organisation
from tongke_platform.people.models import Membership
from tongke_platform.people.roles import Role


async def invite(
    client: httpx2.AsyncClient,
    make: Makers,
    by: Someone,
    place: Organisation | None,
    role: str = "local_teacher",
    **more: Any,
) -> httpx2.Response:
    body = {"name": "林晓芳", "role": role, **more}
    if place is not None:
        body["organisation_id"] = str(place.id)
    return await client.post("/api/invitations", json=body, headers=await make.bearer(by))


async def link(client: httpx2.AsyncClient, make: Makers, by: Someone, **more: Any) -> str:
    answer = await invite(client, make, by, by.school, **more)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["address"]).removeprefix("http://school.test")


async def join(client: httpx2.AsyncClient, path: str, username: str) -> httpx2.Response:
    return await post(client, path, display_name="林晓芳", username=username, password=PASSWORD)


@pytest.fixture
async def admin(make: Makers) -> Someone:
    return await make.person(await make.school(), Role.SCHOOL_ADMIN)


async def test_anonymous(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/api/invitations")).status_code == 401
    assert (await client.post("/api/invitations", json={})).status_code == 401
    page = await client.get("/admin/invitations", headers=PAGE)
    assert page.headers["location"].startswith("/login")


async def test_makes_an_account_with_the_post_once(
    client: httpx2.AsyncClient, make: Makers, admin: Someone
) -> None:
    path = await link(client, make, admin, post="三年级数学")
    offer = await client.get(path, headers=PAGE)
    assert "林晓芳" in offer.text
    assert admin.school is not None
    assert admin.school.name in offer.text
    answer = await join(client, path, "13712345678")
    assert answer.status_code == 303
    me = (await client.get("/api/me")).json()
    assert me["display_name"] == "林晓芳"
    assert [one["role"] for one in me["posts"]] == ["local_teacher"]
    assert me["school"]["id"] == str(admin.school.id)
    client.cookies.clear()
    assert (await client.get(path, headers=PAGE)).status_code == 404
    assert (await join(client, path, "13712345679")).status_code == 404


async def test_of_two_at_once_one_gets_it(
    client: httpx2.AsyncClient, make: Makers, admin: Someone, frame: Frame
) -> None:
    path = await link(client, make, admin)
    answers = await asyncio.gather(*(join(client, path, f"1370000000{n}") for n in range(4)))
    assert sorted(one.status_code for one in answers) == [303, 404, 404, 404]
    made = [
        await post(client, "/login", username=f"1370000000{n}", password=PASSWORD) for n in range(4)
    ]
    assert sorted(one.status_code for one in made) == [303, 401, 401, 401]


async def test_adds_the_post_to_who_is_signed_in(
    client: httpx2.AsyncClient, make: Makers, admin: Someone
) -> None:
    someone = await make.person(await make.school())
    path = await link(client, make, admin, role="lead_teacher")
    await log_in(client, someone)
    assert "/accept" in (await client.get(path, headers=PAGE)).text
    assert (await post(client, f"{path}/accept")).status_code == 303
    assert len((await client.get("/api/me")).json()["posts"]) == 2
    assert await who(client) == someone.display_name
    assert (await post(client, f"{path}/accept")).status_code == 404


async def test_mistakes_lose_nothing(
    client: httpx2.AsyncClient, make: Makers, admin: Someone
) -> None:
    path = await link(client, make, admin)
    taken = await join(client, path, admin.username)
    assert taken.status_code == 409
    assert 'value="林晓芳"' in taken.text
    weak = await post(client, path, display_name="林", username="13712345678", password="12345678")
    assert weak.status_code == 422
    for name in ("", "\u200b\u202e", "x" * 300):
        answer = await post(
            client, path, display_name=name, username="13712345678", password=PASSWORD
        )
        assert answer.status_code == 422
    huge = await post(client, path, display_name="x" * 10_000, username="1", password=PASSWORD)
    assert huge.status_code == 422
    long = await join(client, path, "9" * 90)
    assert long.status_code == 422
    assert (await join(client, path, "13712345678")).status_code == 303


async def test_ages(client: httpx2.AsyncClient, make: Makers, admin: Someone, frame: Frame) -> None:
    path = await link(client, make, admin)
    pass_time(frame, timedelta(days=14, seconds=1))
    assert (await join(client, path, "13712345678")).status_code == 404


async def test_revoked(client: httpx2.AsyncClient, make: Makers, admin: Someone) -> None:
    made = (await invite(client, make, admin, admin.school)).json()
    address = f"/api/invitations/{made['id']}"
    stranger = await make.person(await make.school(), Role.SCHOOL_ADMIN)
    refused = await client.delete(address, headers=await make.bearer(stranger))
    assert refused.status_code == 404
    headers = await make.bearer(admin)
    assert (await client.delete(address, headers=headers)).status_code == 204
    assert (await client.delete(address, headers=headers)).status_code == 409
    path = made["address"].removeprefix("http://school.test")
    assert (await join(client, path, "13712345678")).status_code == 404


async def test_ends_with_the_post_of_who_invited(
    client: httpx2.AsyncClient, make: Makers, admin: Someone, frame: Frame
) -> None:
    path = await link(client, make, admin)
    async with frame.database.write() as session:
        for one in (await session.execute(Membership.__table__.select())).all():
            found = await session.get(Membership, one.id)
            assert found is not None
            found.ends_on = frame.today() - timedelta(days=1)
    assert (await join(client, path, "13712345678")).status_code == 404


@pytest.mark.parametrize("token", ["x", "%00", "a" * 4000, "..%2f..", "%ff"])
async def test_forged_links(client: httpx2.AsyncClient, token: str) -> None:
    assert (await client.get(f"/join/{token}", headers=PAGE)).status_code == 404


async def test_who_may_invite_whom(client: httpx2.AsyncClient, make: Makers) -> None:
    county, elsewhere = await make.region(), await make.region()
    school, other = await make.school(county), await make.school(elsewhere)
    platform = await make.person(role=Role.ADMIN)
    bureau = await make.person(role=Role.BUREAU_ADMIN, region=county)
    admin, teacher = await make.person(school, Role.SCHOOL_ADMIN), await make.person(school)
    rows: list[tuple[Someone, str, Any, Any, int]] = [
        (admin, "local_teacher", school, None, 201),
        (admin, "school_admin", school, None, 201),
        (admin, "local_teacher", other, None, 404),
        (admin, "bureau_admin", school, None, 403),
        (admin, "bureau_admin", None, county, 403),
        (admin, "admin", None, None, 403),
        (admin, "admin", school, None, 403),
        (teacher, "local_teacher", school, None, 404),
        (bureau, "school_admin", school, None, 201),
        (bureau, "supervisor", None, county, 201),
        (bureau, "bureau_admin", None, elsewhere, 403),
        (bureau, "school_admin", other, None, 404),
        (bureau, "admin", None, None, 403),
        (platform, "admin", None, None, 201),
        (platform, "bureau_admin", None, elsewhere, 201),
        (platform, "local_teacher", None, None, 403),
        (platform, "school_admin", school, county, 422),
    ]
    for by, role, place, region, status in rows:
        more = {"region_id": str(region.id)} if region else {}
        answer = await invite(client, make, by, place, role, **more)
        assert answer.status_code == status, (by.display_name, role, answer.text)


async def test_lists_are_of_ones_own_schools(client: httpx2.AsyncClient, make: Makers) -> None:
    admins = [await make.person(await make.school(), Role.SCHOOL_ADMIN) for _ in range(2)]
    for number, one in enumerate(admins):
        for _ in range(number + 1):
            await invite(client, make, one, one.school)
    headers: dict[str, str] = {}
    for number, one in enumerate(admins):
        headers = await make.bearer(one)
        found = (await client.get("/api/invitations", headers=headers)).json()
        assert len(found["items"]) == number + 1
    page = (await client.get("/api/invitations?limit=1", headers=headers)).json()
    older = await client.get(f"/api/invitations?limit=1&before={page['next']}", headers=headers)
    assert older.json()["items"][0]["id"] < page["items"][0]["id"]
    assert older.json()["next"] is None


async def test_link_is_shown_once_and_stored_hashed(
    client: httpx2.AsyncClient, make: Makers, admin: Someone, frame: Frame
) -> None:
    path = await link(client, make, admin)
    token = path.rpartition("/")[2]
    assert (
        token not in (await client.get("/api/invitations", headers=await make.bearer(admin))).text
    )
    async with frame.database.read() as session:
        connection = await session.connection()
        rows = str((await connection.exec_driver_sql("SELECT * FROM invitations")).fetchall())
    assert token not in rows


async def test_on_pages(client: httpx2.AsyncClient, make: Makers, admin: Someone) -> None:
    await log_in(client, admin)
    assert (await client.get("/admin/invitations", headers=PAGE)).status_code == 200
    assert (await client.get("/admin/invitations/new", headers=PAGE)).status_code == 200
    assert admin.school is not None
    fields = {"name": "王老师", "role": "lead_teacher", "organisation_id": str(admin.school.id)}
    made = await post(client, "/admin/invitations", **fields)
    assert "<svg" in made.text
    assert "http://school.test/join/" in made.text
    assert "王老师" in (await client.get("/admin/invitations", headers=PAGE)).text
    forbidden = await post(client, "/admin/invitations", **{**fields, "role": "bureau_admin"})
    assert forbidden.status_code == 403
    assert 'value="王老师"' in forbidden.text


async def test_unknown_fields_are_refused(
    client: httpx2.AsyncClient, make: Makers, admin: Someone
) -> None:
    answer = await invite(client, make, admin, admin.school, used_by_id=str(admin.id))
    assert answer.status_code == 422
