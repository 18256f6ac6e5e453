"""What the supervisor starts: each part of the server as a process of its own.

Each imports its own part when it runs, so that none holds the memory of the others.
"""

import asyncio
import ctypes
import gc
import json
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Annotated, Any

import typer
import uvloop

from tongke_platform.cli.options import load_settings
from tongke_platform.logs import configure_logs
from tongke_platform.settings import Settings

PR_SET_PDEATHSIG = 1
WS_MAX_BYTES = 64 << 10
UNREAD_MS = 60_000
SHUTDOWN_S = 3

Ready = Callable[..., None]
Parent = Annotated[int, typer.Option(help="Die when this process is gone.")]
ReadyFd = Annotated[int, typer.Option(help="Write a line of JSON here once ready.")]
ListenFd = Annotated[int, typer.Option(help="The listening socket.")]


def die_with(parent: int) -> None:
    """Be killed with the parent (Linux, prctl(2)); at once when it is gone already."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    # The parent may have died before the line above: nobody would tell us any more.
    if os.getppid() != parent:
        os._exit(1)


def _announce(ready_fd: int) -> Ready:
    def ready(port: int | None = None) -> None:
        with suppress(OSError):
            os.write(ready_fd, json.dumps({"port": port}).encode() + b"\n")
            os.close(ready_fd)

    return ready


def _begin(process: str, parent: int) -> Settings:
    die_with(parent)
    settings = load_settings()
    configure_logs(settings.log_level, settings.log_format, process)
    return settings


async def _until_told(work: Awaitable[Any]) -> None:
    """Run until done, SIGTERM or SIGINT."""
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    with suppress(asyncio.CancelledError):
        await task


def calm_collector() -> None:
    """Full garbage collections stop everybody, with 2,000 pages open for a third of a second: leave
    the program's own objects out of them, and have them seldom.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


def web(parent: Parent, ready_fd: ReadyFd, listen_fd: ListenFd) -> None:
    """The web server, with the worker unless that role is elsewhere."""
    import uvicorn

    from tongke_platform.app.factory import create_app

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                _announce(ready_fd)()

    settings = _begin("web", parent)
    app = create_app(settings)
    calm_collector()
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        ws_max_size=WS_MAX_BYTES,
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=SHUTDOWN_S,
    )
    listener = socket.socket(fileno=listen_fd)
    # Accepted sockets inherit it: a page that is closed and takes not even that is forgotten.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_MS)
    uvloop.run(Server(config).serve([listener]))


def worker(parent: Parent, ready_fd: ReadyFd) -> None:
    """Background work alone."""
    from tongke_platform.app.factory import create_app

    settings = _begin("worker", parent)
    app = create_app(settings)

    async def run() -> None:
        async with app.router.lifespan_context(app):
            _announce(ready_fd)()
            await asyncio.Event().wait()

    uvloop.run(_until_told(run()))


def relay(parent: Parent, ready_fd: ReadyFd) -> None:
    """The packet relay."""
    from tongke_streaming.rtc.process import RelayConfig, run_relay

    settings = _begin("relay", parent)
    config = RelayConfig(
        control_socket=settings.relay_socket,
        state_dir=settings.data_dir / "relay",
        host=settings.media_host,
        port=settings.media_port,
        announce=settings.announced,
    )
    uvloop.run(run_relay(config, ready=_announce(ready_fd)))


def hls(parent: Parent, ready_fd: ReadyFd) -> None:
    """The packager and HLS server."""
    from tongke_streaming.hls.process import HlsConfig, run_hls

    settings = _begin("hls", parent)
    config = HlsConfig(
        control_socket=settings.hls_socket,
        relay_socket=settings.relay_socket,
        host=settings.host,
        port=settings.hls_port or settings.port + 1,
        media_dir=settings.data_dir / "spool",
        store_url=settings.media_url,
        min_free_bytes=settings.min_free_bytes,
    )
    uvloop.run(run_hls(config, ready=_announce(ready_fd)))


parts = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
parts.command("_web")(web)
parts.command("_worker")(worker)
parts.command("_relay")(relay)
parts.command("_hls")(hls)
