"""``tongke export``: rosters, courses and groups for other systems and for reading."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from tongke_platform.cli.import_ import DataDir, Lang, prepare, with_database
from tongke_platform.cli.options import fail
from tongke_platform.database import Database
from tongke_platform.errors import TongkeError
from tongke_platform.imports import service
from tongke_platform.imports.asker import OPERATOR
from tongke_platform.imports.oneroster.files import COLUMNS
from tongke_platform.imports.oneroster.outgoing import export_school

cli = typer.Typer(no_args_is_help=True, help="Take rosters, courses and groups out.")


@cli.callback()
def group() -> None:
    """Take rosters, courses and groups out."""


@cli.command("oneroster")
def oneroster_command(
    file: Annotated[Path, typer.Argument(help="The zip to write.", show_default=False)],
    school: Annotated[str, typer.Option("--school", help="Code of the school.")],
    version: Annotated[str, typer.Option("--oneroster", help="1.1 or 1.2.")] = "1.2",
    language: Lang = None,
    data_dir: DataDir = None,
) -> None:
    """Write a school's years, classes, staff and class lists as OneRoster CSV.

    Exit codes: 0 done; 2 the school, the version or the file is wrong.
    """
    settings, report = prepare(data_dir, language, False)
    if version not in COLUMNS:
        fail(f"--oneroster: {version} is neither 1.1 nor 1.2")

    async def work(database: Database) -> bytes:
        today = datetime.now(UTC).astimezone(settings.zone).date()
        async with database.read() as session:
            place = await service.school_of_code(session, OPERATOR, school)
            return await export_school(session, place, version, today)

    try:
        data = with_database(settings, work)
        file.write_bytes(data)
    except TongkeError as error:
        report.refuse(error)
    except OSError as error:
        fail(f"{file}: {error.strerror}")
