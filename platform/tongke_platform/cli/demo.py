"""``tongke demo``: two schools, a lesson going on now, and the addresses to try."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr

from tongke_platform.cli import ports
from tongke_platform.cli.options import fail, load_settings
from tongke_platform.logs import configure_logs

DEFAULT_DATA_DIR = Path("demo-data")


def command(
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Web port; unset: 8000 or the next free.")
    ] = None,
    media_port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="UDP port; unset: 8189 or the next free.")
    ] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on (TONGKE_HOST).")] = None,
    data_dir: Annotated[
        Path, typer.Option(envvar="TONGKE_DATA_DIR", help="The demo's own folder.")
    ] = DEFAULT_DATA_DIR,
    video: Annotated[
        Path | None, typer.Option(help="Send this file instead of the built-in lesson.")
    ] = None,
    no_publish: Annotated[
        bool, typer.Option("--no-publish", help="Send nothing: the lesson waits for its teacher.")
    ] = False,
    ready_file: Annotated[
        Path | None, typer.Option(help="Write addresses and tokens here once all answers (JSON).")
    ] = None,
) -> None:
    """Show a lesson going on between two schools, until stopped.

    Exit codes: 0 stopped by a signal; 1 something does not start; 2 a setting or a file is wrong.
    """
    # Media libraries are slow to load, and the server's own processes come through this package.
    from tongke_streaming.ingest.inspect import NotMedia, inspect

    if video is not None:
        try:
            inspect(video)
        except NotMedia as error:
            fail(str(error))
    from tongke_platform.cli.demo_run import Demo, DemoFailed

    settings = load_settings(host=host, data_dir=data_dir.resolve())
    try:
        port = port or ports.free_tcp_after(settings.host, settings.port - 1, "--port")
        media_port = media_port or _free_udp(settings.media_host, settings.media_port)
    except OSError as error:
        fail(str(error))
    settings = settings.model_copy(
        update={
            "port": port,
            "media_port": media_port,
            "log_level": "warning",
            # Codes for phones are to be read in the data folder.
            "sms_url": settings.sms_url or SecretStr("file:"),
        }
    )
    configure_logs(settings.log_level, settings.log_format, "demo")
    demo = Demo(settings, video=video, publish=not no_publish, ready_file=ready_file)
    try:
        asyncio.run(demo.run())
    except DemoFailed as error:
        fail(str(error), 2 if error.bad_input else 1)


def _free_udp(host: str, first: int) -> int:
    """The first free port from ``first`` on. Raises ports.PortTaken."""
    for port in range(first, first + ports.SEARCHED):
        with suppress(ports.PortTaken):
            ports.check_udp(host, port, "--media-port")
            return port
    raise ports.PortTaken(f"no free UDP port from {first} on; choose one with --media-port")
