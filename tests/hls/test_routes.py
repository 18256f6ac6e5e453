"""What web answers for the hls process."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import HTTPConnection

from tests.hls.cmaf import picture
from tests.hls.processes import web
from tests.hls.rig import KEY, LESSON, Feeder, make_library
from tongke_streaming import frames
from tongke_streaming.authorizer import Act, Grant
from tongke_streaming.clock import SystemClock
from tongke_streaming.frames import Refused
from tongke_streaming.hls.library import Library
from tongke_streaming.hls.process import Control
from tongke_streaming.hls.routes import hls_routes

LIVE = f"/live/{LESSON}/hls/index.m3u8"
REPLAY = f"/replay/{LESSON}/index.m3u8"


class OneLesson:
    """Lets ``token=good`` watch the lesson."""

    async def authorize(self, connection: HTTPConnection, lesson: str, act: Act) -> Grant:
        assert act == "watch"
        token = connection.query_params.get("token")
        if token is None:
            raise Refused(401, "no_credential", "who are you?")
        if token != "good":
            raise Refused(403, "not_yours", "this is another lesson's")
        if lesson != LESSON:
            raise Refused(404, "no_lesson", "there is none")
        return Grant(lesson=lesson, act=act, holder="me", media_key=KEY)


@pytest.fixture
async def library(data_dir: Path) -> AsyncIterator[Library]:
    """A control socket as the hls process has one."""
    library = make_library(data_dir)
    control = Control(library, SystemClock())
    server = await frames.listen(data_dir / "hls.sock", control.link)
    yield library
    server.close()
    control.close()
    await library.stop()


@pytest.fixture
async def client(data_dir: Path, library: Library) -> AsyncIterator[httpx2.AsyncClient]:
    async with web(data_dir) as hls:
        routes = hls_routes(hls, OneLesson(), lambda request, _: "https://media.test")
        transport = httpx2.ASGITransport(Starlette(routes=routes))
        async with httpx2.AsyncClient(transport=transport, base_url="http://web.test") as client:
            yield client


def problem(response: httpx2.Response, status: int, code: str) -> None:
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["access-control-allow-origin"] == "*"
    body = json.loads(response.content)
    assert (body["status"], body["code"]) == (status, code)


@pytest.mark.parametrize("address", [LIVE, REPLAY])
async def test_anonymous(client: httpx2.AsyncClient, address: str) -> None:
    response = await client.get(address)
    problem(response, 401, "no_credential")
    assert response.headers["www-authenticate"] == "Bearer"


async def test_anothers_token(client: httpx2.AsyncClient) -> None:
    problem(await client.get(f"{LIVE}?token=bad"), 403, "not_yours")


async def test_unknown_lesson(client: httpx2.AsyncClient) -> None:
    problem(await client.get("/live/other/hls/index.m3u8?token=good"), 404, "no_lesson")


async def test_nothing_yet(client: httpx2.AsyncClient, library: Library) -> None:
    response = await client.get(f"{LIVE}?token=good")
    problem(response, 409, "nothing_yet")
    assert response.headers["retry-after"] == "1"
    await library.open(LESSON, KEY)
    problem(await client.get(f"{REPLAY}?token=good"), 409, "nothing_yet")


async def test_playlist(client: httpx2.AsyncClient, library: Library) -> None:
    await library.open(LESSON, KEY)
    Feeder(library.rendition(LESSON, "lead-v-f"), picture(4)).segments(1)
    Feeder(library.rendition(LESSON, "screen-v-f"), picture(4)).segments(1)
    for address in (LIVE, REPLAY):
        response = await client.get(f"{address}?token=good")
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("application/vnd.apple.mpegurl")
        assert response.headers["cache-control"] == "private, no-store"
        assert response.headers["access-control-allow-origin"] == "*"
        lines = response.text.splitlines()
        assert lines[-1] == f"https://media.test/media/{KEY}/lead-v-f/index.m3u8"
        assert "good" not in response.text, "the viewer's token is not handed on"
    screen = await client.get(f"{LIVE}?token=good&source=screen")
    assert screen.text.splitlines()[-1].endswith("/screen-v-f/index.m3u8")
    head = await client.head(f"{LIVE}?token=good")
    assert (head.status_code, head.content) == (200, b"")


async def test_preflight(client: httpx2.AsyncClient) -> None:
    response = await client.options(LIVE)
    assert response.status_code == 204
    assert "Authorization" in response.headers["access-control-allow-headers"]


async def test_away(
    client: httpx2.AsyncClient, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def late(*_: object, **__: object) -> None:
        raise TimeoutError

    monkeypatch.setattr("tongke_streaming.frames.StandingLink.request", late)
    response = await client.get(f"{LIVE}?token=good")
    problem(response, 503, "hls_away")
    assert response.headers["retry-after"] == "1"


async def test_web_hears_of_recording(data_dir: Path, library: Library) -> None:
    heard: asyncio.Queue[dict[str, object]] = asyncio.Queue()
    control = Control(library, SystemClock())
    server = await frames.listen(data_dir / "other.sock", control.link)
    link = await frames.connect(
        data_dir / "other.sock",
        lambda: frames.Link(on_event=lambda _, message: heard.put_nowait(message)),
    )
    await link.request("follow")
    control.recording(LESSON, "stopped", "disk_full")
    async with asyncio.timeout(5):
        event = await heard.get()
    assert event == {
        "ev": "recording",
        "lesson": LESSON,
        "state": "stopped",
        "reason": "disk_full",
    }
    with pytest.raises(Refused) as refused:
        await link.request("open", lesson=LESSON)
    assert (refused.value.status, refused.value.code) == (400, "bad_request")
    with pytest.raises(Refused):
        await link.request("dance", lesson=LESSON)
    link.close()
    server.close()
    control.close()


async def test_readers_are_told_until_the_key_is_renewed(data_dir: Path, library: Library) -> None:
    await library.open(LESSON, KEY)
    Feeder(library.rendition(LESSON, "lead-v-f"), picture(4)).segments(1)
    async with web(data_dir) as client:
        for reader in ("room 1", "room 2", "room 1"):
            found = await client.playlist(LESSON, KEY, "http://h", None, reader)
            assert found.known
        assert await client.keys() == [{"lesson": LESSON, "key": KEY, "known": True}]
        assert await client.readers(LESSON) == ["room 1", "room 2"]
        await client.open(LESSON, "f" * 32)
        assert await client.keys() == [{"lesson": LESSON, "key": "f" * 32, "known": True}]
        assert await client.readers(LESSON) == []
        with pytest.raises(Refused) as refused:
            await client.playlist(LESSON, KEY, "http://h", None, "room 1")
        assert refused.value.code == "key_retired"


async def test_a_lesson_read_from_before_is_doubted(data_dir: Path) -> None:
    first = make_library(data_dir)
    await first.open(LESSON, KEY)
    Feeder(first.rendition(LESSON, "lead-v-f"), picture(4)).segments(1)
    await first.stop()
    doubted: list[str] = []
    library = make_library(data_dir, doubted=doubted)
    await library.recover()
    assert not (await library.multivariant(LESSON, KEY, "http://h", None, "room 1"))[1]
    assert doubted == []
    for _ in range(2):
        assert await library.by_key(KEY) is not None
    assert doubted == [LESSON]
    await library.open(LESSON, "f" * 32)
    assert (await library.multivariant(LESSON, "f" * 32, "http://h", None, "room 1"))[1]
    await library.stop()


async def test_more_readers_than_can_be_told_are_not_all_known(library: Library) -> None:
    lesson = await library.open(LESSON, KEY)
    for number in range(8000):
        lesson.note_reader(f"room {number}")
    lesson.note_reader("room 0")
    assert lesson.known
    lesson.note_reader("one more")
    assert not lesson.known
    await library.open(LESSON, "f" * 32)
    assert lesson.known
