"""The pages of the administration as people of several roles meet them."""

import re

import httpx2
import pytest

from tests.makers import PASSWORD, Makers, Someone
from tongke_platform.people.roles import Role

LISTS = ("organisations", "people", "rooms", "classes")


async def sign_in(client: httpx2.AsyncClient, someone: Someone) -> None:
    client.cookies.clear()
    client.headers["Origin"] = "http://school.test"
    answer = await client.post(
        "/api/sessions", json={"username": someone.username, "password": PASSWORD}
    )
    assert answer.status_code == 201


async def said(client: httpx2.AsyncClient, answer: httpx2.Response) -> str:
    """The page a form led to."""
    assert answer.status_code == 303, answer.text
    page = await client.get(answer.headers["location"], headers={"Accept": "text/html"})
    assert page.status_code == 200, page.text
    return page.text


def undo_of(page: str) -> str:
    found = re.search(r'action="(/admin/undo/[^"]+)"', page)
    assert found, "a toast with undo"
    return found[1]


@pytest.mark.parametrize("name", [*LISTS, "regions"])
async def test_anonymous(client: httpx2.AsyncClient, name: str) -> None:
    answer = await client.get(f"/admin/{name}", headers={"Accept": "text/html"})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login")


async def test_a_county_is_set_up_by_pages_alone(client: httpx2.AsyncClient, make: Makers) -> None:
    await sign_in(client, await make.person(role=Role.ADMIN))
    page = (await client.get("/admin/organisations")).text
    assert "Set up your county" in page
    await said(client, await client.post("/admin/regions", data={"code": "5201", "name": "云水县"}))
    regions = (await client.get("/admin/organisations/new")).text
    region = re.search(r'<option value="([0-9a-f-]{36})"[^>]*>云水县', regions)
    assert region
    schools = []
    for number in (1, 2):
        form = {
            "code": f"Y{number}", "name": f"云水{number}小", "kind": "school",
            "region_id": region[1], "first_grade": "1", "last_grade": "6",
        }  # fmt: skip
        answer = await client.post("/admin/organisations", data=form)
        assert f"云水{number}小 is added." in await said(client, answer)
        schools.append(answer.headers["location"].rsplit("/", 1)[1])
    page = await said(
        client,
        await client.post(
            "/admin/rooms", data={"school": "Y2", "name": "三1班", "class_size": "40"}
        ),
    )
    assert "<svg" in page
    assert "http://school.test/room/" in page
    form = {
        "name": "周老师", "phone": "139 1234 5678", "role": "school_admin",
        "place": f"o:{schools[1]}",
    }  # fmt: skip
    page = await said(client, await client.post("/admin/people", data=form))
    assert "13912345678" in page
    form = {"school": "Y2", "grade": "3", "name": "1班", "size": "40"}
    page = await said(client, await client.post("/admin/classes", data=form))
    assert "三年级1班" in page
    page = (await client.get("/admin/organisations")).text
    assert "Set up your county" not in page
    assert "云水2小" in page


async def test_what_was_typed_comes_back(client: httpx2.AsyncClient, make: Makers) -> None:
    school = await make.school(await make.region())
    await sign_in(client, await make.person(role=Role.ADMIN))
    form = {"code": school.code, "name": "又一所", "kind": "school"}
    answer = await client.post("/admin/organisations", data=form)
    assert answer.status_code == 409
    assert "又一所" in answer.text
    assert "already an organisation with this code" in answer.text
    answer = await client.post("/admin/organisations", data={"code": "a/b", "name": "x"})
    assert answer.status_code == 422
    assert "Organisation code" in answer.text


async def test_a_list_shows_only_what_is_ones_own(client: httpx2.AsyncClient, make: Makers) -> None:
    mine, other = await make.school(), await make.school()
    await make.room(mine)
    theirs = await make.room(other)
    stranger = await make.person(other)
    await sign_in(client, await make.person(mine, Role.SCHOOL_ADMIN))
    pages = [(await client.get(f"/admin/{name}")).text for name in LISTS]
    assert all(other.name not in page for page in pages)
    assert mine.name in pages[0]
    assert theirs.name not in pages[2]
    for address in (
        f"organisations/{other.id}", f"people/{stranger.id}", f"rooms/{theirs.id}",
    ):  # fmt: skip
        assert (await client.get(f"/admin/{address}")).status_code == 404


async def test_a_teacher_has_no_desk(client: httpx2.AsyncClient, make: Makers) -> None:
    school = await make.school()
    await sign_in(client, await make.person(school))
    for name in (*LISTS, "regions"):
        assert (await client.get(f"/admin/{name}")).status_code == 403
    for name in ("organisations", "people", "rooms", "classes"):
        assert (await client.get(f"/admin/{name}/new")).status_code == 403


async def test_many_posts_end_and_come_back(client: httpx2.AsyncClient, make: Makers) -> None:
    school = await make.school()
    people = [await make.person(school) for _ in range(3)]
    admin = await make.person(school, Role.SCHOOL_ADMIN)
    await sign_in(client, admin)
    yesterday = make.frame.today().replace(day=1)
    form = {"id": [str(one.id) for one in people], "day": str(yesterday)}
    page = await said(client, await client.post("/admin/people/end", data=form))
    assert "Posts that are over: 3." in page
    page = (await client.get("/admin/people", params={"state": "ended"})).text
    assert (people[0].display_name in page) == (yesterday < make.frame.today())
    # The toast was shown once; the undo lives on.
    form["id"] = [str(people[0].id)]
    page = await said(
        client, await client.post("/admin/people/end", data={**form, "day": "2020-01-01"})
    )
    undo = undo_of(page)
    page = await said(client, await client.post(undo, data={"back": "/admin/people"}))
    assert "Taken back." in page
    again = await client.post(undo, data={"back": "/admin/people"})
    assert again.status_code == 409


async def test_somebody_elses_undo(client: httpx2.AsyncClient, make: Makers) -> None:
    told: list[str] = []
    make.frame.events.listen("room.address_changed", lambda event: told.append(event["room"]))
    school = await make.school()
    room = await make.room(school)
    await sign_in(client, await make.person(school, Role.SCHOOL_ADMIN))
    page = await said(client, await client.post("/admin/rooms/revoke", data={"id": str(room.id)}))
    undo = undo_of(page)
    assert told == [str(room.id)]
    assert (await client.get(f"/room/{room.token}")).status_code == 404
    mine = dict(client.cookies)
    await sign_in(client, await make.person(school, Role.SCHOOL_ADMIN))
    assert (await client.post(undo)).status_code == 404
    client.cookies.clear()
    client.cookies.update(mine)
    await said(client, await client.post(undo, data={"back": "//evil.example"}))
    assert told == [str(room.id)] * 2
    assert (await client.get(f"/room/{room.token}")).status_code == 200
