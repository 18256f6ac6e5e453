"""Links with which a class learns at home."""

from datetime import date, timedelta
from typing import Any

import httpx2
import pytest

from tests.catalogue.stage import Far, Stage
from tests.makers import Makers
from tests.processes import StandIn
from tongke_courses.catalogue.links import end_of_term
from tongke_platform.people.roles import Role
from tongke_streaming.frames import Message


@pytest.fixture(autouse=True)
def answers(hls: StandIn) -> None:
    async def playlist(message: Message) -> Message:
        return {"playlist": "#EXTM3U\n"}

    hls.answers["multivariant"] = playlist


@pytest.mark.parametrize(
    ("day", "last"),
    [
        (date(2026, 9, 1), date(2027, 1, 31)),
        (date(2027, 1, 31), date(2027, 1, 31)),
        (date(2027, 2, 1), date(2027, 7, 31)),
        (date(2027, 8, 1), date(2028, 1, 31)),
    ],
)
def test_end_of_term(day: date, last: date) -> None:
    assert end_of_term(day) == last


async def made(stage: Stage, far: Far, **body: Any) -> dict[str, Any]:
    answer = await stage.ask(
        "POST", "/api/class-links", far.headers, json={"class_id": far.class_id, **body}
    )
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def replays(client: httpx2.AsyncClient, lesson: dict[str, Any], token: str) -> int:
    """What the playlist and the page answer, who agree."""
    path = f"/replay/{lesson['id']}/index.m3u8?token={token}"
    playlist = (await client.get(path)).status_code
    page = (await client.get(f"/lessons/{lesson['id']}/replay?token={token}")).status_code
    assert (playlist == 200) is (page == 200)
    return playlist


async def test_anonymous(stage: Stage) -> None:
    far = await stage.far(partner=True)
    link = await made(stage, far)
    body = {"class_id": far.class_id}
    assert (await stage.ask("POST", "/api/class-links", {}, json=body)).status_code == 401
    assert (await stage.ask("GET", "/api/class-links", {})).status_code == 401
    for method, more in (("GET", ""), ("DELETE", ""), ("GET", "/code.svg")):
        path = f"/api/class-links/{link['id']}{more}"
        assert (await stage.ask(method, path, {})).status_code == 401
    assert (await stage.ask("GET", "/api/home/nothing", {})).status_code == 404


async def test_opens_exactly_its_lessons(stage: Stage, client: httpx2.AsyncClient) -> None:
    far = await stage.far(partner=True)
    course, other = await stage.course(), await stage.course()
    held, planned = await stage.lesson(course), await stage.lesson(course)
    strange = await stage.lesson(other)
    await stage.held(held)
    await stage.held(strange)
    link = await made(stage, far, course_id=course["id"])
    home = await client.get(f"/api/home/{link['token']}")
    assert home.status_code == 200
    assert "set-cookie" not in home.headers
    assert [one["id"] for one in home.json()["lessons"]] == [held["id"]]
    assert "小红" not in home.text
    assert await replays(client, held, link["token"]) == 200
    assert await replays(client, planned, link["token"]) == 403
    assert await replays(client, strange, link["token"]) == 403
    # It opens nothing else.
    for path in ("/api/lessons", f"/api/courses/{course['id']}", f"/room/{link['token']}"):
        assert (await client.get(f"{path}?token={link['token']}")).status_code in (401, 404)
    bearer = {"Authorization": f"Bearer {link['token']}"}
    refused = await client.get(f"/replay/{held['id']}/index.m3u8", headers=bearer)
    assert refused.status_code == 401
    live = await client.post(
        f"/live/{held['id']}/whip?token={link['token']}",
        content="v=0\r\n",
        headers={"Content-Type": "application/sdp"},
    )
    assert live.status_code == 403


async def test_revoked_expired_narrowed(stage: Stage, client: httpx2.AsyncClient) -> None:
    far = await stage.far(partner=True)
    course = await stage.course()
    lesson = await stage.lesson(course)
    await stage.held(lesson)
    one, two = (
        await made(stage, far, course_id=course["id"]),
        await made(stage, far, lesson_id=lesson["id"]),
    )
    tokens = [one["token"], two["token"]]
    assert [await replays(client, lesson, token) for token in tokens] == [200, 200]
    await stage.ask("DELETE", f"/api/class-links/{one['id']}", far.headers)
    assert [await replays(client, lesson, token) for token in tokens] == [401, 200]
    assert (await client.get(f"/api/home/{one['token']}")).status_code == 404
    # What the class's school may not see its link does not open.
    patch = {"visibility": "rooms"}
    await stage.ask("PATCH", f"/api/lessons/{lesson['id']}", json=patch)
    assert await replays(client, lesson, two["token"]) == 403
    assert (await client.get(f"/api/home/{two['token']}")).json()["lessons"] == []
    await stage.ask("PATCH", f"/api/lessons/{lesson['id']}", json={"visibility": None})
    assert await replays(client, lesson, two["token"]) == 200
    now = stage.frame.now() + timedelta(days=400)
    stage.frame.now = lambda: now
    assert (await client.get(f"/api/home/{two['token']}")).status_code == 404
    assert await replays(client, lesson, two["token"]) == 401


async def test_who_makes_them(stage: Stage, make: Makers) -> None:
    far, other = await stage.far(partner=True), await stage.far()
    course, closed = await stage.course(), await stage.course(visibility="rooms")
    link = await made(stage, far, course_id=course["id"])

    async def tried(headers: dict[str, str], **body: Any) -> int:
        answer = await stage.ask("POST", "/api/class-links", headers, json=body)
        return answer.status_code

    assert await tried(other.headers, class_id=far.class_id) == 404
    assert await tried(other.headers, class_id=other.class_id, course_id=course["id"]) == 404
    assert await tried(far.headers, class_id=far.class_id, course_id=closed["id"]) == 404
    lesson = await stage.lesson(closed)
    assert await tried(far.headers, class_id=far.class_id, lesson_id=lesson["id"]) == 404
    late = (stage.frame.now() + timedelta(days=370)).isoformat()
    assert await tried(far.headers, class_id=far.class_id, expires_at=late) == 422
    principal = await make.bearer(await make.person(far.school, Role.PRINCIPAL))
    assert await tried(principal, class_id=far.class_id) == 404
    assert (await stage.ask("GET", "/api/class-links", principal)).status_code == 403
    assert (await stage.ask("GET", "/api/class-links", other.headers)).json()["items"] == []
    for method in ("GET", "DELETE"):
        path = f"/api/class-links/{link['id']}"
        assert (await stage.ask(method, path, other.headers)).status_code == 404
    mine = (await stage.ask("GET", "/api/class-links", far.headers)).json()
    assert [one["id"] for one in mine["items"]] == [link["id"]]
    code = await stage.ask("GET", f"/api/class-links/{link['id']}/code.svg", far.headers)
    assert code.headers["content-type"].startswith("image/svg+xml")
