"""The commands against the real server: a phone's video, a relay that is killed, a lesson ended."""

import json
import os
import signal
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from tests.media_commands.commands import run, running
from tests.media_commands.test_demo import demo


def child_of(pid: int, part: str) -> int:
    """The process id of a part of the server whose supervisor is ``pid``."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if f"--parent={pid}".encode() in command and f"_{part}".encode() in command:
            return int(folder.name)
    raise AssertionError(f"no {part} process")


async def watched(address: str, token: str) -> dict[str, Any]:
    code, out, errors = await run("watch", address, "--seconds", "2", "--json", TONGKE_TOKEN=token)
    assert (code, errors) == (0, "")
    viewing: dict[str, Any] = json.loads(out)
    return viewing


@pytest.mark.timeout(240)
async def test_phone_video_survives_the_relay(tmp_path: Path, phone_video: Path) -> None:
    async with demo(tmp_path, "--no-publish") as shown:
        ready = shown.ready
        token = {"TONGKE_TOKEN": ready["whip_token"]}
        arguments = ["publish", str(phone_video), ready["whip_url"], "--loop", "--json"]
        async with running(*arguments, **token) as sending:
            await sending.event("live")
            viewing = await watched(ready["whep_url"], ready["whep_token"])
            assert (viewing["width"], viewing["height"]) == (720, 1280)
            assert viewing["sound"]
            os.kill(child_of(ready["pid"], "relay"), signal.SIGKILL)
            await sending.event("lost")
            await sending.event("live")
            assert (await watched(ready["whep_url"], ready["whep_token"]))["pictures"] > 20
            await end_lesson(ready)
            code, _, errors = await sending.finish()
        assert code == 2
        assert len(errors.splitlines()) == 1
        replay = ready["replay_url"]
        assert (await watched(replay, ready["hls_token"]))["width"] == 720


async def end_lesson(ready: dict[str, Any]) -> None:
    headers = {"authorization": f"Bearer {ready['owner_token']}"}
    async with httpx2.AsyncClient(trust_env=False, timeout=20, headers=headers) as client:
        address = f"{ready['base_url']}/api/lessons/{ready['lesson_id']}/end"
        assert (await client.post(address)).status_code == 200


@pytest.mark.timeout(120)
async def test_refusals_of_the_real_server(tmp_path: Path, ready_video: Path) -> None:
    async with demo(tmp_path, "--no-publish") as shown:
        ready = shown.ready
        elsewhere = ready["whip_url"].replace(ready["lesson_id"], str(uuid4()))
        cases = [
            (ready["whip_url"], "not-a-code"),
            (ready["whip_url"], ready["whep_token"]),
            (ready["whip_url"], ready["other_school_token"]),
            (elsewhere, ready["whip_token"]),
        ]
        for address, token in cases:
            code, _, errors = await run("publish", str(ready_video), address, TONGKE_TOKEN=token)
            assert code == 2
            assert len(errors.splitlines()) == 1
            assert token not in errors
        token = ready["whip_token"]
        done = await run("publish", str(ready_video), ready["whip_url"], TONGKE_TOKEN=token)
        assert (done[0], done[2]) == (0, "")
        code, _, errors = await run("watch", ready["whep_url"], TONGKE_TOKEN=ready["whep_token"])
        assert code == 1
        assert len(errors.splitlines()) == 1
