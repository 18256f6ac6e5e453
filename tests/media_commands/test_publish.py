import asyncio
import json
import os
import signal
from pathlib import Path

import pytest

from tests.media_commands.commands import run, running
from tests.media_commands.conftest import Live, make, picture, tone

TOKEN = "a-publish-code"


def command_lines_of_children(pid: int) -> list[str]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
            if int(parent) == pid:
                found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


async def test_copies_what_webrtc_can_carry(live: Live, ready_video: Path) -> None:
    live.server.token = TOKEN
    async with running(
        "publish", str(ready_video), live.whip_url, "--json", TONGKE_TOKEN=TOKEN
    ) as command:
        assert (await command.event("plan"))["sentence"] == "picture as it is, sound as it is"
        received = await live.server.publishers.get()
        await command.event("live")
        children = command_lines_of_children(command.process.pid)
        assert any("whip" in line for line in children)
        assert not any(TOKEN in line for line in children)
        code, _, errors = await command.finish()
    assert (code, errors) == (0, "")
    assert await live.server.deleted.get() == "s0"
    assert set(received.sizes) == {(640, 360)}
    assert len(received.sizes) > 80
    assert received.sound_frames > 150
    assert received.loudest > 5000


async def test_encodes_a_phone_video_upright(live: Live, phone_video: Path) -> None:
    async with running("publish", str(phone_video), live.whip_url, "--json") as command:
        assert "B-frames" in (await command.event("plan"))["sentence"]
        received = await live.server.publishers.get()
        code, _, _ = await command.finish()
    assert code == 0
    assert set(received.sizes) == {(720, 1280)}
    assert received.sound_frames > 200
    assert received.loudest > 5000


@pytest.mark.parametrize("kind", ["picture", "sound"])
async def test_one_kind_is_enough(live: Live, tmp_path: Path, kind: str) -> None:
    if kind == "picture":
        path = make(tmp_path / "odd.mkv", *picture("321x181", 12, 2), "-c:v", "ffv1")
    else:
        path = make(tmp_path / "surround.flac", *tone(96000, 2), "-ac", "6")
    async with running("publish", str(path), live.whip_url, "--json") as command:
        received = await live.server.publishers.get()
        code, _, errors = await command.finish()
    assert (code, errors) == (0, "")
    if kind == "picture":
        assert set(received.sizes) == {(320, 180)}
    else:
        assert received.loudest > 2000
        assert "m=video" not in received.offer


async def test_goes_on_when_the_server_forgets_it(live: Live, ready_video: Path) -> None:
    async with running("publish", str(ready_video), live.whip_url, "--loop", "--json") as command:
        await command.event("live")
        await live.server.publishers.get()
        await live.server.lose_sessions()
        assert (await command.event("lost"))["reason"] == "the link to the server was lost"
        again = await live.server.publishers.get()
        await again.picture_seen.wait()
        command.process.send_signal(signal.SIGTERM)
        code, _, _ = await command.finish()
    assert code == 0
    await live.server.deleted.get()


async def test_waits_for_a_server_that_is_starting(live: Live, ready_video: Path) -> None:
    live.server.refuse = (503, {"retry-after": "0"}, b"")
    async with running("publish", str(ready_video), live.whip_url, "--json") as command:
        await command.event("retry")
        live.server.refuse = None
        await command.event("live")


@pytest.mark.parametrize("status", [401, 403, 404, 409])
async def test_refusal_is_the_servers_sentence(live: Live, ready_video: Path, status: int) -> None:
    detail = "本节课已经结束。"
    body = json.dumps({"status": status, "detail": detail}).encode()
    live.server.refuse = (status, {"content-type": "application/problem+json"}, body)
    code, out, errors = await run("publish", str(ready_video), live.whip_url)
    assert code == 2
    assert out.splitlines() == ["sending ready.mkv: picture as it is, sound as it is"]
    assert errors == f"tongke publish: {detail}\n"


async def test_what_is_no_video_costs_no_call(live: Live, tmp_path: Path) -> None:
    path = tmp_path / "notes.mp4"
    path.write_text("not a video")
    code, out, errors = await run("publish", str(path), live.whip_url)
    assert (code, out) == (2, "")
    assert errors == f"tongke publish: {path}: not a video or sound file\n"
    assert not live.server.seen_authorization


async def test_ffmpeg_dies_with_the_command(live: Live, ready_video: Path) -> None:
    async with running("publish", str(ready_video), live.whip_url, "--loop", "--json") as command:
        await command.event("live")
        received = await live.server.publishers.get()
        (child,) = (
            int(folder.name)
            for folder in Path("/proc").glob("[0-9]*")
            if parent_of(folder) == command.process.pid
        )
        watched = os.pidfd_open(child)
        gone = asyncio.Event()
        asyncio.get_running_loop().add_reader(watched, gone.set)
        command.process.kill()
        await gone.wait()
        asyncio.get_running_loop().remove_reader(watched)
        os.close(watched)
        assert received.picture_seen.is_set()


def parent_of(folder: Path) -> int:
    try:
        return int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0
