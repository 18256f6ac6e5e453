"""The servers that tests stand on keep nothing from one test to the next, and leave nothing."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError

from tests.engines import programs
from tests.engines.redis_server import RedisServer

OWN = "import sys; from tests.engines.redis_server import RedisServer; s = RedisServer(); s.start()"


@pytest.mark.parametrize("time", ["first", "second"])
def test_redis_is_empty(redis_url: str, time: str) -> None:
    with Redis.from_url(redis_url) as connection:
        assert connection.dbsize() == 0
        connection.set(time, 1)


def test_redis_comes_back_empty_at_the_same_address() -> None:
    server = RedisServer()
    try:
        server.start()
        with Redis.from_url(server.url) as connection:
            connection.set("a", 1)
        server.kill()
        with Redis.from_url(server.url) as connection, pytest.raises((RedisError, OSError)):
            connection.ping()
        server.start()
        with Redis.from_url(server.url) as connection:
            assert connection.dbsize() == 0
    finally:
        server.stop()


async def test_a_killed_session_takes_its_servers_along() -> None:
    program = f"{OWN}; print(s._process.pid, s.url[7:], flush=True); sys.stdin.read()"
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program),
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert parent.stdout is not None
    async with asyncio.timeout(20):
        child, socket = (await parent.stdout.readline()).split()
        assert Path(f"/proc/{int(child)}").exists()
        parent.send_signal(signal.SIGKILL)
        await parent.wait()
        await gone(int(child))
    programs.remove(Path(socket.decode()).parent)


async def gone(pid: int) -> None:
    """An orphan tells nobody that it died; one that nobody has buried yet is dead too."""
    status = Path(f"/proc/{pid}/stat")
    while True:
        try:
            if status.read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return
        except (FileNotFoundError, ProcessLookupError):
            return
        await asyncio.sleep(0.01)
