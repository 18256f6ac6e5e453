"""``tongke export group``: a group's topics, files and activities as a folder of readable files."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from tongke_courses.boards import export
from tongke_platform.cli.import_ import DataDir, Lang, prepare
from tongke_platform.cli.options import fail
from tongke_platform.cli.packages import operator, refuse, with_frame, write_folder
from tongke_platform.errors import TongkeError
from tongke_platform.frame import Frame


def register(export_cli: typer.Typer) -> None:
    export_cli.command("group")(group_command)


def group_command(
    group: Annotated[str, typer.Argument(help="Id of the group.", show_default=False)],
    folder: Annotated[Path, typer.Argument(help="The folder to make.", show_default=False)],
    language: Lang = None,
    data_dir: DataDir = None,
) -> None:
    """Write a group as pages and texts that open without a network: index.html leads to all of them.

    What was taken out stays out.

    Exit codes: 0 done; 2 the group or the folder is wrong.
    """
    settings, report = prepare(data_dir, language, False)
    try:
        key = UUID(group)
    except ValueError:
        fail(f"{group} is no id of a group")
    if folder.exists():
        fail(f"{folder} is there already")

    async def work(frame: Frame) -> None:
        async with frame.database.read() as session:
            by = await operator(frame, session)
        _, members = await export.gather(frame, by, key, settings.default_language)
        await write_folder(frame, report, members, folder)

    try:
        with_frame(settings, work)
    except TongkeError as error:
        refuse(report, error)
    except OSError as error:
        fail(f"{folder}: {error.strerror}")
