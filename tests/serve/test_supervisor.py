"""``tongke serve`` as people run it: real processes, really killed."""

import os
import signal
import socket
from pathlib import Path

import httpx2
import pytest

from tests.serve.server import Server, eventually, finished, free_port, is_alive, serving, tongke

PARTS = {"web", "relay", "hls"}


async def ready(url: str) -> bool:
    async with httpx2.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"{url}/readyz")
    return answer.status_code == 200


async def test_everything_answers_and_stops_cleanly(data_dir: Path) -> None:
    async with serving(data_dir) as server:
        told = server.ready()
        assert set(told["children"]) == PARTS
        assert told["pid"] == server.process.pid
        assert await ready(told["base_url"])
        async with httpx2.AsyncClient(trust_env=False) as client:
            hls = await client.get(f"http://127.0.0.1:{told['hls_port']}/healthz")
            numbers = await client.get(f"{told['base_url']}/metrics")
        assert hls.status_code == 200
        assert 'tongke_process_up{process="relay"} 1.0' in numbers.text
    assert server.process.returncode == 0
    assert not any(is_alive(pid) for pid in told["children"].values())
    assert not server.ready_file.exists()


@pytest.mark.parametrize("part", sorted(PARTS))
async def test_a_killed_part_comes_back(data_dir: Path, part: str) -> None:
    async with serving(data_dir) as server:
        before = server.ready()
        os.kill(before["children"][part], signal.SIGKILL)
        after = await another(server, part, before["children"][part])
        await eventually(lambda: ready(before["base_url"]))
        for other in PARTS - {part}:
            assert after["children"][other] == before["children"][other]
            assert is_alive(after["children"][other])


async def another(server: Server, part: str, than: int) -> dict[str, dict[str, int]]:
    """What the ready file says once ``part`` is another process."""

    async def is_another() -> bool:
        return bool(server.ready()["children"][part] != than)

    await eventually(is_another)
    return server.ready()


async def test_parts_die_with_a_killed_supervisor(data_dir: Path) -> None:
    async with serving(data_dir) as server:
        children = server.ready()["children"]
        os.kill(server.process.pid, signal.SIGKILL)

        async def all_gone() -> bool:
            return not any(is_alive(pid) for pid in children.values())

        await eventually(all_gone)


async def test_one_server_per_data_folder(data_dir: Path) -> None:
    async with serving(data_dir, "--roles=web"):
        second = await tongke("serve", f"--data-dir={data_dir}", f"--port={free_port()}")
        code, said = await finished(second)
    assert code == 2
    assert said.count("\n") == 1
    assert "TONGKE_DATA_DIR" in said


@pytest.mark.parametrize(
    ("option", "setting", "kind"),
    [
        ("--port", "TONGKE_PORT", socket.SOCK_STREAM),
        ("--hls-port", "TONGKE_HLS_PORT", socket.SOCK_STREAM),
        ("--media-port", "TONGKE_MEDIA_PORT", socket.SOCK_DGRAM),
    ],
)
async def test_taken_port(
    data_dir: Path, option: str, setting: str, kind: socket.SocketKind
) -> None:
    with socket.socket(socket.AF_INET, kind) as taker:
        taker.bind(("127.0.0.1", 0))
        if kind is socket.SOCK_STREAM:
            taker.listen()
        taken = taker.getsockname()[1]
        ports = {
            "--port": free_port(),
            "--hls-port": free_port(),
            "--media-port": free_port(socket.SOCK_DGRAM),
            option: taken,
        }
        process = await tongke(
            "serve",
            f"--data-dir={data_dir}",
            "--host=127.0.0.1",
            *[f"{name}={port}" for name, port in ports.items()],
        )
        code, said = await finished(process)
    assert code == 2
    assert said.count("\n") == 1
    assert setting in said
    assert str(taken) in said


@pytest.mark.parametrize(
    ("name", "value"), [("TONGKE_PORT", "http"), ("TONGKE_DATABASE_URL", "oracle://x")]
)
async def test_wrong_setting(data_dir: Path, name: str, value: str) -> None:
    process = await tongke(
        "serve",
        f"--data-dir={data_dir}",
        f"--media-port={free_port(socket.SOCK_DGRAM)}",
        "--host=127.0.0.1",
        **{name: value},
    )
    code, said = await finished(process)
    assert code == 2
    assert said.count("\n") == 1
    assert name in said
