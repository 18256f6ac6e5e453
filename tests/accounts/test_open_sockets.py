"""What somebody has open is cut in the moment they may not have it any more."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from websockets.asyncio.client import connect
from websockets.typing import Origin

from tests.accounts.signing import log_in
from tests.makers import PASSWORD, Makers, Someone
from tests.wire.rig import Page, serving
from tongke_platform.accounts.rights import COOKIE
from tongke_platform.frame import Frame
from tongke_platform.people.models import Membership
from tongke_platform.people.repository import MembershipRepository
from tongke_platform.people.roles import Role


class Sockets:
    """The server's wire, and the pages of one person on it."""

    def __init__(self, port: int, client: httpx2.AsyncClient) -> None:
        self._place = f"127.0.0.1:{port}"
        self.client = client
        client.headers["Sec-Fetch-Site"] = "same-origin"

    async def cookie(self, someone: Someone) -> str:
        """Of a browser of its own, which leaves the client's alone."""
        self.client.cookies.clear()
        await log_in(self.client, someone)
        found = self.client.cookies[COOKIE]
        self.client.cookies.clear()
        return found

    def use(self, cookie: str) -> None:
        self.client.cookies.set(COOKIE, cookie, domain="school.test")

    @asynccontextmanager
    async def page(self, topic: str, cookie: str = "", **headers: str) -> AsyncIterator[Page]:
        """Signed in with a cookie or with other headers, the topic open."""
        if cookie:
            headers["Cookie"] = f"{COOKIE}={cookie}"
        async with connect(
            f"ws://{self._place}/api/wire",
            proxy=None,
            origin=Origin(f"http://{self._place}"),
            additional_headers=headers,
        ) as socket:
            page = Page(socket)
            await page.next("hello")
            assert (await page.sub(topic))["type"] == "snapshot"
            yield page


@pytest.fixture
async def sockets(app: FastAPI, client: httpx2.AsyncClient) -> AsyncIterator[Sockets]:
    async with serving(app) as port:
        yield Sockets(port, client)


async def stays(page: Page) -> bool:
    return all(one["type"] != "gone" for one in await page.nothing_more())


@pytest.fixture
async def teacher(make: Makers) -> Someone:
    return await make.person(await make.school())


async def test_signing_out_cuts_this_browser_alone(sockets: Sockets, teacher: Someone) -> None:
    first, second = await sockets.cookie(teacher), await sockets.cookie(teacher)
    inbox = f"inbox:{teacher.id}"
    async with sockets.page(inbox, first) as one, sockets.page(inbox, second) as other:
        sockets.use(first)
        assert (await sockets.client.delete("/api/sessions/current")).status_code == 204
        assert (await one.next("gone"))["status"] == 401
        assert await stays(other)


@pytest.mark.parametrize("how", ["one", "all others", "new password"])
async def test_a_session_that_is_ended_elsewhere(
    sockets: Sockets, teacher: Someone, how: str
) -> None:
    mine, lost = await sockets.cookie(teacher), await sockets.cookie(teacher)
    inbox = f"inbox:{teacher.id}"
    async with sockets.page(inbox, mine) as here, sockets.page(inbox, lost) as there:
        sockets.use(mine)
        await end(sockets.client, how)
        assert (await there.next("gone"))["status"] == 401
        assert await stays(here)


async def end(client: httpx2.AsyncClient, how: str) -> None:
    if how == "one":
        found = (await client.get("/api/me/sessions")).json()
        newest = max(found, key=lambda one: one["id"])
        answer = await client.delete(f"/api/me/sessions/{newest['id']}")
    elif how == "all others":
        answer = await client.delete("/api/me/sessions")
    else:
        body = {"old": PASSWORD, "new": "春江潮水连海平 明月"}
        answer = await client.put("/api/me/password", json=body)
    assert answer.status_code == 204, answer.text


async def test_an_api_token_that_is_revoked(
    sockets: Sockets, make: Makers, teacher: Someone
) -> None:
    kept, lost = await make.bearer(teacher), await make.bearer(teacher)
    inbox = f"inbox:{teacher.id}"
    async with sockets.page(inbox, **kept) as one, sockets.page(inbox, **lost) as other:
        tokens = (await sockets.client.get("/api/me/tokens", headers=kept)).json()
        newest = max(tokens, key=lambda token: token["id"])
        path = f"/api/me/tokens/{newest['id']}"
        assert (await sockets.client.delete(path, headers=kept)).status_code == 204
        assert (await other.next("gone"))["status"] == 401
        assert await stays(one)


async def test_a_post_that_ends(sockets: Sockets, make: Makers, teacher: Someone) -> None:
    """The colleague saw the lesson as one of the school's, and leaves; the teacher stays."""
    assert teacher.school is not None
    lesson = await make.lesson(teacher)
    colleague = await make.person(teacher.school, Role.LOCAL_TEACHER)
    admin = await make.bearer(await make.person(role=Role.ADMIN))
    topic = f"lesson:{lesson.id}"
    hers, his = await sockets.cookie(colleague), await sockets.cookie(teacher)
    async with sockets.page(topic, hers) as gone, sockets.page(topic, his) as there:
        [post] = (await sockets.client.get(f"/api/people/{colleague.id}", headers=admin)).json()[
            "posts"
        ]
        yesterday = make.frame.today() - timedelta(days=1)
        body: dict[str, Any] = {"day": str(yesterday)}
        ended = await sockets.client.post(f"/api/posts/{post['id']}/end", json=body, headers=admin)
        assert ended.status_code == 200, ended.text
        assert (await gone.next("gone"))["status"] == 403
        assert await stays(there)


async def test_an_account_that_is_switched_off(
    sockets: Sockets, make: Makers, teacher: Someone
) -> None:
    admin = await make.bearer(await make.person(role=Role.ADMIN))
    cookie = await sockets.cookie(teacher)
    async with sockets.page(f"inbox:{teacher.id}", cookie) as page:
        path = f"/api/people/{teacher.id}/deactivate"
        assert (await sockets.client.post(path, headers=admin)).status_code == 200
        assert (await page.next("gone"))["status"] == 401


async def test_one_look_for_what_one_transaction_changes(
    frame: Frame, app: FastAPI, make: Makers, teacher: Someone
) -> None:
    heard: list[str] = []
    frame.events.listen("rights.changed", lambda _: heard.append("rights"))
    async with frame.database.write() as session:
        for post in await MembershipRepository(session).of(teacher.id):
            post.post = "班主任"
    assert heard == [], "what says nothing about rights"
    async with frame.database.write() as session:
        posts = await MembershipRepository(session).of(teacher.id)
        for post in posts:
            post.ends_on = frame.today()
        await session.flush()
        for post in posts:
            post.role = Role.LOCAL_TEACHER
    assert heard == ["rights"]
    with pytest.raises(ZeroDivisionError):
        await fail_to_end(frame, posts[0])
    assert heard == ["rights"], "what was not committed"


async def fail_to_end(frame: Frame, post: Membership) -> None:
    async with frame.database.write() as session:
        found = await session.get(Membership, post.id)
        assert found is not None
        found.ends_on = None
        await session.flush()
        raise ZeroDivisionError
