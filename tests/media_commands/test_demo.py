import json
import os
import socket
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import httpx2
import pytest

from tests.media_commands.commands import Command, run, running
from tongke_platform.cli.demo_objects import KINDS
from tongke_platform.demo.lesson import cache_folder, lesson_file
from tongke_streaming.ingest.inspect import inspect

KEYS = {
    *("base_url", "lesson_id", "whip_url", "whip_token", "whep_url", "whep_token"),
    *("hls_url", "hls_token", "replay_url", "room_url", "api_token", "accounts"),
    *("other_school_token", "owner_token", "school_codes", "resources", "pid"),
}


def free_port(kind: socket.SocketKind) -> str:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@dataclass
class RunningDemo:
    command: Command
    welcome: str
    ready: dict[str, Any]


@asynccontextmanager
async def demo(folder: Path, *options: str) -> AsyncIterator[RunningDemo]:
    """A demo that has said that it is ready."""
    arguments = [*on_free_ports(), "--data-dir", str(folder / "data"), *options]
    ready = folder / "ready.json"
    async with running("demo", *arguments, "--ready-file", str(ready)) as command:
        welcome = await command.printed("Ctrl-C")
        yield RunningDemo(command, welcome, json.loads(ready.read_text()))


def on_free_ports() -> list[str]:
    ports = ["--port", free_port(socket.SOCK_STREAM)]
    return [*ports, "--media-port", free_port(socket.SOCK_DGRAM), "--host", "127.0.0.1"]


def test_built_in_lesson_is_sent_as_it_is() -> None:
    media = inspect(lesson_file(cache_folder()))
    assert media.picture is not None
    assert media.sound is not None
    assert media.picture.obstacles() == media.sound.obstacles() == []
    assert (media.picture.width, media.picture.height, media.picture.fps) == (1280, 720, 25)
    assert media.duration_s == pytest.approx(60, abs=0.2)


def test_built_in_lesson_moves_and_speaks() -> None:
    with av.open(str(lesson_file(cache_folder())), "r") as container:
        pictures = []
        for frame in container.decode(video=0):
            pictures.append(bytes(frame.reformat(width=64, height=36, format="gray").planes[0]))
            if len(pictures) == 50:
                break
        container.seek(0)
        loudest = 0.0
        for sound in container.decode(audio=0):
            loudest = max(loudest, *memoryview(bytes(sound.planes[0])).cast("f")[:960])
            if sound.time and sound.time > 3:
                break
    assert len(set(pictures)) > 25
    assert loudest > 0.1


@pytest.mark.timeout(240)
async def test_demo_shows_a_lesson_and_can_be_run_again(tmp_path: Path) -> None:
    async with demo(tmp_path) as shown:
        ready = shown.ready
        assert set(ready) == KEYS
        assert ready["school_codes"] == ["mingde", "qingshan", "hewan"]
        assert ready["pid"] == shown.command.process.pid
        assert (tmp_path / "ready.json").stat().st_mode & 0o077 == 0
        assert ready["room_url"] in shown.welcome
        assert ready["accounts"]["lead_teacher"]["password"] in shown.welcome
        await everything_answers(ready)
        await is_watched(ready["whep_url"], ready["whep_token"])
        await is_watched(ready["hls_url"], ready["hls_token"])
        shown.command.process.terminate()
        code, _, errors = await shown.command.finish()
        assert (code, errors) == (0, "")
    assert not (tmp_path / "ready.json").exists()
    assert not processes_of(tmp_path)
    async with demo(tmp_path, "--no-publish") as shown:
        assert shown.ready["lesson_id"] == ready["lesson_id"]
        assert shown.ready["accounts"] == ready["accounts"]
        assert shown.ready["owner_token"] == ready["owner_token"]


async def is_watched(address: str, token: str) -> None:
    code, out, errors = await run("watch", address, "--seconds", "2", "--json", TONGKE_TOKEN=token)
    assert (code, errors) == (0, "")
    viewing = json.loads(out)
    assert (viewing["width"], viewing["height"]) == (1280, 720)
    assert viewing["sound"]
    assert viewing["pictures"] > 25


async def everything_answers(ready: dict[str, Any]) -> None:
    """Every private address: its owner sees it, a stranger and another school do not."""
    resources = ready["resources"]
    assert {kind: len(found) for kind, found in resources.items()} == {
        kind: len(paths) for kind, paths in KINDS.items()
    }
    addresses = [address for found in resources.values() for address in found]
    async with httpx2.AsyncClient(trust_env=False) as client:

        async def status(address: str, token: str | None = None) -> int:
            headers = {"authorization": f"Bearer {token}"} if token else {}
            return (await client.get(address, headers=headers)).status_code

        for address in addresses:
            assert await status(address) == 401, address
            assert await status(address, ready["owner_token"]) == 200, address
            assert await status(address, ready["other_school_token"]) in {403, 404}, address
        for address in resources["lesson"] + resources["partnership"] + resources["room"]:
            assert await status(address, ready["api_token"]) == 200, address
        assert await status(ready["room_url"]) == 200
    for account in ready["accounts"].values():
        async with httpx2.AsyncClient(trust_env=False) as browser:
            login = await browser.post(f"{ready['base_url']}/api/sessions", json=account)
            assert login.is_success, login.text


def processes_of(folder: Path) -> list[str]:
    """Command lines of processes that still name this folder, as an argument or a setting."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            seen = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        except OSError:
            continue
        if str(folder).encode() in seen and int(process.name) != os.getpid():
            found.append(seen[:200].decode(errors="replace"))
    return found


async def test_what_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "notes.mp4"
    path.write_text("not a video")
    code, out, errors = await run(
        "demo", "--video", str(path), "--data-dir", str(tmp_path / "data")
    )
    assert (code, out) == (2, "")
    assert errors == f"tongke: {path}: not a video or sound file\n"
    assert not (tmp_path / "data").exists()


async def test_folder_of_a_real_server_is_left_alone(tmp_path: Path) -> None:
    database = tmp_path / "data" / "tongke.db"
    database.parent.mkdir()
    code, _, errors = await run("migrate", TONGKE_DATA_DIR=str(tmp_path / "data"))
    assert (code, errors) == (0, "")
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(
            "insert into organisations (id, code, name, kind, region_path, created_at)"
            " values ('01', 'real', '真的学校', 'school', '/', '2026-01-01 00:00:00')"
        )
    code, _, errors = await run("demo", "--data-dir", str(tmp_path / "data"), *on_free_ports())
    assert code == 2
    assert "belongs to a real server" in errors
    assert not (tmp_path / "data" / "demo.json").exists()
