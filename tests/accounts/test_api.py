"""Logging in and out over the API."""

from collections.abc import Callable
from datetime import timedelta

import httpx2
import pytest
from sqlalchemy import delete

from tests.makers import PASSWORD, Makers, Someone
from tongke_platform.accounts.models import Credential
from tongke_platform.accounts.rights import COOKIE
from tongke_platform.database import ReadSession
from tongke_platform.frame import Frame
from tongke_platform.people.roles import Role

SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}


async def log_in(client: httpx2.AsyncClient, account: Someone) -> httpx2.Response:
    return await client.post(
        "/api/sessions", json={"username": account.username, "password": PASSWORD}
    )


async def test_anonymous(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/api/me")
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["code"] == "unauthorized"


async def test_log_in_and_out(client: httpx2.AsyncClient, make: Makers) -> None:
    school = await make.school()
    account = await make.person(school)
    answer = await log_in(client, account)
    assert answer.status_code == 201
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()

    me = await client.get("/api/me")
    assert me.json()["display_name"] == account.display_name
    assert me.json()["school"]["name"] == school.name

    kept = client.cookies[COOKIE]
    out = await client.delete("/api/sessions/current", headers=SAME_ORIGIN)
    assert out.status_code == 204
    client.cookies.set(COOKIE, kept)
    assert (await client.get("/api/me")).status_code == 401


async def test_cookie_is_stored_only_as_its_hash(
    client: httpx2.AsyncClient, make: Makers, frame: Frame
) -> None:
    await log_in(client, await make.person())
    value = client.cookies[COOKIE]
    async with frame.database.read() as session:
        rows = await all_text(session)
    assert value not in rows


async def all_text(session: ReadSession) -> str:
    connection = await session.connection()
    rows = await connection.exec_driver_sql("SELECT * FROM login_sessions")
    return str(rows.fetchall())


@pytest.mark.parametrize("right_name", [True, False])
async def test_wrong_password_and_unknown_name_answer_alike(
    client: httpx2.AsyncClient, make: Makers, right_name: bool
) -> None:
    account = await make.person()
    name = account.username if right_name else "nobody"
    answer = await client.post("/api/sessions", json={"username": name, "password": "wrong"})
    assert answer.status_code == 401
    assert answer.json()["code"] == "wrong_login"


async def test_unknown_name_takes_the_same_work(
    client: httpx2.AsyncClient, make: Makers, frame: Frame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One password is hashed whoever it is, so the time of an answer names nobody."""
    account = await make.person()
    no_password = await make.person()
    async with frame.database.write() as session:
        await session.execute(
            delete(Credential).where(Credential.person_id == no_password.person.id)
        )
    await frame.passwords.verify(None, "as after the first unknown name")
    hashed: list[str] = []

    async def counted(work: Callable[[str], str], text: str) -> str:
        hashed.append(text)
        return await run(work, text)

    run = frame.passwords._run
    monkeypatch.setattr(frame.passwords, "_run", counted)
    for name in (account.username, no_password.username, "nobody"):
        hashed.clear()
        answer = await client.post("/api/sessions", json={"username": name, "password": "wrong"})
        assert (answer.status_code, hashed) == (401, ["wrong"]), name


async def test_login_expires(client: httpx2.AsyncClient, make: Makers, frame: Frame) -> None:
    await log_in(client, await make.person())
    later = frame.now() + timedelta(days=frame.settings.login_days, minutes=1)
    frame.now = lambda: later
    assert (await client.get("/api/me")).status_code == 401


async def test_too_many_tries(client: httpx2.AsyncClient, make: Makers) -> None:
    account = await make.person()
    wrong = {"username": account.username, "password": "wrong"}
    tries = [await client.post("/api/sessions", json=wrong) for _ in range(11)]
    assert [answer.status_code for answer in tries] == [401] * 10 + [429]
    assert int(tries[-1].headers["retry-after"]) > 0
    assert (await log_in(client, account)).status_code == 429


async def test_trouble_is_said_in_chinese(client: httpx2.AsyncClient) -> None:
    headers = {"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5"}
    english = (await client.get("/api/me")).json()["detail"]
    chinese = (await client.get("/api/me", headers=headers)).json()["detail"]
    assert english.isascii()
    assert not chinese.isascii()


async def test_api_token(client: httpx2.AsyncClient, make: Makers, frame: Frame) -> None:
    account = await make.person(role=Role.ADMIN)
    headers = {"Authorization": f"Bearer {await make.token(account)}"}
    assert (await client.get("/api/me", headers=headers)).json()["posts"][0]["role"] == "admin"


async def test_expired_api_token(client: httpx2.AsyncClient, make: Makers, frame: Frame) -> None:
    token = await make.token(await make.person(), frame.now() - timedelta(seconds=1))
    answer = await client.get("/api/me", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["code"]) == (401, "bad_token")


async def test_malformed_body_names_the_field(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/api/sessions", json={"username": "a"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "password"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://evil.test"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 403),
        ({"Origin": "http://school.test"}, 204),
        ({"Sec-Fetch-Site": "same-origin"}, 204),
    ],
)
async def test_other_sites_cannot_use_the_cookie(
    client: httpx2.AsyncClient, make: Makers, headers: dict[str, str], status: int
) -> None:
    await log_in(client, await make.person())
    answer = await client.delete("/api/sessions/current", headers=headers)
    assert answer.status_code == status


async def test_other_sites_cannot_log_somebody_in(client: httpx2.AsyncClient, make: Makers) -> None:
    account = await make.person()
    body = {"username": account.username, "password": PASSWORD}
    answer = await client.post("/api/sessions", json=body, headers={"Origin": "https://evil.test"})
    assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")
