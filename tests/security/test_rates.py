"""How much may be asked at once, by whom; in process and with Redis."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, cast

import httpx2
import pytest
from fastapi import FastAPI

from tests.makers import PASSWORD, Makers
from tests.rights.ways import Answer
from tongke_platform.accounts.limiter import Limiter, LocalLimiter, RedisLimiter
from tongke_platform.accounts.rights import COOKIE
from tongke_platform.app.rates import MAX_KNOWN, LimitRequests, address_of, credential_of
from tongke_platform.app.security import KnowOrigin
from tongke_platform.audit.origin import known
from tongke_platform.database import uuid7
from tongke_platform.frame import Frame
from tongke_platform.settings import Settings

SMALL = {"rate_signed_in": "5/1", "rate_address": "8/1", "rate_address_writes": "2/1"}


@pytest.fixture(params=["local", "redis"])
async def limiter(request: pytest.FixtureRequest, frame: Frame) -> AsyncIterator[Limiter]:
    """In process with a clock that stands still."""
    limiter: Limiter = LocalLimiter(lambda: 0.0)
    if request.param == "redis":
        limiter = RedisLimiter(request.getfixturevalue("redis_url"))
    frame.limiter = limiter
    yield limiter
    await limiter.close()


@dataclass
class Door:
    """The middleware before an application in which ``good`` credentials are somebody's."""

    frame: Frame
    settings: Settings
    good: set[str] = field(default_factory=set)
    reached: int = 0

    def __post_init__(self) -> None:
        self._app = KnowOrigin(LimitRequests(self._inside, self.settings))

    async def _inside(self, scope: Any, receive: Any, send: Any) -> None:
        self.reached += 1
        cookie = dict(scope["headers"]).get(b"cookie", b"").decode()
        if cookie.partition("=")[2] in self.good:
            known(uuid7(), None)
        status = 404 if scope["path"].endswith("/forged") else 200
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def ask(
        self, path: str = "/", *, cookie: str = "", method: str = "GET", address: str = "1.2.3.4",
        **headers: str,
    ) -> Answer:  # fmt: skip
        sent = headers | ({"cookie": f"{COOKIE}={cookie}"} if cookie else {})
        scope = {
            "type": "http", "method": method, "path": path, "query_string": b"",
            "headers": [(key.encode(), value.encode()) for key, value in sent.items()],
            "client": (address, 1), "app": FakeApp(self.frame), "scheme": "http",
            "server": ("school.test", 80),
        }  # fmt: skip
        started: dict[str, Any] = {}

        async def send(message: Any) -> None:
            started.update(message)

        async def receive() -> Any:
            return {"type": "http.request", "body": b""}

        await self._app(scope, receive, send)
        given = {key.decode(): value.decode() for key, value in started["headers"]}
        return Answer(started["status"], given, started["body"])

    async def statuses(self, times: int, **asked: Any) -> list[int]:
        return [(await self.ask(**asked)).status for _ in range(times)]


class FakeApp:
    """What finds the frame, and no more."""

    def __init__(self, frame: Frame) -> None:
        self.state = type("State", (), {"frame": frame})()


@pytest.fixture
def door(frame: Frame, settings: Settings, limiter: Limiter) -> Door:
    return Door(frame, settings.model_copy(update=SMALL))


async def test_anonymous(door: Door) -> None:
    assert await door.statuses(9) == [200] * 8 + [429]
    assert await door.statuses(1, address="5.6.7.8") == [200]


async def test_anonymous_writes_are_fewer(door: Door) -> None:
    assert await door.statuses(3, method="POST") == [200, 200, 429]
    assert await door.statuses(1) == [200]


async def test_who_is_known_is_counted_alone(door: Door) -> None:
    door.good = {"a", "b"}
    assert await door.statuses(7, cookie="a", method="POST") == [200] * 6 + [429]
    assert await door.statuses(6, cookie="b") == [200] * 6


async def test_made_up_credentials_are_their_address(door: Door) -> None:
    tried = [(await door.ask(cookie=str(number))).status for number in range(9)]
    assert tried == [200] * 8 + [429]
    made_up = {"authorization": "Bearer 1"}
    assert (await door.ask(**made_up)).status == 429


async def test_a_classroom_is_known_by_its_address(door: Door) -> None:
    assert await door.statuses(7, path="/room/good/next") == [200] * 6 + [429]
    assert await door.statuses(9, path="/room/forged") == [404] * 7 + [429] * 2


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/static/tongke.css"),
        ("GET", "/healthz"),
        ("GET", "/readyz"),
        ("GET", "/metrics"),
        ("GET", "/live/1/hls/index.m3u8"),
        ("GET", "/replay/1/index.m3u8"),
        ("PATCH", "/live/1/whep/s"),
        ("DELETE", "/live/1/whip/s"),
    ],
)
async def test_what_never_counts(door: Door, method: str, path: str) -> None:
    assert await door.statuses(12, method=method, path=path) == [200] * 12
    assert await door.statuses(2, method="POST") == [200] * 2


async def test_off(frame: Frame, settings: Settings, limiter: Limiter) -> None:
    door = Door(frame, settings.model_copy(update=dict.fromkeys(SMALL, "off")))
    assert set(await door.statuses(20, method="POST")) == {200}


async def test_a_whole_school_behind_one_address(
    frame: Frame, settings: Settings, limiter: Limiter
) -> None:
    """Sixty teachers and thirty classrooms at eight in the morning, each with a page of ten
    requests at once, before a second has passed.
    """
    door = Door(frame, settings, {str(one) for one in range(60)})
    statuses: list[int] = []
    for one in range(60):
        statuses += await door.statuses(1, path="/login")
        statuses += await door.statuses(2, path="/login", method="POST")
        statuses += await door.statuses(10, cookie=str(one))
    for one in range(30):
        statuses += await door.statuses(5, path=f"/room/{one}")
        statuses += await door.statuses(
            1, path="/live/1/whep", method="POST", authorization=f"Bearer {one}"
        )
    assert set(statuses) == {200}


async def test_known_credentials_are_bounded(door: Door) -> None:
    limits = LimitRequests(door._inside, door.settings)
    for number in range(MAX_KNOWN + 10):
        limits._remember(str(number))
    assert len(limits._known) == MAX_KNOWN


def test_addresses() -> None:
    def of(address: str) -> str:
        return address_of({"client": (address, 1)})

    assert of("1.2.3.4") == "1.2.3.4"
    assert of("2001:db8:1:2:3::4") == of("2001:db8:1:2:ffff::1") != of("2001:db8:1:3::1")
    assert of("fe80::1%eth0") == of("fe80::1")
    assert of(":nonsense") == ":nonsense"
    assert address_of({"client": None}) == ""


def test_no_credential_is_kept_as_it_is() -> None:
    scope = {"path": "/", "query_string": b"", "headers": [(b"authorization", b"Bearer SECRET")]}
    assert "SECRET" not in (credential_of(scope) or "")


@pytest.fixture
async def narrow(app: FastAPI, frame: Frame, monkeypatch: pytest.MonkeyPatch) -> FastAPI:
    """The whole application, with room for little."""
    frame.limiter = LocalLimiter(lambda: 0.0)
    for one in app.user_middleware:
        if one.cls is cast(Any, LimitRequests):
            one.kwargs["settings"] = frame.settings.model_copy(update=SMALL)
    app.middleware_stack = app.build_middleware_stack()
    return app


async def test_refused_for_programs_and_for_people(
    narrow: FastAPI, client: httpx2.AsyncClient
) -> None:
    for _ in range(8):
        assert (await client.get("/login")).status_code == 200
    program = await client.get("/api/me")
    assert program.status_code == 429
    assert program.headers["content-type"] == "application/problem+json"
    assert program.json()["code"] == "too_fast"
    assert int(program.headers["retry-after"]) >= 1
    person = await client.get("/login", headers={"accept": "text/html"})
    assert person.status_code == 429
    assert "text/html" in person.headers["content-type"]
    assert "wait a moment" in person.text
    assert person.headers["x-content-type-options"] == "nosniff"
    assert (await client.get("/healthz")).status_code == 200


async def test_who_signs_in_goes_on(
    narrow: FastAPI, client: httpx2.AsyncClient, make: Makers
) -> None:
    someone = await make.person(await make.school())
    body = {"username": someone.username, "password": PASSWORD}
    assert (await client.post("/api/sessions", json=body)).status_code == 201
    assert (await client.get("/api/me")).status_code == 200
    for _ in range(8):
        await client.get("/login", headers={"cookie": ""})
    # The address is used up, this session is not.
    assert (await client.get("/api/me")).status_code == 200
