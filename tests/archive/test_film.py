"""A lesson as one MP4: what libav and Chromium make of it."""

import asyncio
import io
import shutil
from itertools import pairwise
from pathlib import Path

import av
import pytest
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame
from playwright.async_api import async_playwright

from tests.archive.films import FPS, S, away, pictures_at, record, sound_at
from tests.hls_media.checks import levels
from tests.hls_media.feed import T0, Feed
from tests.hls_media.media import pictures
from tongke_streaming.archive.film import Silent, plan_film

SMALL = {"width": 160, "height": 96}
LARGE = {"width": 320, "height": 192}


def lesson(seconds: int = 6) -> Feed:
    feed = Feed()
    pictures_at(feed, 1, pictures(seconds * FPS), T0)
    sound_at(feed, 2, seconds, T0)
    feed.end(T0 + seconds * S + 50_000)
    return feed


def taken_over() -> Feed:
    """Four seconds from one camera, four of nothing, four from another, with other pictures."""
    feed = Feed()
    pictures_at(feed, 1, pictures(4 * FPS, **SMALL), T0)
    sound_at(feed, 2, 4, T0)
    away(feed, T0 + 4 * S + 50_000)
    back = T0 + 8 * S
    pictures_at(feed, 3, pictures(4 * FPS, **LARGE, cabac=True), back, epoch=1)
    sound_at(feed, 4, 4, back, epoch=1)
    feed.end(back + 4 * S + 50_000)
    return feed


def decoded(data: bytes) -> tuple[float, list[VideoFrame], list[AudioFrame]]:
    """Length in seconds, pictures and sound."""
    with av.open(io.BytesIO(data), "r") as container:
        length = (container.duration or 0) / 1e6
        frames: list[object] = list(container.decode(*container.streams))
    shown = [one for one in frames if isinstance(one, VideoFrame)]
    heard = [one for one in frames if isinstance(one, AudioFrame)]
    return length, shown, heard


def at(frame: VideoFrame | AudioFrame) -> float:
    assert frame.pts is not None
    assert frame.time_base is not None
    return float(frame.pts * frame.time_base)


async def test_a_lesson_decodes_whole(tmp_path: Path) -> None:
    archive = await record(tmp_path, lesson())
    data, film = archive.whole(), archive.film()
    length, shown, heard = decoded(data)
    assert abs(length - 6) < 0.1
    assert abs(film.duration_ms / 1000 - 6) < 0.1
    assert len(shown) == 6 * FPS
    assert max(abs(at(one) - n / FPS) for n, one in enumerate(shown)) < 0.101
    assert all(abs(a - b - 1024 / 48000) < 1e-6 for b, a in pairwise(map(at, heard)))
    assert b"avc1" in film.head, "players that know no other"


async def test_any_bytes_are_those_of_the_whole(tmp_path: Path) -> None:
    archive = await record(tmp_path, lesson(2))
    data, film = archive.whole(), archive.film()
    assert archive.film().digest == film.digest
    step = 7919
    for start in range(0, len(data), step):
        found = b""
        for piece, low, high in film.between(start, min(start + step, len(data))):
            whole = piece if isinstance(piece, bytes) else archive.bytes_of(piece)
            found += whole[low:high]
        assert found == data[start : start + step]


async def test_another_camera_and_a_gap(tmp_path: Path) -> None:
    """The lesson's own clock: what was shown in its ninth second is there in the ninth."""
    archive = await record(tmp_path, taken_over())
    data = archive.whole()
    length, shown, heard = decoded(data)
    assert abs(length - 12) < 0.2
    assert [one.width for one in shown] == [160] * 4 * FPS + [320] * 4 * FPS
    times = [at(one) for one in shown]
    assert times == sorted(set(times))
    assert abs(times[4 * FPS] - times[0] - 8) < 0.01
    assert all(abs(a - b - 1024 / 48000) < 1e-6 for b, a in pairwise(map(at, heard)))
    pcm = levels(heard)
    rate, first = 48_000, round(times[0] * 48_000)
    loud = [
        max(map(abs, pcm[first + n * rate : first + (n + 1) * rate // 1])) > 0.1 for n in range(12)
    ]
    silent = pcm[first + 9 * rate // 2 : first + 15 * rate // 2]
    assert max(map(abs, silent)) < 1e-4
    assert loud[0]
    assert loud[8]
    assert any(isinstance(one, Silent) for one in archive.film().pieces)


async def test_a_jump_into_another_camera(tmp_path: Path) -> None:
    data = (await record(tmp_path, taken_over())).whole()
    with av.open(io.BytesIO(data), "r") as container:
        for second, width in ((9.0, 320), (1.0, 160), (10.5, 320), (3.0, 160)):
            container.seek(round(second * 1e6))
            frame = next(container.decode(container.streams.video[0]))
            assert frame.width == width
            assert second - 2.1 < at(frame) <= second


async def test_the_largest_layer_that_has_it_all(tmp_path: Path) -> None:
    def both(lost: range) -> Feed:
        feed = Feed()
        pictures_at(feed, 1, pictures(8 * FPS, **SMALL), T0, layer="h")
        pictures_at(feed, 2, pictures(8 * FPS, **LARGE), T0, layer="f", cuts=False, lost=lost)
        sound_at(feed, 3, 8, T0)
        feed.end(T0 + 8 * S + 50_000)
        return feed

    for name, lost, width in (("all", range(0), 320), ("part", range(2, 4), 160)):
        archive = await record(tmp_path / name, both(lost))
        _, shown, _ = decoded(archive.whole())
        assert {one.width for one in shown} == {width}, name
        assert len(shown) == 8 * FPS


async def test_pictures_that_overlap_are_cut_short(tmp_path: Path) -> None:
    """A camera that takes over begins up to 0.1 s before the other's last picture ends."""
    archive = await record(tmp_path, lesson(4))
    history = archive.history
    second = history.renditions["lead-v-f"].segments[1]
    second.start_us -= 100_000
    film = plan_film(history, "lead")
    assert film is not None
    data = film.head + b"".join(map(archive.bytes_of, film.pieces))
    pieces = [one for one in film.pieces if one.track == 1]
    assert not isinstance(pieces[0], Silent)
    assert pieces[0].until is not None
    with av.open(io.BytesIO(data), "r") as container:
        packets = [one for one in container.demux(video=0) if one.dts is not None]
    ends = [(one.dts or 0) + (one.duration or 0) for one in packets[: 2 * FPS]]
    assert max(ends) <= pieces[0].until
    assert len(set(ends)) == len(ends)


async def test_what_is_not_over_or_not_ours_is_no_film(tmp_path: Path) -> None:
    archive = await record(tmp_path, lesson(2))
    history = archive.history
    assert plan_film(history, "screen") is None
    history.ended_us = None
    assert plan_film(history, "lead") is None
    film = archive.film()
    piece = next(one for one in film.pieces if not isinstance(one, Silent))
    data = (archive.path / piece.name).read_bytes()
    for torn in (data[: len(data) // 2], b"", b"\xff" * len(data)):
        with pytest.raises(ValueError, match="segment"):
            piece.made_of(torn)


async def test_sound_alone(tmp_path: Path) -> None:
    feed = Feed()
    feed.live(T0 - 1000)
    feed.cut(T0, T0)
    sound_at(feed, 1, 3, T0)
    feed.end(T0 + 3 * S + 50_000)
    length, shown, heard = decoded((await record(tmp_path, feed)).whole())
    assert not shown
    assert heard
    assert abs(length - 3) < 0.2


WATCH = """(rate) => new Promise((resolve) => {
  const video = document.querySelector("video");
  const told = { waits: 0, widths: new Set() };
  video.addEventListener("waiting", () => told.waits += 1);
  for (const name of ["resize", "playing"])
    video.addEventListener(name, () => told.widths.add(video.videoWidth));
  const done = (state) => resolve({
    state, at: video.currentTime, duration: video.duration, waits: told.waits,
    widths: [...told.widths] });
  video.addEventListener("ended", () => done("ended"));
  video.addEventListener("error", () => done(video.error.message));
  video.muted = true;
  video.playbackRate = rate;
  video.src = "lesson.mp4";
  video.play();
})"""
JUMP = """(to) => new Promise((resolve) => {
  const video = document.querySelector("video");
  video.addEventListener("seeked", () => resolve(video.videoWidth), { once: true });
  video.currentTime = to;
})"""


async def test_chromium_plays_it_from_a_folder(tmp_path: Path) -> None:
    """Without a server: as it lies on a stick."""
    archive = await record(tmp_path, taken_over())
    (tmp_path / "lesson.mp4").write_bytes(archive.whole())
    (tmp_path / "page.html").write_text("<!doctype html><video></video>")
    arguments = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
    async with asyncio.timeout(60), async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=arguments
        )
        page = await browser.new_page()
        await page.goto((tmp_path / "page.html").as_uri())
        told = await page.evaluate(WATCH, 4)
        assert told["state"] == "ended"
        assert abs(told["at"] - 12) < 0.2
        assert abs(told["duration"] - 12) < 0.2
        assert sorted(told["widths"]) == [160, 320]
        for to, width in ((9, 320), (1, 160), (10.5, 320), (3, 160)):
            assert await page.evaluate(JUMP, to) == width
        await browser.close()
