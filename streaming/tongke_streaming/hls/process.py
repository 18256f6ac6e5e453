"""The hls process: the relay's feed in, playlists and media out, a control socket for web."""

import asyncio
import logging
import signal
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn

from tongke_streaming import frames
from tongke_streaming.archive.names import BadName
from tongke_streaming.archive.spool import Spool
from tongke_streaming.archive.store import MediaStore, open_store
from tongke_streaming.clock import SystemClock
from tongke_streaming.frames import Link, Message, Refused
from tongke_streaming.hls.library import Library
from tongke_streaming.hls.metrics import Metrics
from tongke_streaming.hls.packager import Packager
from tongke_streaming.hls.server import HlsApp

log = logging.getLogger(__name__)

_FINISH_PATIENCE_S = 2.0
_GRACE_S = 3
_BACKLOG = 4096


@dataclass(frozen=True)
class HlsConfig:
    """Where an hls process listens and keeps things.

    ``port`` 0 takes a free one. ``store_url`` is ``file:///…`` or ``s3://…``; below
    ``min_free_bytes`` of room on ``media_dir``'s disk recording stops.
    """

    control_socket: Path
    relay_socket: Path
    host: str
    port: int
    media_dir: Path
    store_url: str
    min_free_bytes: int = 64 << 20


class Control:
    """Answers web's requests (docs/architecture.md, "HLS: requests")."""

    def __init__(self, library: Library, clock: SystemClock) -> None:
        self.library = library
        self._clock = clock
        self._followers: set[Link] = set()

    def link(self) -> Link:
        return Link(on_request=self._request, on_lost=self._followers.discard)

    def recording(self, lesson: str, state: str, reason: str) -> None:
        for follower in self._followers:
            follower.event("recording", lesson=lesson, state=state, reason=reason)

    def doubt(self, lesson: str) -> None:
        for follower in self._followers:
            follower.event("doubt", lesson=lesson)

    def close(self) -> None:
        for follower in list(self._followers):
            follower.close()

    async def _request(self, link: Link, do: str, fields: Message) -> Message:
        try:
            return await self._answer(link, do, fields)
        except (KeyError, TypeError, AttributeError) as error:
            raise Refused(400, "bad_request", f"{do}: {error!r}") from error

    async def _answer(self, link: Link, do: str, fields: Message) -> Message:
        library = self.library
        if do == "follow":
            return self._follow(link)
        if do == "keys":
            return {"lessons": library.keys()}
        lesson = fields["lesson"]
        if do == "readers":
            return {"credentials": library.readers(lesson)}
        if do == "open":
            await library.open(lesson, fields["key"])
            return {}
        if do == "multivariant":
            key, base, source = fields["key"], fields["base"], fields.get("source")
            reader = str(fields.get("reader", ""))
            text, known = await library.multivariant(lesson, key, base, source, reader)
            return {"playlist": text, "known": known}
        if do == "finish":
            await library.finish(lesson, self._clock.now_us(), _FINISH_PATIENCE_S)
            return {}
        if do == "status":
            return (await library.get(lesson)).status()
        raise Refused(400, "unknown_request", do)

    def _follow(self, link: Link) -> Message:
        self._followers.add(link)
        for lesson in self.library.lessons.values():
            recorder = lesson.recorder
            if recorder.state == "stopped":
                link.event(
                    "recording", lesson=lesson.id, state=recorder.state, reason=recorder.reason
                )
            if lesson.doubted:
                link.event("doubt", lesson=lesson.id)
        return {}


class _Server(uvicorn.Server):
    """Leaves signals to ``run_hls``, which has waits to end first."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


async def run_hls(config: HlsConfig, *, ready: Callable[[int], None] | None = None) -> None:
    """Serve until SIGTERM, SIGINT or cancelled; ``ready`` is told the bound HTTP port.

    Raises OSError when an address is taken or a folder cannot be used.
    """
    clock = SystemClock()
    spool = Spool(config.media_dir, config.min_free_bytes)
    store = MediaStore(open_store(config.store_url))
    library = Library(
        spool,
        store,
        lambda *news: control.recording(*news),
        lambda lesson: control.doubt(lesson),
    )
    control = Control(library, clock)
    app = HlsApp(library, Metrics())
    listener = _bind(config.host, config.port)
    stop = asyncio.Event()
    try:
        await library.recover()
        async with (
            _stopping_signals(stop),
            _running(library.run(), stop),
            _feed(config.relay_socket, Packager(library, clock), stop),
            _serving(app, listener, stop),
            _control(config.control_socket, control),
        ):
            if ready is not None:
                ready(listener.getsockname()[1])
            await stop.wait()
    finally:
        listener.close()
        await library.stop()


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=_BACKLOG)


@asynccontextmanager
async def _stopping_signals(stop: asyncio.Event) -> AsyncIterator[None]:
    loop = asyncio.get_running_loop()
    signals = (signal.SIGTERM, signal.SIGINT)
    with suppress(ValueError, RuntimeError):  # only a main thread takes signals
        for number in signals:
            loop.add_signal_handler(number, stop.set)
    try:
        yield
    finally:
        with suppress(ValueError, RuntimeError):
            for number in signals:
                loop.remove_signal_handler(number)


@asynccontextmanager
async def _running(work: Coroutine[Any, Any, None], stop: asyncio.Event) -> AsyncIterator[None]:
    """Work beside the block; should it fail, the process ends and is started afresh."""

    def ended(task: asyncio.Task[None]) -> None:
        if not task.cancelled():
            log.error("the hls process ends", exc_info=task.exception())
            stop.set()

    task = asyncio.get_running_loop().create_task(work)
    task.add_done_callback(ended)
    try:
        yield
    finally:
        task.remove_done_callback(ended)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def _feed(relay: Path, packager: Packager, stop: asyncio.Event) -> AsyncIterator[None]:
    def event(_: Link, message: Message) -> None:
        try:
            packager.event(message)
        except BadName as error:
            log.warning("the relay names what cannot be: %s", error)

    async def up(link: Link) -> None:
        await link.request("pull")

    link = frames.StandingLink(
        relay,
        on_event=event,
        on_packet=packager.packet,
        on_up=up,
        on_down=packager.interrupted,
    )
    link.start()
    async with _running(packager.run(), stop):
        try:
            yield
        finally:
            await link.stop()
            packager.interrupted()  # what is open is closed and written down


@asynccontextmanager
async def _serving(
    app: HlsApp, listener: socket.socket, stop: asyncio.Event
) -> AsyncIterator[None]:
    server = _Server(
        uvicorn.Config(
            app,
            lifespan="off",
            access_log=False,
            log_config=None,
            server_header=False,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=_GRACE_S,
            backlog=_BACKLOG,
        )
    )
    task = asyncio.ensure_future(server.serve([listener]))
    task.add_done_callback(lambda _: stop.set())
    try:
        yield
    finally:
        app.close()
        server.should_exit = True
        await asyncio.wait([task], timeout=_GRACE_S + 2)


@asynccontextmanager
async def _control(path: Path, control: Control) -> AsyncIterator[None]:
    server = await frames.listen(path, control.link)
    try:
        yield
    finally:
        server.close()
        control.close()
