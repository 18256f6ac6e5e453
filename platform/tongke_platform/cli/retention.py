"""``tongke retention run``: remove what is not kept any longer, as the server does every hour."""

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer

from tongke_platform.app.factory import make_frame
from tongke_platform.cli.options import fail, load_settings
from tongke_platform.logs import configure_logs
from tongke_platform.privacy.retention import RETENTION, sweep
from tongke_platform.settings import Settings

cli = typer.Typer(help="What is kept, and for how long.", no_args_is_help=True)


@cli.callback()
def main() -> None:
    """What is kept, and for how long."""


@cli.command("run")
def command(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Count what would go; remove nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    data_dir: Annotated[
        Path | None, typer.Option(help="Where everything is kept (TONGKE_DATA_DIR).")
    ] = None,
) -> None:
    """Remove what is over its time, and erase whose days to think are over; servers may go on.

    Exit codes: 0 done; 2 the database cannot be used.
    """
    settings = load_settings(data_dir=data_dir)
    configure_logs(settings.log_level, settings.log_format, "retention")
    try:
        gone = asyncio.run(_run(settings, dry_run))
    except Exception as error:  # noqa: BLE001 (a driver's errors have no common base)
        fail(str(error).splitlines()[0] if str(error) else type(error).__name__)
    if as_json:
        print(json.dumps({"dry_run": dry_run, "removed": gone}, ensure_ascii=False))
        return
    days = {one.what: f"after {one.days} days: {one.why}" for one in RETENTION}
    for what, number in gone.items():
        print(f"{number:>8}  {what}" + (f" ({days[what]})" if what in days else ""))
    print("nothing was removed (--dry-run)" if dry_run else "done")


async def _run(settings: Settings, dry_run: bool) -> dict[str, int]:
    frame = make_frame(settings)
    try:
        return await sweep(frame, dry_run=dry_run)
    finally:
        frame.passwords.close()
        await frame.limiter.close()
        await frame.database.close()
