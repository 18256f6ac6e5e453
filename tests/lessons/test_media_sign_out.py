"""What was opened with a login or an API token ends with it."""

from dataclasses import dataclass
from datetime import timedelta

import httpx2
import pytest

from tests.lessons.test_media_access import SDP, Relay, post
from tests.makers import Makers, Someone
from tests.processes import StandIn
from tongke_courses.lessons.models import Lesson
from tongke_platform.accounts import own
from tongke_platform.accounts.repository import ApiTokenRepository
from tongke_platform.accounts.rights import COOKIE
from tongke_platform.accounts.service import hash_token, log_in, log_out, principal_of
from tongke_platform.frame import Frame


@pytest.fixture
async def teacher(make: Makers) -> Someone:
    return await make.person(await make.school())


@pytest.fixture
async def lesson(make: Makers, teacher: Someone) -> Lesson:
    return await make.lesson(teacher)


@dataclass
class SignedIn:
    """A browser in which somebody is signed in; its ``token`` is the cookie."""

    client: httpx2.AsyncClient
    token: str

    async def post(self, lesson: Lesson, kind: str) -> httpx2.Response:
        headers = {**SDP, "Origin": "http://school.test", "Cookie": f"{COOKIE}={self.token}"}
        return await self.client.post(f"/live/{lesson.id}/{kind}", content="v=0", headers=headers)

    async def media_token(self, lesson: Lesson, act: str) -> str:
        answer = await self.client.post(
            f"/api/lessons/{lesson.id}/tokens",
            json={"act": act},
            headers={"Origin": "http://school.test", "Cookie": f"{COOKIE}={self.token}"},
        )
        assert answer.status_code == 201
        token: str = answer.json()["token"]
        return token


async def sign_in(client: httpx2.AsyncClient, frame: Frame, someone: Someone) -> SignedIn:
    async with frame.database.write() as session:
        cookie = await log_in(session, someone.id, now=frame.now(), lifetime=timedelta(hours=1))
    return SignedIn(client, cookie)


async def test_signing_out_ends_what_that_browser_opened_and_nothing_else(
    client: httpx2.AsyncClient, frame: Frame, lesson: Lesson, teacher: Someone, relay: StandIn
) -> None:
    standing = Relay(relay)
    here, there = [await sign_in(client, frame, teacher) for _ in range(2)]
    token = await here.media_token(lesson, "publish")
    assert (await here.post(lesson, "whep")).status_code == 201
    assert (await post(client, lesson, "whip", token)).status_code == 201
    assert (await there.post(lesson, "whep")).status_code == 201
    async with frame.database.write() as session:
        await log_out(session, here.token)
    assert {await standing.ended(), await standing.ended()} == {"watch-0", "publish-1"}
    assert set(standing.sessions) == {"watch-2"}
    assert (await post(client, lesson, "whip", token)).status_code == 401


async def test_a_revoked_api_token_ends_what_its_program_opened(
    client: httpx2.AsyncClient,
    make: Makers,
    frame: Frame,
    lesson: Lesson,
    teacher: Someone,
    relay: StandIn,
) -> None:
    standing = Relay(relay)
    revoked, kept = [await make.token(teacher) for _ in range(2)]
    for token in (revoked, kept):
        assert (await post(client, lesson, "whep", token)).status_code == 201
    async with frame.database.write() as session:
        by = await principal_of(session, teacher.id, frame.today())
        found = await ApiTokenRepository(session).by_hash(hash_token(revoked))
        assert by is not None
        assert found is not None
        await own.revoke_token(session, frame, by, found.id)
    assert await standing.ended() == "watch-0"
    assert set(standing.sessions) == {"watch-1"}


async def test_a_login_that_ran_out_ends_nothing_even_when_its_person_signs_in_anew(
    client: httpx2.AsyncClient, frame: Frame, lesson: Lesson, teacher: Someone, relay: StandIn
) -> None:
    standing = Relay(relay)
    first = await sign_in(client, frame, teacher)
    assert (await first.post(lesson, "whep")).status_code == 201
    now = frame.now() + timedelta(hours=2)
    frame.now = lambda: now
    second = await sign_in(client, frame, teacher)
    assert (await second.post(lesson, "whep")).status_code == 201
    async with frame.database.write() as session:
        await log_out(session, second.token)
    assert await standing.ended() == "watch-1"
    assert set(standing.sessions) == {"watch-0"}
