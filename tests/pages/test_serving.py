"""Pages of the web application as answers: who gets which, and what is said beside them."""

import httpx2
import pytest

from tests.makers import PASSWORD, Makers
from tongke_platform.pages.assets import Assets, NotBuilt
from tongke_platform.pages.login import local_address
from tongke_platform.people.roles import Role

HTML = {"Accept": "text/html"}


async def log_in(client: httpx2.AsyncClient, username: str, **fields: str) -> httpx2.Response:
    form = {"username": username, "password": PASSWORD, **fields}
    return await client.post("/login", data=form, headers=HTML)


@pytest.mark.parametrize("path", ["/", "/lessons/{lesson}/teach", "/lessons/{lesson}/replay"])
async def test_anonymous(client: httpx2.AsyncClient, make: Makers, path: str) -> None:
    lesson = await make.lesson()
    answer = await client.get(path.format(lesson=lesson.id), headers=HTML)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login")


async def test_log_in_and_out(client: httpx2.AsyncClient, make: Makers) -> None:
    teacher = await make.person(await make.school())
    lesson = await make.lesson(teacher)
    where = f"/lessons/{lesson.id}/teach"
    answer = await log_in(client, teacher.username, next=where)
    assert (answer.status_code, answer.headers["location"]) == (303, where)
    assert (await client.get(where, headers=HTML)).status_code == 200
    assert (await client.get("/login", headers=HTML)).headers["location"] == "/"
    out = await client.post("/logout", headers={**HTML, "Origin": "http://school.test"})
    assert (out.status_code, out.headers["location"]) == (303, "/login")
    assert (await client.get(where, headers=HTML)).status_code == 303


async def test_wrong_password_keeps_the_name(client: httpx2.AsyncClient, make: Makers) -> None:
    teacher = await make.person(await make.school())
    answer = await log_in(client, teacher.username, password="wrong")
    assert answer.status_code == 401
    assert teacher.username in answer.text
    assert "The name or the password is not right." in answer.text


@pytest.mark.parametrize(
    "address", ["//evil.example", "/\\evil.example", "https://evil.example", "", "/a\r\nb"]
)
def test_login_leads_to_our_own_pages_only(address: str) -> None:
    assert local_address(address) == "/"


async def test_today_by_role(client: httpx2.AsyncClient, make: Makers) -> None:
    partner = await make.school()
    room = await make.room(partner)
    teacher = await make.person(await make.school())
    lesson = await make.lesson(teacher, [room])
    local = await make.person(partner, Role.LOCAL_TEACHER)
    for account, href in (
        (teacher, f"/lessons/{lesson.id}/teach"),
        (local, f"/room/{room.token}"),
    ):
        headers = HTML | await make.bearer(account)
        page = (await client.get("/", headers=headers)).text
        assert f'href="{href}"' in page
    stranger = await make.person(await make.school())
    page = (await client.get("/", headers=HTML | await make.bearer(stranger))).text
    assert "No lessons today" in page


async def test_teach_is_for_those_who_lead(client: httpx2.AsyncClient, make: Makers) -> None:
    partner = await make.school()
    lesson = await make.lesson(rooms=[await make.room(partner)])
    local = await make.person(partner, Role.LOCAL_TEACHER)
    headers = HTML | await make.bearer(local)
    answer = await client.get(f"/lessons/{lesson.id}/teach", headers=headers)
    assert answer.status_code == 403
    assert "<h1>" in answer.text


async def test_unknown_room(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/room/nothing", headers=HTML)
    assert answer.status_code == 404
    assert "IT colleague" in answer.text


async def test_room_without_login(client: httpx2.AsyncClient, make: Makers) -> None:
    room = await make.room(await make.school())
    lesson = await make.lesson(rooms=[room])
    page = await client.get(f"/room/{room.token}", headers=HTML)
    assert page.status_code == 200
    assert str(lesson.id) in page.text
    told = (await client.get(f"/room/{room.token}/next")).json()
    assert told["lesson"]["title"] == lesson.title


async def test_replay_with_a_rooms_token(client: httpx2.AsyncClient, make: Makers) -> None:
    room = await make.room(await make.school())
    other = await make.room(await make.school())
    lesson = await make.lesson(rooms=[room])
    address = f"/lessons/{lesson.id}/replay?token="
    assert (await client.get(address + room.token, headers=HTML)).status_code == 200
    assert (await client.get(address + other.token, headers=HTML)).status_code == 303


async def test_strict_policy_and_no_cache(client: httpx2.AsyncClient, make: Makers) -> None:
    room = await make.room(await make.school())
    headers = (await client.get(f"/room/{room.token}", headers=HTML)).headers
    policy = headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "style-src 'self';" in policy
    assert "unsafe" not in policy
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"


async def test_language_is_remembered(client: httpx2.AsyncClient) -> None:
    assert "登录" in (await client.get("/login?lang=zh", headers=HTML)).text
    assert "登录" in (await client.get("/login", headers=HTML)).text
    assert 'lang="en"' in (await client.get("/login?lang=en", headers=HTML)).text


async def test_assets_stay_for_good(client: httpx2.AsyncClient) -> None:
    answer = await client.get(Assets().path("tongke.css"))
    assert answer.status_code == 200
    assert "immutable" in answer.headers["cache-control"]


def test_unbuilt_client(tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.raises(NotBuilt):
        Assets(tmp_path_factory.mktemp("static")).path("room.js")


async def test_what_went_wrong_is_said_to_whom_it_concerns(
    client: httpx2.AsyncClient, make: Makers
) -> None:
    """The header of an error keeps who is signed in, and asks nobody to sign in again."""
    teacher = await make.person(await make.school())
    await log_in(client, teacher.username)
    refused = await client.get("/admin/audit", headers=HTML)
    assert (refused.status_code, teacher.display_name in refused.text) == (403, True)
    lost = await client.get("/nowhere", headers=HTML)
    assert (lost.status_code, "/login" in lost.text) == (404, False)
