import json
from pathlib import Path
from typing import Any

import pytest

from tests.media_commands.commands import run
from tests.media_commands.conftest import Live, make, picture, tone
from tests.media_commands.hls_server import LiveHls, fragments
from tests.media_commands.live_server import serving


@pytest.fixture(scope="session")
def parts(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, list[bytes]]:
    return fragments(tmp_path_factory.mktemp("parts") / "live.mp4", 20)


async def watched(*arguments: str) -> dict[str, Any]:
    code, out, errors = await run("watch", *arguments, "--json")
    assert (code, errors) == (0, "")
    viewing: dict[str, Any] = json.loads(out)
    return viewing


async def test_whep(live: Live) -> None:
    live.server.token = "watch-code"
    viewing = await watched(live.whep_url, "--seconds", "3", "--token", "watch-code")
    assert viewing["carrier"] == "whep"
    assert (viewing["width"], viewing["height"]) == (320, 180)
    assert viewing["sound"]
    assert viewing["fps"] == pytest.approx(30, abs=6)
    assert viewing["loss"] == viewing["freezes"] == 0
    assert viewing["kbps"] > 20
    assert await live.server.deleted.get() == "s0"


async def test_ll_hls(parts: tuple[bytes, list[bytes]]) -> None:
    server = LiveHls(*parts)
    server.token = "watch-code"
    async with serving(server) as base:
        viewing = await watched(f"{base}/hls/index.m3u8", "--seconds", "4", "--token", "watch-code")
    assert viewing["carrier"] == "hls"
    assert (viewing["width"], viewing["height"]) == (320, 180)
    assert viewing["fps"] == pytest.approx(20, abs=1)
    # 1.5 s of hold-back, to the independent part before it (at most 2 s), 0.5 s of part.
    assert 1.5 <= viewing["latency_s"] <= 4.2
    assert viewing["loss"] == viewing["freezes"] == 0
    assert server.blocked >= 5
    assert server.media_authorization == {""}


async def test_stall_is_a_freeze(parts: tuple[bytes, list[bytes]]) -> None:
    server = LiveHls(*parts)
    server.stall_at, server.stall_s = 14, 5.0
    async with serving(server) as base:
        viewing = await watched(f"{base}/hls/index.m3u8", "--seconds", "9")
    assert viewing["freezes"] == 1
    assert 1.0 < viewing["frozen_s"] < 5.0


async def test_on_demand(tmp_path: Path) -> None:
    make(
        tmp_path / "index.m3u8",
        *[*picture("320x180", 25, 4), *tone(48000, 4), "-c:v", "libx264", "-g", "50"],
        *["-c:a", "aac", "-f", "hls", "-hls_playlist_type", "vod", "-hls_segment_type", "fmp4"],
    )

    async def files(scope: Any, receive: Any, send: Any) -> None:
        body = (tmp_path / Path(scope["path"]).name).read_bytes()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})

    async with serving(files) as base:
        viewing = await watched(f"{base}/replay/index.m3u8", "--seconds", "30")
    assert viewing["ended"]
    assert viewing["latency_s"] is None
    assert viewing["pictures"] == 100
    assert viewing["sound"]
    assert viewing["seconds"] == pytest.approx(4, abs=0.2)


async def test_refusal_is_one_line(parts: tuple[bytes, list[bytes]]) -> None:
    server = LiveHls(*parts)
    server.token = "watch-code"
    async with serving(server) as base:
        code, out, errors = await run("watch", f"{base}/hls/index.m3u8", "--token", "other")
    assert (code, out) == (2, "")
    assert errors == "tongke watch: This code is for another lesson.\n"


async def test_lesson_that_is_not_live(live: Live) -> None:
    problem = json.dumps({"detail": "本节课还没有开始。"}).encode()
    live.server.refuse = (409, {"retry-after": "5"}, problem)
    code, _, errors = await run("watch", live.whep_url)
    assert code == 1
    assert errors == "tongke watch: 本节课还没有开始。\n"


@pytest.mark.parametrize("url", ["lesson", "https://host/page", "ftp://host/whep"])
async def test_no_such_address(url: str) -> None:
    code, _, errors = await run("watch", url)
    assert code == 2
    assert len(errors.splitlines()) == 1
