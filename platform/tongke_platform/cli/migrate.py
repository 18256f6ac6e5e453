"""``tongke migrate``: bring the database to the shape this version needs."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from tongke_platform.app.metadata import metadata
from tongke_platform.cli.options import fail, load_settings
from tongke_platform.database import migrate


def command(
    data_dir: Annotated[
        Path | None, typer.Option(help="Where everything is kept (TONGKE_DATA_DIR).")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit 1 when a migration is due.")
    ] = False,
    new: Annotated[
        str | None, typer.Option(help="For developers: write a migration that does this.")
    ] = None,
) -> None:
    """Bring the database to the shape this version needs; serving does so by itself.

    Exit codes: 0 up to date; 1 a migration is due (--check); 2 the database cannot be used.
    """
    url = load_settings(data_dir=data_dir).sql_url
    try:
        if new is not None:
            asyncio.run(migrate.write_revision(url, metadata, new))
        elif check:
            _check(asyncio.run(migrate.revision(url)))
        else:
            before, after = asyncio.run(migrate.upgrade(url, metadata))
            print(f"{before or 'empty'} → {after}" if before != after else f"up to date ({after})")
    except typer.Exit:
        raise
    except Exception as error:  # noqa: BLE001 (a driver's errors have no common base)
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        fail(f"the database cannot be used (TONGKE_DATABASE_URL): {reason}")


def _check(revision: str | None) -> None:
    head = migrate.head_revision()
    print(f"at {revision or 'nothing'}, newest {head}")
    if revision != head:
        raise typer.Exit(1)
