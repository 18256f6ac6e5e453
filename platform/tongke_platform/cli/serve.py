"""``tongke serve``: the whole server, or some of its roles."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from tongke_platform.cli.child import NeverReady
from tongke_platform.cli.options import fail, load_settings
from tongke_platform.cli.ports import PortTaken
from tongke_platform.cli.supervisor import CannotServe, Ready, Supervisor
from tongke_platform.database import Database
from tongke_platform.firstrun import service as firstrun
from tongke_platform.logs import configure_logs
from tongke_platform.settings import Settings


def command(
    data_dir: Annotated[
        Path | None, typer.Option(help="Where everything is kept (TONGKE_DATA_DIR).")
    ] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on (TONGKE_HOST).")] = None,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Web port, TCP (TONGKE_PORT).")
    ] = None,
    hls_port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="HLS port, TCP (TONGKE_HLS_PORT).")
    ] = None,
    media_port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Media port, UDP (TONGKE_MEDIA_PORT).")
    ] = None,
    roles: Annotated[
        str | None, typer.Option(help="web,worker,relay,hls or some of them (TONGKE_ROLES).")
    ] = None,
    ready_file: Annotated[
        Path | None, typer.Option(help="Write JSON here once everything answers.")
    ] = None,
) -> None:
    """Serve lessons until stopped.

    Exit codes: 0 stopped by a signal; 1 a part does not start; 2 a setting is wrong or a port is
    taken.
    """
    settings = load_settings(
        data_dir=data_dir,
        host=host,
        port=port,
        hls_port=hls_port,
        media_port=media_port,
        roles=roles,
    )
    configure_logs(settings.log_level, settings.log_format, "serve")
    run(settings, ready_file=ready_file, on_ready=partial(_say_where, settings))


def run(
    settings: Settings,
    *,
    ready_file: Path | None = None,
    on_ready: Callable[[Ready], Awaitable[None]] | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT; exits with one line when that is impossible."""

    async def serve() -> None:
        await Supervisor(settings).run(ready_file=ready_file, on_ready=on_ready)

    try:
        asyncio.run(serve())
    except (CannotServe, PortTaken) as error:
        fail(str(error))
    except NeverReady as error:
        fail(str(error), 1)


async def _say_where(settings: Settings, ready: Ready) -> None:
    print(f"Tongke: {ready.base_url}", flush=True)
    if "web" not in settings.roles:
        return
    database = Database(settings.sql_url)
    try:
        setup = await firstrun.address(settings, database)
    finally:
        await database.close()
    if setup is not None:
        print(f"新服务器，请打开 · new server, please open: {ready.base_url}{setup}", flush=True)
