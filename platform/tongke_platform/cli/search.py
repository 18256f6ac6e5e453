"""``tongke search rebuild``: make the search index anew."""

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, TaskID

from tongke_courses.search.rebuild import rebuild
from tongke_platform.app import searching
from tongke_platform.cli.options import fail, load_settings
from tongke_platform.database import Database

cli = typer.Typer(help="The search index.", no_args_is_help=True)


@cli.callback()
def main() -> None:
    """The search index."""


@cli.command("rebuild")
def command(
    data_dir: Annotated[
        Path | None, typer.Option(help="Where everything is kept (TONGKE_DATA_DIR).")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Make the search index anew from what there is; servers may go on meanwhile.

    One that was broken off goes on where it was. Exit codes: 0 done; 2 the database cannot be used.
    """
    settings = load_settings(data_dir=data_dir)
    try:
        counts = asyncio.run(_rebuild(settings.sql_url))
    except Exception as error:  # noqa: BLE001 (a driver's errors have no common base)
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        fail(f"the database cannot be used (TONGKE_DATABASE_URL): {reason}")
    said = ", ".join(f"{number} × {kind}" for kind, number in counts.items())
    print(json.dumps(counts) if as_json else f"indexed: {said}")


async def _rebuild(url: str) -> dict[str, int]:
    searching.install()
    database = Database(url)
    try:
        with Progress(console=Console(stderr=True), transient=True) as progress:
            tasks: dict[str, TaskID] = {}

            def on_done(kind: str, done: int) -> None:
                if kind not in tasks:
                    tasks[kind] = progress.add_task(kind, total=None)
                progress.update(tasks[kind], completed=done)

            return await rebuild(database, on_done)
    finally:
        await database.close()
