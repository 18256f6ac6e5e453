"""One's own account: password, sessions, the school one acts for, tokens and their scopes."""

from datetime import timedelta
from uuid import uuid4

import httpx2
import pytest

from tests.accounts.signing import PAGE, log_in, pass_time, post, who
from tests.makers import PASSWORD, Makers, Someone
from tongke_platform.accounts.rights import COOKIE
from tongke_platform.frame import Frame
from tongke_platform.people import service as people
from tongke_platform.people.roles import Role

NEW = "春江潮水连海平 明月"
SAME = {"Sec-Fetch-Site": "same-origin"}


async def test_anonymous(client: httpx2.AsyncClient) -> None:
    for method, path in (
        ("PATCH", "/api/me"), ("PUT", "/api/me/password"), ("PUT", "/api/me/acting-for"),
        ("GET", "/api/me/sessions"), ("DELETE", "/api/me/sessions"), ("GET", "/api/me/tokens"),
        ("POST", "/api/me/tokens"), ("GET", "/me"), ("POST", "/me"), ("GET", "/me/tokens"),
    ):  # fmt: skip
        assert (await client.request(method, path)).status_code == 401, path


async def another_device(client: httpx2.AsyncClient, someone: Someone) -> str:
    """The cookie of a second browser; the first one's comes back."""
    first = client.cookies[COOKIE]
    client.cookies.delete(COOKIE)
    await log_in(client, someone)
    other = client.cookies[COOKIE]
    client.cookies.delete(COOKIE)
    client.cookies.set(COOKIE, first, domain="school.test")
    return other


async def is_in(client: httpx2.AsyncClient, cookie: str) -> bool:
    kept = client.cookies[COOKIE]
    client.cookies.delete(COOKIE)
    client.cookies.set(COOKIE, cookie, domain="school.test")
    found = await who(client)
    client.cookies.delete(COOKIE)
    client.cookies.set(COOKIE, kept, domain="school.test")
    return found is not None


async def test_new_password_ends_other_sessions(client: httpx2.AsyncClient, make: Makers) -> None:
    someone = await make.person()
    await log_in(client, someone)
    other = await another_device(client, someone)
    assert await is_in(client, other)
    answer = await post(client, "/me/password", old=PASSWORD, new=NEW)
    assert answer.status_code == 303
    assert await who(client) is not None
    assert not await is_in(client, other)
    client.cookies.clear()
    assert (await log_in(client, someone)).status_code == 401
    assert (await log_in(client, someone, NEW)).status_code == 303


async def test_old_password_must_be_right(client: httpx2.AsyncClient, make: Makers) -> None:
    someone = await make.person()
    await log_in(client, someone)
    found = [
        (await post(client, "/me/password", old="wrong", new=NEW)).status_code for _ in range(6)
    ]
    assert found == [422] * 5 + [429]


async def test_password_is_not_ones_name(client: httpx2.AsyncClient, make: Makers) -> None:
    someone = await make.person()
    await log_in(client, someone)
    answer = await post(client, "/me/password", old=PASSWORD, new=someone.username)
    assert answer.status_code == 422


async def test_sessions_are_listed_and_ended(
    client: httpx2.AsyncClient, make: Makers, frame: Frame
) -> None:
    someone, stranger = await make.person(), await make.person()
    await log_in(client, someone)
    other = await another_device(client, someone)
    found = (await client.get("/api/me/sessions")).json()
    assert len(found) == 2
    assert "token" not in str(found)
    theirs = await client.delete(
        f"/api/me/sessions/{found[0]['id']}", headers=await make.bearer(stranger)
    )
    assert theirs.status_code == 404
    assert (await client.delete("/api/me/sessions", headers=SAME)).status_code == 204
    assert not await is_in(client, other)
    left = (await client.get("/api/me/sessions")).json()
    assert len(left) == 1
    assert (await post(client, f"/me/sessions/{left[0]['id']}/end")).status_code == 303
    assert await who(client) is None


async def test_last_seen_is_written_every_ten_minutes(
    client: httpx2.AsyncClient, make: Makers, frame: Frame
) -> None:
    await log_in(client, await make.person())
    first = (await client.get("/api/me/sessions")).json()[0]["last_seen_at"]
    pass_time(frame, timedelta(minutes=9))
    assert (await client.get("/api/me/sessions")).json()[0]["last_seen_at"] == first
    pass_time(frame, timedelta(minutes=2))
    assert (await client.get("/api/me/sessions")).json()[0]["last_seen_at"] > first


async def test_acting_for_one_of_ones_schools(client: httpx2.AsyncClient, make: Makers) -> None:
    first, second, foreign = [await make.school() for _ in range(3)]
    someone = await make.person(first)
    async with make.frame.database.write() as session:
        await people.appoint(session, someone.person, Role.LOCAL_TEACHER, organisation=second)
    await log_in(client, someone)
    for school in (second, first):
        answer = await post(client, "/me/acting-for", organisation_id=str(school.id))
        assert answer.status_code == 303
        assert (await client.get("/api/me")).json()["school"]["id"] == str(school.id)
    for wrong in (foreign.id, uuid4()):
        body = {"organisation_id": str(wrong)}
        refused = await client.put("/api/me/acting-for", json=body, headers=SAME)
        assert (refused.status_code, refused.json()["code"]) == (422, "no_post_there")


async def test_name_and_language(client: httpx2.AsyncClient, make: Makers) -> None:
    await log_in(client, await make.person())
    answer = await post(client, "/me", display_name=" 林\u202e晓\u200b芳\n", language="en")
    assert answer.status_code == 303
    assert await who(client) == "林晓芳"
    assert client.cookies["tongke_language"] == "en"
    assert (await post(client, "/me", display_name="x", language="tlh")).status_code == 422
    assert (await post(client, "/me", display_name="\0")).status_code == 422
    body = {"display_name": "x", "deactivated_at": None}
    assert (await client.patch("/api/me", json=body, headers=SAME)).status_code == 422


@pytest.fixture
async def someone(client: httpx2.AsyncClient, make: Makers) -> Someone:
    """Signed in."""
    one = await make.person(await make.school(), Role.SCHOOL_ADMIN)
    await log_in(client, one)
    return one


async def token_with(client: httpx2.AsyncClient, *scopes: str, days: int = 1) -> dict[str, str]:
    body = {"label": "bridge", "scopes": [*scopes], "days": days}
    answer = await client.post("/api/me/tokens", json=body, headers=SAME)
    assert answer.status_code == 201, answer.text
    return {"Authorization": f"Bearer {answer.json()['token']}"}


@pytest.mark.usefixtures("someone")
async def test_token_is_shown_once(client: httpx2.AsyncClient, frame: Frame) -> None:
    headers = await token_with(client, "read")
    listed = await client.get("/api/me/tokens")
    assert [one["scopes"] for one in listed.json()] == [["read"]]
    assert headers["Authorization"].removeprefix("Bearer ") not in listed.text
    made = await post(client, "/me/tokens", label="page", scope="write", days="30")
    assert "page" in made.text


@pytest.mark.usefixtures("someone")
async def test_token_may_only_what_its_scopes_say(client: httpx2.AsyncClient, frame: Frame) -> None:
    tokens = {
        name: await token_with(client, *name.split("+"))
        for name in ("read", "write", "read+lessons", "write+organisations")
    }
    client.cookies.clear()
    asked = {
        ("read", "GET", "/api/me"): 200,
        ("read", "POST", "/api/lessons"): 403,
        ("write", "POST", "/api/lessons"): 422,
        ("read+lessons", "GET", "/api/lessons"): 200,
        ("read+lessons", "POST", "/api/lessons"): 403,
        ("read+lessons", "GET", "/api/me"): 403,
        ("write+organisations", "GET", "/api/lessons"): 403,
        ("read", "GET", "/api/me/tokens"): 403,
        ("write", "POST", "/api/me/tokens"): 403,
        ("write", "PUT", "/api/me/password"): 403,
        ("write", "POST", "/api/invitations"): 403,
        ("write", "GET", "/me"): 403,
    }
    found: dict[tuple[str, str, str], int] = {}
    for name, method, path in asked:
        body: dict[str, str] | None = {} if method != "GET" else None
        answer = await client.request(method, path, headers=tokens[name], json=body)
        found[name, method, path] = answer.status_code
    assert found == asked


async def test_read_token_cannot_publish(
    client: httpx2.AsyncClient, make: Makers, someone: Someone
) -> None:
    lesson = await make.lesson(someone)
    headers = await token_with(client, "read")
    client.cookies.clear()
    answer = await client.post(f"/live/{lesson.id}/whip", headers=headers, content=b"v=0")
    assert (answer.status_code, answer.json()["code"]) == (403, "scope")


@pytest.mark.usefixtures("someone")
async def test_revoked_and_aged_tokens_open_nothing(
    client: httpx2.AsyncClient, make: Makers, frame: Frame
) -> None:
    revoked, aged = await token_with(client, "read"), await token_with(client, "read")
    key = (await client.get("/api/me/tokens")).json()[1]["id"]
    stranger = await make.bearer(await make.person())
    assert (await client.delete(f"/api/me/tokens/{key}", headers=stranger)).status_code == 404
    assert (await client.delete(f"/api/me/tokens/{key}", headers=SAME)).status_code == 204
    client.cookies.clear()
    assert (await client.get("/api/me", headers=revoked)).status_code == 401
    assert (await client.get("/api/me", headers=aged)).status_code == 200
    pass_time(frame, timedelta(days=1, seconds=1))
    assert (await client.get("/api/me", headers=aged)).status_code == 401


@pytest.mark.usefixtures("someone")
@pytest.mark.parametrize("scopes", [[], ["lessons"], ["everything"], ["read", "x" * 500], [""]])
async def test_odd_scopes_are_refused(client: httpx2.AsyncClient, scopes: list[str]) -> None:
    body = {"label": "x", "scopes": scopes}
    answer = await client.post("/api/me/tokens", json=body, headers=SAME)
    assert answer.status_code == 422


@pytest.mark.usefixtures("someone")
async def test_pages_show(client: httpx2.AsyncClient) -> None:
    for path in ("/me", "/me/tokens"):
        assert (await client.get(path, headers=PAGE)).status_code == 200


async def test_someone_elses_objects(client: httpx2.AsyncClient, someone: Someone) -> None:
    for path in (
        f"/me/sessions/{uuid4()}/end",
        f"/me/tokens/{uuid4()}/revoke",
        f"/me/identities/{uuid4()}/unlink",
    ):
        assert (await post(client, path)).status_code == 404
