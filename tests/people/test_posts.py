"""Posts are given, end, move and come back; dates decide what they allow."""

from datetime import timedelta
from typing import Any

import httpx2
import pytest

from tests.makers import Makers, Someone
from tongke_platform.people import service as people
from tongke_platform.people.roles import Role


@pytest.fixture
def today(make: Makers) -> Any:
    return make.frame.today()


async def posts_of(client: httpx2.AsyncClient, key: Any, headers: dict[str, str]) -> list[Any]:
    found: list[Any] = (await client.get(f"/api/people/{key}", headers=headers)).json()["posts"]
    return found


async def test_a_post_that_ended_yesterday_gives_no_right_today(
    client: httpx2.AsyncClient, make: Makers, today: Any
) -> None:
    school = await make.school()
    admin = await make.bearer(await make.person(school, Role.SCHOOL_ADMIN))
    other = await make.person(school, Role.SCHOOL_ADMIN)
    headers = await make.bearer(other)
    address = f"/api/organisations/{school.id}"
    [post] = await posts_of(client, other.id, admin)
    for last, status in ((today, 200), (today - timedelta(days=1), 404)):
        answer = await client.post(
            f"/api/posts/{post['id']}/end", headers=admin, json={"day": str(last)}
        )
        assert answer.status_code == 200
        assert (await client.get(address, headers=headers)).status_code == status
    await client.post(f"/api/undo/{answer.json()['undo']}", headers=admin)
    assert (await client.get(address, headers=headers)).status_code == 200


async def test_rotation_goes_and_comes_back(
    client: httpx2.AsyncClient, make: Makers, today: Any
) -> None:
    region = await make.region()
    home, away = await make.school(region), await make.school(region)
    teacher = await make.person(home)
    bureau = await make.bearer(await make.person(role=Role.BUREAU_ADMIN, region=region))
    [post] = await posts_of(client, teacher.id, bureau)
    first, back = today + timedelta(days=1), today + timedelta(days=100)
    answer = await client.post(
        f"/api/posts/{post['id']}/transfer",
        headers=bureau,
        json={"organisation_id": str(away.id), "day": str(first), "back_on": str(back)},
    )
    assert answer.status_code == 200, answer.text
    found = {
        (one["organisation"]["id"], one["starts_on"], one["ends_on"])
        for one in await posts_of(client, teacher.id, bureau)
    }
    assert found == {
        (str(home.id), None, str(today)),
        (str(away.id), str(first), str(back - timedelta(days=1))),
        (str(home.id), str(back), None),
    }
    now = make.frame.now()
    make.frame.now = lambda: now + timedelta(days=2)
    headers = await make.bearer(teacher)
    me = (await client.get("/api/me", headers=headers)).json()
    assert [one["organisation"]["id"] for one in me["posts"]] == [str(away.id)]
    make.frame.now = lambda: now
    await client.post(f"/api/undo/{answer.json()['undo']}", headers=bureau)
    assert [one["ends_on"] for one in await posts_of(client, teacher.id, bureau)] == [None]


async def test_nobody_gives_more_than_they_manage(client: httpx2.AsyncClient, make: Makers) -> None:
    region = await make.region()
    school, other = await make.school(region), await make.school(region)
    admin = await make.bearer(await make.person(school, Role.SCHOOL_ADMIN))
    wanted = {"name": "新人", "phone": "13911112222"}
    for post, status in (
        ({"role": "admin"}, 403),
        ({"role": "bureau_admin", "region_id": str(region.id)}, 403),
        ({"role": "lead_teacher", "organisation_id": str(other.id)}, 403),
        ({"role": "bureau_admin", "organisation_id": str(school.id)}, 403),
        ({"role": "group_head", "organisation_id": str(school.id)}, 403),
        ({"role": "school_admin", "organisation_id": str(school.id)}, 201),
    ):
        answer = await client.post("/api/people", headers=admin, json={**wanted, "post": post})
        assert answer.status_code == status, post
    teacher = await make.bearer(await make.person(school))
    answer = await client.post("/api/people", headers=teacher, json={**wanted, "post": post})
    assert answer.status_code == 403


async def test_managing_one_school_is_not_managing_a_person(
    client: httpx2.AsyncClient, make: Makers
) -> None:
    """Else an administrator could give a colleague of two schools a sign-in name of their own."""
    school, other = await make.school(), await make.school()
    both = await make.person(school)
    async with make.frame.database.write() as session:
        await people.appoint(session, both.person, Role.PRINCIPAL, organisation=other)
    admin = await make.bearer(await make.person(school, Role.SCHOOL_ADMIN))
    address = f"/api/people/{both.id}"
    detail = (await client.get(address, headers=admin)).json()
    assert (detail["may_change"], detail["elsewhere"], len(detail["posts"])) == (False, 1, 1)
    assert both.username not in str(detail["names"]), "covered"
    for answer in (
        await client.patch(address, headers=admin, json={"name": "我"}),
        await client.post(f"{address}/names", headers=admin, json={"value": "evil"}),
        await client.post(f"{address}/deactivate", headers=admin),
    ):
        assert answer.json()["code"] == "not_above"


async def test_who_is_known_already_gets_the_post(client: httpx2.AsyncClient, make: Makers) -> None:
    school, other = await make.school(), await make.school()
    known = await make.person(other)
    admin = await make.bearer(await make.person(school, Role.SCHOOL_ADMIN))
    post = {"role": "lead_teacher", "organisation_id": str(school.id)}
    wrong = {"name": "别人", "phone": known.username, "post": post}
    answer = await client.post("/api/people", headers=admin, json=wrong)
    assert answer.json()["code"] == "name_taken", "the number alone does not say who it is"
    answer = await client.post(
        "/api/people", headers=admin, json={**wrong, "name": known.display_name}
    )
    assert answer.json()["id"] == str(known.id)


async def test_the_last_administrator_stays(
    client: httpx2.AsyncClient, make: Makers, today: Any
) -> None:
    only: Someone = await make.person(role=Role.ADMIN)
    headers = await make.bearer(only)
    [post] = await posts_of(client, only.id, headers)
    answer = await client.post(f"/api/posts/{post['id']}/end", headers=headers, json={})
    assert answer.json()["code"] == "last_admin"
    answer = await client.post(f"/api/people/{only.id}/deactivate", headers=headers)
    assert answer.json()["code"] == "oneself"


async def test_deactivated_people_are_out_at_once(client: httpx2.AsyncClient, make: Makers) -> None:
    school = await make.school()
    admin = await make.bearer(await make.person(school, Role.SCHOOL_ADMIN))
    teacher = await make.person(school)
    headers = await make.bearer(teacher)
    answer = await client.post(f"/api/people/{teacher.id}/deactivate", headers=admin)
    assert (await client.get("/api/me", headers=headers)).status_code == 401
    listed = await client.get("/api/people", headers=admin, params={"state": "off"})
    assert [one["id"] for one in listed.json()["items"]] == [str(teacher.id)]
    await client.post(f"/api/undo/{answer.json()['undo']}", headers=admin)
    assert (await client.get("/api/me", headers=headers)).status_code == 200


async def test_search_by_name_and_number(client: httpx2.AsyncClient, make: Makers) -> None:
    school = await make.school()
    admin = await make.bearer(await make.person(school, Role.SCHOOL_ADMIN))
    found = await make.person(school)
    await make.person(await make.school())
    for q, total in ((found.display_name, 1), (found.username, 1), ("139", 0), ("138", 2)):
        page = (await client.get("/api/people", headers=admin, params={"q": q})).json()
        assert page["total"] == total, q
    nul = await client.get("/api/people", headers=admin, params={"q": "a\0b"})
    assert nul.status_code == 422


async def test_a_new_person_may_have_a_staff_number(
    client: httpx2.AsyncClient, make: Makers
) -> None:
    school = await make.school()
    admin = await make.bearer(await make.person(school, Role.SCHOOL_ADMIN))
    post = {"role": "local_teacher", "organisation_id": str(school.id)}
    for more in ({}, {"phone": "13911112222"}):
        wanted = {"name": "新同事", "staff_number": f"T{len(more)}", "post": post, **more}
        made = await client.post("/api/people", json=wanted, headers=admin)
        assert made.status_code == 201
        names = made.json()["names"]
        assert school.code in {one["organisation_code"] for one in names}
