"""What nginx must do for lessons: coalesce, remember what never changes, pass the rest untouched."""

import asyncio
import gzip
import json
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from websockets.asyncio.client import connect

from tests.deploy.conftest import Serve, free_port
from tests.media_commands.commands import run, running
from tests.media_commands.live_server import serving
from tongke_platform.demo.lesson import cache_folder, lesson_file

ADDRESSES = ("whip_url", "whep_url", "hls_url")

Message = MutableMapping[str, Any]
Trust = Callable[[], ssl.SSLContext]


class Upstream:
    """Answers as the web and HLS servers do, and counts what reached it."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self.headers: dict[str, dict[str, str]] = {}
        self.bodies: dict[str, bytes] = {}
        self.release = asyncio.Event()
        self.blocked = asyncio.Event()

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        if scope["type"] == "websocket":
            await self._echo(receive, send)
            return
        query = scope["query_string"].decode()
        target = f"{scope['method']} {scope['path']}{'?' if query else ''}{query}"
        self.seen[target] += 1
        self.headers[target] = {name.decode(): value.decode() for name, value in scope["headers"]}
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        self.bodies[target] = body
        await self._answer(scope["path"], query, target, send)

    async def _answer(
        self, path: str, query: str, target: str, send: Callable[[Message], Awaitable[None]]
    ) -> None:
        headers, body, status = {"cache-control": "private, no-store"}, target.encode(), 200
        if "_HLS_msn" in query or path.endswith("9.3.m4s"):
            self.blocked.set()
            await self.release.wait()
        if path.startswith("/media/") and path.endswith(".m3u8"):
            headers = {"cache-control": "public, max-age=1", "vary": "accept-encoding"}
            if "gzip" in self.headers[target].get("accept-encoding", ""):
                headers["content-encoding"], body = "gzip", gzip.compress(body)
        elif path.startswith("/media/"):
            headers = {"cache-control": "public, immutable, max-age=31536000"}
        elif path.endswith(("/whip", "/whep")):
            headers, status = {"location": f"{path}/one", "etag": '"e"'}, 201
        elif path.endswith("/refused"):
            headers, status = {"retry-after": "2"}, 409
        headers["content-length"] = str(len(body))
        pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": pairs})
        await send({"type": "http.response.body", "body": body})

    async def _echo(
        self,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": message["text"].upper()})


@asynccontextmanager
async def standing(
    nginx: Serve, trust: Trust
) -> AsyncIterator[tuple[httpx2.AsyncClient, Upstream, Upstream]]:
    web, hls = Upstream(), Upstream()
    async with serving(web) as web_url, serving(hls) as hls_url:
        ports = [httpx2.URL(url).port or 0 for url in (web_url, hls_url)]
        async with (
            nginx(ports[0], ports[1]) as base,
            httpx2.AsyncClient(
                base_url=base, verify=trust(), trust_env=False, timeout=20
            ) as client,
        ):
            yield client, web, hls


async def test_blocking_reloads_reach_the_server_once(nginx: Serve, trust: Trust) -> None:
    async with standing(nginx, trust) as (client, _, hls):
        address = "/media/key/lead-v-f/index.m3u8?_HLS_msn=7&_HLS_part=2"
        waiting = [asyncio.create_task(client.get(address)) for _ in range(40)]
        await hls.blocked.wait()
        # The others are in nginx by the time a request sent after them is answered.
        assert (await client.get("/media/key/init-0.mp4")).status_code == 200
        hls.release.set()
        answers = await asyncio.gather(*waiting)
    assert hls.seen[f"GET {address}"] == 1
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1


async def test_every_reload_is_its_own(nginx: Serve, trust: Trust) -> None:
    async with standing(nginx, trust) as (client, _, hls):
        hls.release.set()
        for part in range(3):
            address = f"/media/key/lead-a/index.m3u8?_HLS_msn=7&_HLS_part={part}"
            assert (await client.get(address)).text == f"GET {address}"


async def test_parts_are_stored_and_a_hinted_one_waits(nginx: Serve, trust: Trust) -> None:
    async with standing(nginx, trust) as (client, _, hls):
        hinted = [asyncio.create_task(client.get("/media/key/v/9.3.m4s")) for _ in range(10)]
        await hls.blocked.wait()
        hls.release.set()
        answers = await asyncio.gather(*hinted)
        again = await client.get("/media/key/v/9.3.m4s")
        assert hls.seen["GET /media/key/v/9.3.m4s"] == 1
        assert again.headers["x-cache"] == "HIT"
        assert "immutable" in again.headers["cache-control"]
        assert {answer.content for answer in (*answers, again)} == {b"GET /media/key/v/9.3.m4s"}
        some = await client.get("/media/key/v/9.3.m4s", headers={"range": "bytes=0-2"})
        assert (some.status_code, some.content) == (206, b"GET")


async def test_playlists_are_stored_once_for_each_encoding(nginx: Serve, trust: Trust) -> None:
    async with standing(nginx, trust) as (client, _, hls):
        for encoding in ("gzip, deflate, br", "br;q=1.0, gzip;q=0.8", "identity", ""):
            headers = {"accept-encoding": encoding}
            answer = await client.get("/media/key/index.m3u8", headers=headers)
            assert answer.text == "GET /media/key/index.m3u8"
            assert ("gzip" in encoding) == ("content-encoding" in answer.headers)
        assert hls.seen["GET /media/key/index.m3u8"] <= 2


async def test_signalling_is_passed_untouched(nginx: Serve, trust: Trust) -> None:
    async with standing(nginx, trust) as (client, web, _):
        headers = {"authorization": "Bearer code", "content-type": "application/sdp"}
        made = await client.post("/live/one/whip", content=b"v=0\r\n", headers=headers)
        assert (made.status_code, made.headers["etag"]) == (201, '"e"')
        assert made.headers["location"] == "/live/one/whip/one"
        assert web.bodies["POST /live/one/whip"] == b"v=0\r\n"
        seen = web.headers["POST /live/one/whip"]
        assert seen["authorization"] == "Bearer code"
        assert seen["x-forwarded-proto"] == "https"
        assert seen["host"] == client.base_url.netloc.decode()
        patch = await client.patch("/live/one/whip/one", headers={"if-match": '"e"'})
        assert patch.status_code == 200
        assert web.headers["PATCH /live/one/whip/one"]["if-match"] == '"e"'
        assert (await client.delete("/live/one/whip/one")).status_code == 200


async def test_what_is_for_one_viewer_is_not_stored(nginx: Serve, trust: Trust) -> None:
    async with standing(nginx, trust) as (client, web, _):
        for _ in range(2):
            await client.get("/live/one/hls/index.m3u8?token=t")
        assert web.seen["GET /live/one/hls/index.m3u8?token=t"] == 2
        refused = await client.get("/refused")
        assert (refused.status_code, refused.headers["retry-after"]) == (409, "2")


async def test_web_sockets(nginx: Serve, trust: Trust) -> None:
    async with standing(nginx, trust) as (client, _, _):
        address = str(client.base_url.join("/api/wire")).replace("https", "wss")
        async with connect(address, ssl=trust(), proxy=None) as page:
            await page.send("hello")
            assert await page.recv() == "HELLO"


async def test_plain_http_is_sent_to_https(nginx: Serve, trust: Trust, tmp_path: Path) -> None:
    async with standing(nginx, trust) as (client, _, _):
        text = (tmp_path / "site.conf").read_text()
        port = text.split("listen 127.0.0.1:")[1].split(";")[0]
        answer = await client.get(f"http://127.0.0.1:{port}/room/abc")
        assert answer.status_code == 308
        assert answer.headers["location"].startswith("https://")


async def test_the_log_has_no_address_in_it(nginx: Serve, trust: Trust, tmp_path: Path) -> None:
    async with standing(nginx, trust) as (client, _, hls):
        hls.release.set()
        await client.get("/media/a-secret-key/v/1.m4s")
        await client.get("/room/another-secret")
    log = (tmp_path / "access.log").read_text()
    assert log.count("GET 200") == 2
    assert "secret" not in log


@pytest.mark.timeout(240)
async def test_a_lesson_comes_through(nginx: Serve, tmp_path: Path) -> None:
    """The real server behind the real nginx: sent over TLS, watched over TLS."""
    web, hls, media = free_port(), free_port(), free_port()
    ready_file = tmp_path / "ready.json"
    options = ["--port", str(web), "--media-port", str(media), "--host", "127.0.0.1"]
    options += ["--data-dir", str(tmp_path / "data"), "--ready-file", str(ready_file)]
    async with nginx(web, hls) as base:
        settings = {"TONGKE_HLS_PORT": str(hls), "TONGKE_HLS_BASE_URL": base}
        async with running("demo", "--no-publish", *options, **settings) as demo:
            await demo.printed("Ctrl-C")
            ready = json.loads(ready_file.read_text())
            outside = {name: ready[name].replace(ready["base_url"], base) for name in ADDRESSES}
            video = str(lesson_file(cache_folder()))
            tls = {"SSL_CERT_FILE": str(tmp_path / "fullchain.pem")}
            publish = ["publish", video, outside["whip_url"], "--loop", "--json"]
            async with running(*publish, TONGKE_TOKEN=ready["whip_token"], **tls) as sending:
                await sending.event("live")
                for carrier in ("whep", "hls"):
                    viewing = await watched(outside[f"{carrier}_url"], ready["whep_token"], tls)
                    assert viewing["width"] == 1280
                    assert viewing["sound"]


async def watched(address: str, token: str, tls: dict[str, str]) -> dict[str, Any]:
    """What a room gets; before the first segment is there the server asks for patience."""
    while True:
        code, out, errors = await run(
            *("watch", address, "--seconds", "2", "--json"), TONGKE_TOKEN=token, **tls
        )
        if code == 0:
            viewing: dict[str, Any] = json.loads(out)
            return viewing
        assert code == 1, errors
