"""Messages between the processes of one machine, over a Unix stream socket.

A frame is ``u32 length of the rest, u8 kind, body`` (big endian). Kind 0 is one JSON object; kind 1
is an RTP packet: ``u32 track id, u64 arrival (UTC µs), packet bytes``. A JSON object with ``do`` and
``id`` is a request and is answered by one with ``re`` equal to that id; one with ``ev`` is an event.
"""

import asyncio
import json
import os
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

JSON_FRAME = 0
RTP_FRAME = 1
MAX_FRAME = 4 << 20

_LENGTH_KIND = struct.Struct("!IB")
_RTP_HEAD = struct.Struct("!IBIQ")
_TRACK_ARRIVAL = struct.Struct("!IQ")

Message = dict[str, Any]
RequestHandler = Callable[["Link", str, Message], Awaitable[Message]]
EventHandler = Callable[["Link", Message], None]
PacketHandler = Callable[[int, int, bytes], None]


class Refused(Exception):
    """The other side said no. ``status`` is the HTTP status a client of ours should see."""

    def __init__(
        self, status: int, code: str, detail: str = "", retry_after: int | None = None
    ) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status = status
        self.code = code
        self.detail = detail
        self.retry_after = retry_after


class LinkLost(ConnectionError):
    """The other process is gone; what was asked may or may not have happened."""


class Link(asyncio.Protocol):
    """One end of a connection: requests, events and packets in both directions.

    Lives on one event loop; every method is called from that loop.
    """

    def __init__(
        self,
        *,
        on_request: RequestHandler | None = None,
        on_event: EventHandler | None = None,
        on_packet: PacketHandler | None = None,
        on_lost: Callable[["Link"], None] | None = None,
        on_made: Callable[["Link"], None] | None = None,
        packet_backlog: int = 8 << 20,
    ) -> None:
        self._on_request = on_request
        self._on_event = on_event
        self._on_packet = on_packet
        self._on_lost = on_lost
        self._on_made = on_made
        self._packet_backlog = packet_backlog
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._next_id = 1
        self._waiting: dict[int, asyncio.Future[Message]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.closed = asyncio.Event()
        self.packets_dropped = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are not asyncio.Transport's children, so there is nothing to assert.
        self._transport = cast(asyncio.Transport, transport)
        if self._on_made is not None:
            self._on_made(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self.closed.set()
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(LinkLost("the other process went away"))
        self._waiting.clear()
        for task in self._tasks:
            task.cancel()
        if self._on_lost is not None:
            self._on_lost(self)

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer
        buffer += data
        start = 0
        while len(buffer) - start >= 5:
            length, kind = _LENGTH_KIND.unpack_from(buffer, start)
            if not 1 <= length <= MAX_FRAME:
                self.close()
                return
            end = start + 4 + length
            if len(buffer) < end:
                break
            self._take(kind, bytes(buffer[start + 5 : end]))
            start = end
        if start:
            del buffer[:start]

    def _take(self, kind: int, body: bytes) -> None:
        if kind == RTP_FRAME:
            if self._on_packet is not None:
                track, arrival = _TRACK_ARRIVAL.unpack_from(body)
                self._on_packet(track, arrival, body[12:])
            return
        message: Message = json.loads(body)
        if "re" in message:
            future = self._waiting.pop(message["re"], None)
            if future is not None and not future.done():
                future.set_result(message)
        elif "do" in message:
            task = asyncio.get_running_loop().create_task(self._answer(message))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif self._on_event is not None:
            self._on_event(self, message)

    async def _answer(self, message: Message) -> None:
        number, do = message.pop("id", 0), message.pop("do")
        try:
            if self._on_request is None:
                raise Refused(501, "no_requests", "this side takes no requests")
            answer = await self._on_request(self, do, message)
            self._send({"re": number, "ok": True, **answer})
        except Refused as no:
            self._send(
                {
                    "re": number,
                    "ok": False,
                    "status": no.status,
                    "code": no.code,
                    "detail": no.detail,
                    "retry_after": no.retry_after,
                }
            )
        except Exception as error:  # noqa: BLE001 -- whatever it is, the asker must hear
            # A bug in one request must not leave the asker waiting; the loop's handler logs it.
            self._send({"re": number, "ok": False, "status": 500, "code": "internal", "detail": ""})
            asyncio.get_running_loop().call_exception_handler(
                {"message": f"request {do!r} failed", "exception": error}
            )

    def _send(self, message: Message) -> None:
        if self._transport is not None:
            body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
            self._transport.write(_LENGTH_KIND.pack(len(body) + 1, JSON_FRAME) + body)

    def event(self, ev: str, **fields: Any) -> None:
        """Tell the other side; lost without a sound when it is gone."""
        self._send({"ev": ev, **fields})

    def packet(self, track: int, arrival_us: int, data: bytes) -> bool:
        """Send one RTP packet; False (and counted) when the reader is too far behind."""
        transport = self._transport
        if transport is None or transport.get_write_buffer_size() > self._packet_backlog:
            self.packets_dropped += 1
            return False
        transport.write(_RTP_HEAD.pack(len(data) + 13, RTP_FRAME, track, arrival_us) + data)
        return True

    async def request(self, do: str, *, timeout: float = 5.0, **fields: Any) -> Message:
        """Ask and wait. Raises Refused, LinkLost or TimeoutError."""
        if self._transport is None:
            raise LinkLost("not connected")
        number = self._next_id
        self._next_id += 1
        future: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        try:
            self._send({"id": number, "do": do, **fields})
            async with asyncio.timeout(timeout):
                answer = await future
        finally:
            self._waiting.pop(number, None)
        if not answer.get("ok"):
            raise Refused(
                answer.get("status", 500),
                answer.get("code", "internal"),
                answer.get("detail", ""),
                answer.get("retry_after"),
            )
        return answer

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


async def listen(path: Path, make: Callable[[], Link]) -> asyncio.Server:
    """Serve a Unix socket readable by its owner alone, replacing what a dead process left."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileNotFoundError):
        path.unlink()
    old_mask = os.umask(0o077)
    try:
        return await asyncio.get_running_loop().create_unix_server(make, str(path))
    finally:
        os.umask(old_mask)


async def connect(path: Path, make: Callable[[], Link]) -> Link:
    """Connect once; raises OSError when nobody listens."""
    _, link = await asyncio.get_running_loop().create_unix_connection(make, str(path))
    return link


class StandingLink:
    """A link that is made again whenever it is lost, until ``stop``.

    ``on_up`` runs after each connection (ask for snapshots there); ``request`` waits up to its
    timeout for the link to be up, so a restarting process looks like a slow one.
    """

    def __init__(
        self,
        path: Path,
        *,
        on_event: EventHandler | None = None,
        on_packet: PacketHandler | None = None,
        on_up: Callable[[Link], Awaitable[None]] | None = None,
        on_down: Callable[[], None] | None = None,
        retry_s: float = 0.1,
    ) -> None:
        self._path = path
        self._on_event = on_event
        self._on_packet = on_packet
        self._on_up = on_up
        self._on_down = on_down
        self._retry_s = retry_s
        self._link: Link | None = None
        self.up = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._keep())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        if self._link is not None:
            self._link.close()

    async def _keep(self) -> None:
        while True:
            try:
                link = await connect(
                    self._path, lambda: Link(on_event=self._on_event, on_packet=self._on_packet)
                )
            except OSError:
                await asyncio.sleep(self._retry_s)
                continue
            self._link = link
            try:
                if self._on_up is not None:
                    await self._on_up(link)
                self.up.set()
                await link.closed.wait()
            except (Refused, LinkLost, TimeoutError):
                link.close()
                await asyncio.sleep(self._retry_s)
            finally:
                self.up.clear()
                self._link = None
                if self._on_down is not None:
                    self._on_down()

    async def request(self, do: str, *, timeout: float = 5.0, **fields: Any) -> Message:
        """As ``Link.request``; TimeoutError also when the process stays away."""
        async with asyncio.timeout(timeout):
            await self.up.wait()
            if self._link is None:
                raise LinkLost("not connected")
            return await self._link.request(do, timeout=timeout, **fields)
