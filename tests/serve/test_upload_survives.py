"""A file on its way into a server that is killed."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import httpx2
import pytest

from tests.materials.tus_client import PATCH_TYPE, metadata
from tests.web import live_server
from tests.web.live_server import LiveServer
from tongke_courses.materials.spool import FOLDER
from tongke_courses.materials.store import key_of

SIZE = 32 << 20


async def test_killed_in_the_middle(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was written before SIGKILL is what the next server says has arrived, to the byte."""
    data = hashlib.shake_128(b"lesson").hexdigest(SIZE // 2).encode()
    monkeypatch.setattr(live_server, "READY_WITHIN_S", 100.0)
    async with LiveServer.running(data_dir) as server:
        make = server.make
        teacher = await make.person(await make.school())
        headers = {**await make.bearer(teacher), "Tus-Resumable": "1.0.0"}
        async with httpx2.AsyncClient(base_url=server.base_url, timeout=30) as client:
            length = {"Upload-Length": str(SIZE), "Upload-Metadata": metadata(filename="课.txt")}
            where = (await client.post("/api/uploads", headers=headers | length)).headers[
                "location"
            ]
            part = {"Upload-Offset": "0", "Content-Type": PATCH_TYPE}
            spool = data_dir / FOLDER / where.rpartition("/")[2]

            async def body() -> AsyncIterator[bytes]:
                for at in range(0, SIZE, 1 << 16):
                    yield data[at : at + (1 << 16)]
                    if spool.exists() and spool.stat().st_size > 1 << 20:
                        await server.kill()
                        return

            with suppress(httpx2.TransportError):
                await client.patch(where, headers=headers | part, content=body())
        arrived = spool.stat().st_size
        assert 1 << 20 < arrived < SIZE
        assert spool.read_bytes() == data[:arrived]
        await server.start()
        async with httpx2.AsyncClient(base_url=server.base_url, timeout=30) as client:
            head = await client.head(where, headers=headers)
            assert head.headers["upload-offset"] == str(arrived)
            part["Upload-Offset"] = str(arrived)
            done = await client.patch(where, headers=headers | part, content=data[arrived:])
            assert (done.status_code, done.headers["upload-offset"]) == (204, str(SIZE))
            assert (await client.get(where, headers=headers)).json()["ready"]
        stored = data_dir / "media" / key_of(hashlib.sha256(data).hexdigest())
        assert stored.read_bytes() == data
        assert not spool.exists()
