"""The hls process: its control socket, its end, and SIGKILL in the middle of a lesson."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from tests.hls.processes import (
    KEY,
    LESSON,
    FakeRelay,
    Process,
    fake_relay,
    running,
    until_part,
    web,
)
from tests.hls_media.feed import video_frames
from tongke_streaming.clock import SystemClock
from tongke_streaming.frames import Message, Refused
from tongke_streaming.hls.client import HlsClient

S = 1_000_000
VIDEO = "lead-v-f/index.m3u8"


@pytest.fixture
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(timeout=20, trust_env=False) as client:
        yield client


@pytest.fixture
async def relay(data_dir: Path) -> AsyncIterator[FakeRelay]:
    async with fake_relay(data_dir) as made:
        yield made


def listed_us(text: str) -> int:
    """Media in a playlist: its closed segments and the parts of the open one."""
    total, parts = 0.0, 0.0
    for line in text.splitlines():
        if found := re.match(r"#EXT-X-PART:DURATION=([\d.]+)", line):
            parts += float(found[1])
        elif found := re.match(r"#EXTINF:([\d.]+)", line):
            total, parts = total + float(found[1]), 0.0
    return round((total + parts) * S)


async def whole(http: httpx2.AsyncClient, process: Process, init: int, msns: range) -> bytes:
    names = [f"init-{init}.mp4", *(f"{msn}.m4s" for msn in msns)]
    answers = [await http.get(process.media(f"lead-v-f/{name}")) for name in names]
    assert {answer.status_code for answer in answers} == {200}
    return b"".join(answer.content for answer in answers)


def count_pictures(data: bytes) -> int:
    return len(video_frames(data))


async def test_requests(data_dir: Path, relay: FakeRelay, http: httpx2.AsyncClient) -> None:
    heard: list[Message] = []
    async with running(data_dir) as process, web(data_dir, heard) as client:
        with pytest.raises(Refused) as refused:
            await client.status(LESSON)
        assert (refused.value.status, refused.value.code) == (404, "no_lesson")
        await client.open(LESSON, KEY)
        await client.open(LESSON, KEY)
        with pytest.raises(Refused) as refused:
            await client.multivariant(LESSON, KEY, process.base)
        assert (refused.value.status, refused.value.code) == (404, "nothing_yet")
        with pytest.raises(Refused) as refused:
            await client.open("../x", KEY)
        assert refused.value.status == 400
        await relay.pulled.wait()
        us = SystemClock().now_us() - 5 * S
        relay.tracks(1, 0, us)
        relay.media(1, 0, us, 5)
        await until_part(http, process, 2, 0)
        text = await client.multivariant(LESSON, KEY, process.base)
        addresses = re.findall(r"^http.*$", text, re.MULTILINE)
        assert [(await http.get(url)).status_code for url in addresses] == [200, 200]
        assert heard == [{"ev": "recording", "lesson": LESSON, "state": "ok", "reason": ""}]
        status = await client.status(LESSON)
        assert status["recording"] == "ok"
        assert abs(status["first_us"] - us) < 100_000
        relay.event("end", us=us + 5 * S)
        await client.finish(LESSON)
        assert (await http.get(addresses[0])).text.endswith("#EXT-X-ENDLIST\n")
        await client.finish(LESSON)
        assert (await client.status(LESSON))["ended"] is True


async def test_finish_without_the_relays_word(
    data_dir: Path, relay: FakeRelay, http: httpx2.AsyncClient
) -> None:
    async with running(data_dir) as process, web(data_dir) as client:
        await client.open(LESSON, KEY)
        await relay.pulled.wait()
        us = SystemClock().now_us() - 5 * S
        relay.tracks(1, 0, us)
        relay.media(1, 0, us, 5)
        await until_part(http, process, 2, 0)
        await client.finish(LESSON)
        text = (await http.get(process.media(VIDEO))).text
        assert text.endswith("2.m4s\n#EXT-X-ENDLIST\n")


async def test_stopping_answers_who_waits(
    data_dir: Path, relay: FakeRelay, http: httpx2.AsyncClient
) -> None:
    async with running(data_dir) as process, web(data_dir) as client:
        await client.open(LESSON, KEY)
        await relay.pulled.wait()
        us = SystemClock().now_us() - 3 * S
        relay.tracks(1, 0, us)
        relay.media(1, 0, us, 3)
        await until_part(http, process, 1, 0)
        url = process.media(f"{VIDEO}?_HLS_msn=3")
        waiting = asyncio.ensure_future(http.get(url))
        metrics = f"{process.base}/metrics"
        async with asyncio.timeout(10):
            while "tongke_hls_waiting 1.0" not in (await http.get(metrics)).text:
                pass
        process.child.terminate()
        assert (await waiting).status_code in (200, 503)
        async with asyncio.timeout(10):
            assert await process.child.wait() == 0


async def test_killed_in_mid_lesson(
    data_dir: Path, relay: FakeRelay, http: httpx2.AsyncClient
) -> None:
    us = SystemClock().now_us() - 7 * S
    async with running(data_dir) as process, web(data_dir) as client:
        await client.open(LESSON, KEY)
        await relay.pulled.wait()
        relay.tracks(1, 0, us)
        relay.media(1, 0, us, 7)
        before = await until_part(http, process, 3, 0)
        process.child.kill()
        await process.child.wait()
    async with running(data_dir) as process, web(data_dir) as client:
        after = (await http.get(process.media(VIDEO))).text
        assert listed_us(after) >= listed_us(before)
        assert listed_us(after) >= 6 * S, "all but the last second"
        assert "\n3.m4s\n" in after, "the open segment is closed with the parts it had"
        assert count_pictures(await whole(http, process, 0, range(4))) >= 6 * 20
        await _go_on(relay, client, http, process, us)
    async with running(data_dir) as process, web(data_dir) as client:
        replay = (await http.get(process.media(VIDEO))).text
        assert replay.endswith("#EXT-X-ENDLIST\n")
        assert count_pictures(await whole(http, process, 1, range(7, 9))) == 80


async def _go_on(
    relay: FakeRelay, client: HlsClient, http: httpx2.AsyncClient, process: Process, us: int
) -> None:
    """The relay had gone on and cuts segment 7 now: 4, 5 and 6 are lost."""
    await relay.pulled.wait()
    at = SystemClock().now_us()
    relay.tracks(11, 0, at)
    relay.media(11, 7, at, 4)
    relay.event("end", us=at + 4 * S)
    await client.finish(LESSON)
    text = (await http.get(process.media(VIDEO))).text
    assert re.findall(r"#EXT-X-GAP\n#EXTINF:[\d.]+,\n(\d+)\.m4s", text) == ["4", "5", "6"]
    assert text.count("#EXT-X-DISCONTINUITY\n") == 1
    assert "#EXT-X-MEDIA-SEQUENCE:0\n" in text
    status = await client.status(LESSON)
    assert status["ended"] is True
    (gap,) = status["gaps"]
    assert us + 6 * S <= gap[0] < gap[1]
    assert abs(gap[1] - at) < S
