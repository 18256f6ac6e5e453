"""``tongke rollups rebuild``: make the daily sums of facts anew."""

import asyncio
import json
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import Progress

from tongke_platform.cli.options import fail, load_settings
from tongke_platform.database import Database
from tongke_platform.facts.rollups import rebuild, sum_up

cli = typer.Typer(help="Daily sums of what happened.", no_args_is_help=True)


@cli.callback()
def main() -> None:
    """Daily sums of what happened."""


@cli.command("rebuild")
def command(
    data_dir: Annotated[
        Path | None, typer.Option(help="Where everything is kept (TONGKE_DATA_DIR).")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Make every daily sum anew from the facts; servers may go on meanwhile.

    Exit codes: 0 done; 2 the database cannot be used.
    """
    settings = load_settings(data_dir=data_dir)
    try:
        days, added = asyncio.run(_rebuild(settings.sql_url, settings.zone))
    except Exception as error:  # noqa: BLE001 (a driver's errors have no common base)
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        fail(f"the database cannot be used (TONGKE_DATABASE_URL): {reason}")
    print(json.dumps({"days": days, "added": added}) if as_json else f"{days} days made anew")


async def _rebuild(url: str, zone: ZoneInfo) -> tuple[int, int]:
    database = Database(url)
    try:
        with Progress(console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("days", total=None)

            def on_day(done: int, total: int) -> None:
                progress.update(task, completed=done, total=total)

            days = await rebuild(database, zone, on_day)
        return days, await sum_up(database, zone)
    finally:
        await database.close()
