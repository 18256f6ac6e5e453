"""Over a real socket."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.hls.cmaf import picture, sound
from tests.hls.rig import KEY, LESSON, T0, Feeder, Rig, rig
from tongke_streaming.frames import Refused
from tongke_streaming.hls import server
from tongke_streaming.hls.query import (
    BadRequest,
    Directives,
    accepts_gzip,
    parse_directives,
    parse_range,
)

VIDEO, SOUND = "lead-v-f", "lead-a"


class Live:
    """A lesson with five and a half segments of picture and sound."""

    def __init__(self, rig: Rig, client: httpx2.AsyncClient) -> None:
        self.rig = rig
        self.client = client
        self.picture = Feeder(rig.library.rendition(LESSON, VIDEO), picture(4))
        self.sound = Feeder(rig.library.rendition(LESSON, SOUND), sound(4))
        for _ in range(22):
            self.one()

    def one(self) -> None:
        self.picture.one()
        self.sound.one()

    async def get(self, name: str = "index.m3u8", **headers: str) -> httpx2.Response:
        return await self.client.get(self.rig.media(VIDEO, name), headers=headers)

    async def held(self, name: str) -> "asyncio.Task[httpx2.Response]":
        """A request that the server holds by now."""
        before = len(self.picture.pulse)
        task = asyncio.ensure_future(self.get(name))
        await self.picture.pulse.until(before + 1)
        assert not task.done()
        return task


@pytest.fixture
async def live(tmp_path: Path) -> AsyncIterator[Live]:
    async with rig(tmp_path) as made, made.client() as client:
        await made.library.open(LESSON, KEY)
        yield Live(made, client)


def problem(response: httpx2.Response, status: int) -> str:
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    body = json.loads(response.content)
    assert body["status"] == status
    assert KEY not in response.text
    detail: str = body["detail"]
    return detail


async def test_unknown_addresses(live: Live) -> None:
    base = live.rig.base
    for path in (
        f"/media/{'x' * 32}/index.m3u8",
        "/media/%2e%2e/spool/index.m3u8",
        "/media/short/index.m3u8",
        f"/media/{KEY}/lead-v-z/index.m3u8",
        f"/media/{KEY}/{VIDEO}/%2e%2e/index.m3u8",
        f"/media/{KEY}/{VIDEO}/init-9.mp4",
        f"/media/{KEY}/{VIDEO}/99.m4s",
        f"/media/{KEY}/{VIDEO}/5.m4s",
        f"/media/{KEY}/{VIDEO}/0.7.m4s",
        f"/media/{KEY}/{VIDEO}/5.3.m4s",
        f"/media/{KEY}/{VIDEO}/journal.jsonl",
        "/elsewhere",
    ):
        problem(await live.client.get(base + path), 404)


async def test_multivariant_names_what_had_media(live: Live) -> None:
    live.rig.library.rendition(LESSON, "lead-v-q")
    response = await live.client.get(f"{live.rig.base}/media/{KEY}/index.m3u8")
    assert response.headers["content-type"] == "application/vnd.apple.mpegurl"
    assert "lead-v-q" not in response.text
    assert "RESOLUTION=320x180,FRAME-RATE=20.000" in response.text


async def test_playlist_headers(live: Live) -> None:
    plain = await live.get(**{"Accept-Encoding": "identity"})
    assert plain.headers["cache-control"] == "public, max-age=1"
    assert plain.headers["access-control-allow-origin"] == "*"
    assert "content-encoding" not in plain.headers
    zipped = await live.get(**{"Accept-Encoding": "gzip"})
    assert zipped.headers["content-encoding"] == "gzip"
    assert zipped.headers["vary"] == "accept-encoding"
    assert zipped.content == plain.content


async def test_gzip_of_a_long_playlist_is_whole(live: Live) -> None:
    live.picture.segments(60)
    made = live.picture.sink.playlist(delta=False, gzip=True)
    assert gzip.decompress(made) == live.picture.sink.playlist(delta=False, gzip=False)
    delta = live.picture.sink.playlist(delta=True, gzip=True)
    assert b"SKIPPED-SEGMENTS" in gzip.decompress(delta)


async def test_segment_is_its_parts(live: Live) -> None:
    parts = [await live.get(f"4.{index}.m4s") for index in range(4)]
    assert [part.content for part in parts] == [
        live.picture.made.parts[index].data for index in range(4)
    ]
    whole = await live.get("4.m4s")
    assert whole.content == b"".join(part.content for part in parts)
    assert whole.headers["cache-control"] == "public, immutable, max-age=31536000"
    assert whole.headers["content-type"] == "video/mp4"
    init = await live.get("init-0.mp4")
    assert init.content == live.picture.made.init


async def test_head_and_options(live: Live) -> None:
    url = live.rig.media(VIDEO, "4.m4s")
    head = await live.client.head(url)
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) == len((await live.get("4.m4s")).content)
    options = await live.client.options(url)
    assert options.status_code == 204
    assert "GET" in options.headers["access-control-allow-methods"]
    assert problem(await live.client.post(url), 405)


async def test_ranges(live: Live) -> None:
    whole = (await live.get("4.m4s")).content
    for asked, expected in (
        ("bytes=0-", whole),
        ("bytes=10-19", whole[10:20]),
        ("bytes=-5", whole[-5:]),
        (f"bytes=5-{len(whole) + 9}", whole[5:]),
    ):
        response = await live.get("4.m4s", Range=asked)
        assert response.status_code == 206
        assert response.content == expected
        assert response.headers["content-range"].endswith(f"/{len(whole)}")
    beyond = await live.get("4.m4s", Range=f"bytes={len(whole)}-")
    problem(beyond, 416)
    assert beyond.headers["content-range"] == f"bytes */{len(whole)}"
    assert (await live.get("4.m4s", Range="bytes=0-1,3-4")).status_code == 200


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("_HLS_part=1", 400),
        ("_HLS_msn=x", 400),
        ("_HLS_msn=-1", 400),
        ("_HLS_msn=", 400),
        ("_HLS_msn=1&_HLS_msn=2", 400),
        ("_HLS_msn=%D9%A1", 400),
        ("_HLS_msn=99999999999999999999999", 400),
        ("_HLS_msn=8", 400),
        ("_HLS_msn=5&_HLS_part=9", 400),
        ("_HLS_skip=no", 400),
        ("_HLS_msn=5&_HLS_part=1&_HLS_skip=v2", 200),
        ("_HLS_msn=2", 200),
        ("_HLS_msn=2&_HLS_part=400", 200),
        ("_HLS_push=1&token=x", 200),
    ],
)
async def test_directives(live: Live, query: str, status: int) -> None:
    response = await live.get(f"index.m3u8?{query}")
    if status == 200:
        assert response.status_code == 200
        assert response.text.startswith("#EXTM3U")
    else:
        problem(response, status)


async def test_blocking_until_the_part(live: Live) -> None:
    task = await live.held("index.m3u8?_HLS_msn=5&_HLS_part=2")
    live.one()
    assert '#EXT-X-PART:DURATION=0.500000,URI="5.2.m4s"' in (await task).text


async def test_blocking_until_the_segment(live: Live) -> None:
    task = await live.held("index.m3u8?_HLS_msn=5")
    live.one()
    await live.picture.pulse.until(1)
    live.one()
    assert "\n5.m4s\n" in (await task).text


async def test_part_past_the_end_means_the_next_segment(live: Live) -> None:
    task = await live.held("index.m3u8?_HLS_msn=5&_HLS_part=4")
    live.one()
    live.one()
    await live.picture.pulse.until(1)
    live.one()
    assert '"6.0.m4s"' in (await task).text


async def test_end_answers_every_wait(live: Live) -> None:
    waits = [
        await live.held("index.m3u8?_HLS_msn=6"),
        await live.held("index.m3u8?_HLS_msn=5&_HLS_part=3"),
    ]
    hinted = await live.held("5.2.m4s")
    live.rig.library.ended(LESSON, T0 + 11_000_000)
    for task in waits:
        assert (await task).text.endswith("#EXT-X-ENDLIST\n")
    problem(await hinted, 404)
    after = await live.get("index.m3u8?_HLS_msn=5000")
    assert after.text.endswith("\n5.m4s\n#EXT-X-ENDLIST\n")
    assert after.headers["cache-control"] == "public, max-age=60"


async def test_gap_still_open_at_the_end_is_left_out(live: Live) -> None:
    live.one()
    live.one()
    live.picture.sink.segment(6, live.picture.at_us, discontinuity=False, gap=True)
    live.rig.library.ended(LESSON, live.picture.at_us + 1_000)
    text = (await live.get()).text
    assert text.endswith("\n5.m4s\n#EXT-X-ENDLIST\n")
    assert "#EXT-X-GAP" not in text


async def test_hinted_part_comes_whole(live: Live) -> None:
    task = await live.held("5.2.m4s")
    live.one()
    assert (await task).content == live.picture.made.parts[22 % 8].data


async def test_hinted_part_that_never_comes(live: Live) -> None:
    live.one()
    live.one()
    task = await live.held("6.0.m4s")
    live.picture.gap()
    problem(await task, 404)


async def test_gap_is_listed_and_answers_404(live: Live) -> None:
    live.one()
    live.one()
    task = await live.held("index.m3u8?_HLS_msn=6&_HLS_part=0")
    live.picture.gap()
    text = (await task).text
    assert "#EXT-X-GAP\n#EXTINF:4.000000,\n6.m4s\n" in text
    problem(await live.get("6.m4s"), 404)
    live.one()
    text = (await live.get()).text
    assert "#EXT-X-DISCONTINUITY\n#EXT-X-PROGRAM-DATE-TIME" in text


async def test_held_too_long(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "HOLD_S", 0.2)
    response = await live.get("index.m3u8?_HLS_msn=6")
    problem(response, 503)
    assert response.headers["retry-after"] == "1"
    problem(await live.get("5.2.m4s"), 503)


async def test_hundreds_wait_for_one_part(live: Live) -> None:
    tasks = [
        asyncio.ensure_future(live.get("index.m3u8?_HLS_msn=5&_HLS_part=2")) for _ in range(150)
    ]
    parts = [asyncio.ensure_future(live.get("5.2.m4s")) for _ in range(50)]
    await live.picture.pulse.until(200)
    live.one()
    bodies = {(await task).content for task in tasks}
    assert len(bodies) == 1
    assert {(await task).content for task in parts} == {live.picture.made.parts[22 % 8].data}
    assert len(live.picture.pulse) == 0


async def test_hanging_up_while_waiting_leaves_nothing(live: Live) -> None:
    tasks = [await live.held("index.m3u8?_HLS_msn=6") for _ in range(3)]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await live.picture.pulse.until(0)


async def test_closing_ends_waits(live: Live) -> None:
    task = await live.held("index.m3u8?_HLS_msn=6")
    live.rig.app.close()
    problem(await task, 503)


async def test_late_rendition_covers_the_same_time(live: Live) -> None:
    live.one()
    live.one()
    live.picture.gap()
    live.one()
    late = Feeder(live.rig.library.rendition(LESSON, "lead-v-q"), picture(4), live.picture.at_us)
    late.msn = 9
    late.segments(1)
    whole = (await live.get()).text
    text = (await live.client.get(live.rig.media("lead-v-q"))).text
    assert "#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-DISCONTINUITY-SEQUENCE:0\n" in text
    assert text.count("#EXT-X-GAP\n") == 9
    assert "#EXT-X-GAP\n#EXTINF:4.000000,\n6.m4s\n" in text
    assert 'URI="../lead-v-f/index.m3u8",LAST-MSN=7,LAST-PART=0' in text
    assert "\n9.m4s\n" in text
    began = [line for line in whole.split("\n") if line.startswith("#EXT-X-PROGRAM-DATE-TIME")]
    assert began[0] in text, "a player puts both at the same place"


async def test_metrics_and_health(live: Live) -> None:
    await live.get()
    assert (await live.client.get(f"{live.rig.base}/healthz")).text == "ok\n"
    text = (await live.client.get(f"{live.rig.base}/metrics")).text
    assert 'tongke_hls_requests_total{kind="playlist",status="200"} 1.0' in text
    assert KEY not in text


@given(st.binary(max_size=60))
@settings(deadline=None)
def test_any_query_is_understood_or_refused(query: bytes) -> None:
    try:
        found = parse_directives(b"_HLS_msn=" + query)
    except BadRequest:
        return
    assert isinstance(found, Directives)
    assert found.msn is not None
    assert found.msn >= 0


@given(st.text(max_size=30), st.integers(1, 1000))
@settings(deadline=None)
def test_any_range_stays_inside(value: str, size: int) -> None:
    try:
        found = parse_range(f"bytes={value}", size)
    except BadRequest:
        return
    assert found is None or 0 <= found[0] < found[1] <= size


@pytest.mark.parametrize(
    ("value", "accepted"),
    [
        ("gzip, deflate, br", True),
        ("br;q=1.0, gzip;q=0.5", True),
        ("*", True),
        ("gzip;q=0", False),
        ("identity", False),
        ("", False),
    ],
)
def test_accepts_gzip(value: str, accepted: bool) -> None:
    assert accepts_gzip(value) is accepted


FRESH = "f" * 32


async def test_an_old_path_is_gone_and_the_new_one_serves_the_same_bytes(live: Live) -> None:
    names = ("index.m3u8", "init-0.mp4", "0.m4s", "5.0.m4s")
    before = [(await live.get(name)).content for name in names]
    await live.rig.library.open(LESSON, FRESH)
    for name in names:
        assert "renewed" in problem(await live.get(name), 410)
    base = f"{live.rig.base}/media/{FRESH}/{VIDEO}"
    after = [(await live.client.get(f"{base}/{name}")).content for name in names]
    assert after == before
    gone = await live.client.get(f"{live.rig.base}/media/{KEY}/index.m3u8")
    assert gone.status_code == 410
    assert "max-age" in gone.headers["cache-control"], "many ask, and the path never comes back"


@pytest.mark.parametrize("name", ["index.m3u8?_HLS_msn=6&_HLS_part=0", "5.2.m4s"])
async def test_who_waits_under_the_old_path_is_told_at_once(live: Live, name: str) -> None:
    waiting = await live.held(name)
    await live.rig.library.open(LESSON, FRESH)
    async with asyncio.timeout(2):
        problem(await waiting, 410)


async def test_an_old_path_stays_gone_when_the_process_begins_anew(tmp_path: Path) -> None:
    async with rig(tmp_path) as made:
        await made.library.open(LESSON, KEY)
        Feeder(made.library.rendition(LESSON, VIDEO), picture(4)).segments(1)
        await made.library.open(LESSON, FRESH)
    async with rig(tmp_path) as made, made.client() as client:
        problem(await client.get(made.media(VIDEO)), 410)
        answer = await client.get(f"{made.base}/media/{FRESH}/{VIDEO}/index.m3u8")
        assert answer.status_code == 200
        with pytest.raises(Refused) as refused:
            await made.library.open(LESSON, KEY)
        assert (refused.value.status, refused.value.code) == (409, "key_retired")
