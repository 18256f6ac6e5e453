"""The client half of the HLS benchmark: bare HTTP/1.1 over asyncio, many connections.

Commands on standard input, one JSON object a line, each answered by one line:
``{"do": "load", "port", "path", "connections", "seconds"}`` → requests and bytes;
``{"do": "watch", "port", "viewers", "msn", "seconds"}`` → when each part reached each viewer.
"""

import asyncio
import json
import sys
import time
from collections.abc import Callable
from typing import Any, cast

import uvloop

from bench.hls_child import KEY

_GZIP = b"Accept-Encoding: gzip\r\n"


class Client(asyncio.Protocol):
    """One connection: a request at a time; ``on_body`` is told the size of each answer."""

    def __init__(self, on_body: Callable[["Client", int, bytes], None]) -> None:
        self._on_body = on_body
        self._transport: asyncio.Transport | None = None
        self._need: int | None = None
        self._head = b""
        self._size = 0
        self._status = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by descent

    def get(self, path: str) -> None:
        assert self._transport is not None
        self._transport.write(b"GET %b HTTP/1.1\r\nHost: bench\r\n%b\r\n" % (path.encode(), _GZIP))

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._need is None:
            self._head += data
            end = self._head.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self._head[:end].lower()
            at = head.index(b"content-length:") + 15
            self._size = int(head[at:].split(b"\r\n", 1)[0])
            self._status = head[9:12]
            self._need = self._size - (len(self._head) - end - 4)
            self._head = b""
        else:
            self._need -= len(data)
        if self._need <= 0:
            self._need = None
            self._on_body(self, self._size, self._status)


async def connect(port: int, on_body: Callable[[Client, int, bytes], None]) -> Client:
    loop = asyncio.get_running_loop()
    _, client = await loop.create_connection(lambda: Client(on_body), "127.0.0.1", port)
    return client


async def load(port: int, path: str, connections: int, seconds: float) -> dict[str, Any]:
    count = size = 0

    def again(client: Client, length: int, status: bytes) -> None:
        nonlocal count, size
        assert status == b"200", status
        count, size = count + 1, size + length
        client.get(path)

    clients = [await connect(port, again) for _ in range(connections)]
    started = time.monotonic()
    for client in clients:
        client.get(path)
    await asyncio.sleep(seconds)
    elapsed = time.monotonic() - started
    done = {"requests": count, "bytes": size, "seconds": elapsed}
    for client in clients:
        client.close()
    return done


class Viewer:
    """Follows one rendition as a low-latency player does: blocked playlist, then the part."""

    def __init__(self, rendition: str, msn: int, got: list[tuple[str, float]]) -> None:
        self._base = f"/media/{KEY}/{rendition}"
        self._number = msn * 4
        self._part = False
        self._got = got

    def answered(self, client: Client, _: int, status: bytes) -> None:
        msn, index = divmod(self._number, 4)
        if status != b"200":
            self._got.append((f"refused {status.decode()}", 0.0))
        elif not self._part:
            self._part = True
            client.get(f"{self._base}/{msn}.{index}.m4s")
            return
        else:
            self._got.append((f"{msn}.{index}", time.monotonic()))
        self._part = False
        self._number += 1
        self.ask(client)

    def ask(self, client: Client) -> None:
        msn, index = divmod(self._number, 4)
        client.get(f"{self._base}/index.m3u8?_HLS_msn={msn}&_HLS_part={index}&_HLS_skip=YES")


async def watch(port: int, viewers: int, msn: int, seconds: float) -> dict[str, Any]:
    """Each viewer follows picture and sound; ``msn`` is the segment that comes next."""
    got: list[tuple[str, float]] = []
    clients = []
    for _ in range(viewers):
        for rendition in ("lead-v-f", "lead-a"):
            viewer = Viewer(rendition, msn, got)
            client = await connect(port, viewer.answered)
            viewer.ask(client)
            clients.append(client)
    print("ready", flush=True)
    await asyncio.sleep(seconds)
    for client in clients:
        client.close()
    return {"got": got}


async def serve() -> None:
    while line := await asyncio.to_thread(sys.stdin.readline):
        asked = json.loads(line)
        done = await (load(**asked) if asked.pop("do") == "load" else watch(**asked))
        print(json.dumps(done), flush=True)


if __name__ == "__main__":
    uvloop.run(serve())
