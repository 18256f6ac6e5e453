"""``tongke import``: people from a spreadsheet, whole rosters from OneRoster."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from tongke_platform.cli.options import BAD_INPUT, fail, load_settings
from tongke_platform.database import Database, WriteSession
from tongke_platform.errors import TongkeError
from tongke_platform.imports import people, service
from tongke_platform.imports.asker import OPERATOR
from tongke_platform.imports.models import Outcome
from tongke_platform.imports.oneroster.files import read_roster
from tongke_platform.imports.oneroster.incoming import Incoming, write_result
from tongke_platform.imports.oneroster.places import Result
from tongke_platform.imports.schemas import RowError, errors_of
from tongke_platform.imports.table import MAX_FILE
from tongke_platform.pages.languages import Language, named_language, translations
from tongke_platform.settings import Settings

cli = typer.Typer(no_args_is_help=True, help="Bring people and rosters in.")
SHOWN = 20

DataDir = Annotated[Path | None, typer.Option(help="Where everything is kept (TONGKE_DATA_DIR).")]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check only; write nothing.")]
Skip = Annotated[bool, typer.Option("--skip-errors", help="Write the good rows although others "
                                                          "are wrong.")]  # fmt: skip
Lang = Annotated[
    str | None, typer.Option("--language", help="zh or en; by default the server's language.")
]
T = TypeVar("T")


class Report:
    """Prints what came of an import, in the form and language asked for."""

    def __init__(self, language: Language, as_json: bool) -> None:
        self.say = translations(language).gettext
        self.as_json = as_json
        self._console = Console(stderr=True)

    def refuse(self, error: TongkeError) -> None:
        """The file as a whole is wrong. Exits with 2."""
        text = self.say(error.message)
        text = text % error.params if error.params else text
        if self.as_json:
            self._print(0, 0, [RowError(row=0, column="", message=text)])
        fail(text)

    def bar(self) -> Progress:
        """Drawn on a terminal only."""
        return Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
            transient=True,
        )

    def result(self, rows: int, errors: list[RowError], counts: dict[str, int]) -> None:
        good = rows - len({one.row for one in errors})
        if self.as_json:
            self._print(rows, good, errors)
            return
        if errors:
            table = Table(box=None, pad_edge=False)
            for title in ("Row", "Column", "What to do"):
                table.add_column(self.say(title))
            for one in errors[:SHOWN]:
                table.add_row(str(one.row), one.column, one.message)
            Console().print(table)
        words = ", ".join(f"{name} {number}" for name, number in counts.items())
        print(f"{rows} rows: {words}")

    def _print(self, rows: int, good: int, errors: list[RowError]) -> None:
        shown = {"rows": rows, "ok": good, "errors": [one.model_dump() for one in errors]}
        print(json.dumps(shown, ensure_ascii=False))


def read_file(path: Path) -> bytes:
    """Exits with 2 when it cannot be read or is far too large."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_FILE + 1)
    except OSError as error:
        fail(f"{path}: {error.strerror}")


def prepare(data_dir: Path | None, language: str | None, as_json: bool) -> tuple[Settings, Report]:
    settings = load_settings(data_dir=data_dir)
    chosen = named_language(language) if language else settings.default_language
    if chosen is None:
        fail(f"--language: {language} is neither zh nor en")
    return settings, Report(chosen, as_json)


def with_database(settings: Settings, work: Callable[[Database], Awaitable[T]]) -> T:
    async def run() -> T:
        database = Database(settings.sql_url)
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(run())


def finish(errors: list[RowError], rows: int, dry_run: bool, skip: bool) -> None:
    """One line and exit code 2 when rows are wrong and were not to be left out."""
    if errors and not skip:
        wrong = len({one.row for one in errors})
        nothing = "" if dry_run else "; nothing was written (--skip-errors writes the others)"
        fail(f"{wrong} of {rows} rows are wrong{nothing}", BAD_INPUT)


@cli.command("people")
def people_command(
    file: Annotated[Path, typer.Argument(help=".xlsx or .csv", show_default=False)],
    school: Annotated[
        str | None, typer.Option("--school", help="Code of the school of rows that name none.")
    ] = None,
    dry_run: DryRun = False,
    skip_errors: Skip = False,
    as_json: AsJson = False,
    language: Lang = None,
    data_dir: DataDir = None,
) -> None:
    """Bring people in from a spreadsheet. The same file twice changes nothing; no passwords are set.

    Nothing is written unless every row is right, or --skip-errors is given.

    Exit codes: 0 done; 2 the file, the school or rows are wrong.
    """
    settings, report = prepare(data_dir, language, as_json)
    data = read_file(file)

    async def work(database: Database) -> Any:
        return await _import_people(database, settings, report, data, school, dry_run, skip_errors)

    try:
        checked, errors = with_database(settings, work)
    except TongkeError as error:
        report.refuse(error)
        return
    report.result(len(checked.rows), errors, checked.counts())
    finish(errors, len(checked.rows), dry_run, skip_errors)


async def _import_people(
    database: Database,
    settings: Settings,
    report: Report,
    data: bytes,
    school: str | None,
    dry_run: bool,
    skip: bool,
) -> tuple[service.Checked, list[RowError]]:
    today = datetime.now(UTC).astimezone(settings.zone).date()
    table = people.read_people(data)
    with report.bar() as bar:
        checking = bar.add_task("check", total=len(table.drafts))
        async with database.read() as session:
            place = await service.school_of_code(session, OPERATOR, school) if school else None
            checked = await service.check_people(
                session, OPERATOR, table, place, today,
                lambda done, total: bar.update(checking, completed=done),
            )  # fmt: skip
        wrong = [one for one in checked.rows if one.outcome is Outcome.WRONG]
        if not dry_run and (skip or not wrong):
            writing = bar.add_task("write", total=len(table.drafts))
            wrong += await service.write_checked(
                database, OPERATOR, checked, today,
                lambda done, total: bar.update(writing, completed=done, total=total),
            )  # fmt: skip
    errors = [e for one in wrong for e in errors_of(one.line, [*one.planned.problems], report.say)]
    return checked, errors


@cli.command("oneroster")
def oneroster_command(
    file: Annotated[Path, typer.Argument(help="The zip of a roster.", show_default=False)],
    dry_run: DryRun = False,
    skip_errors: Skip = False,
    as_json: AsJson = False,
    language: Lang = None,
    data_dir: DataDir = None,
) -> None:
    """Bring in schools, years, classes, staff and class lists from OneRoster 1.1 or 1.2 CSV.

    Pupils become entries of class lists, never accounts. What the file does not mention stays.
    Nothing is written unless every row is right, or --skip-errors is given; then all at once.

    Exit codes: 0 done; 2 the file or rows are wrong.
    """
    settings, report = prepare(data_dir, language, as_json)
    data = read_file(file)

    async def work(database: Database) -> Result:
        roster = read_roster(data)
        today = datetime.now(UTC).astimezone(settings.zone).date()
        async with database.write() if not dry_run else database.read() as session:
            result = await Incoming(session, OPERATOR, roster, today).plan()
            if isinstance(session, WriteSession) and (skip_errors or not result.wrong):
                await write_result(session, result)
        return result

    try:
        result = with_database(settings, work)
    except TongkeError as error:
        report.refuse(error)
        return
    errors = [e for line, one in result.wrong for e in errors_of(line, [one], report.say)]
    report.result(result.rows, errors, result.counts)
    finish(errors, result.rows, dry_run, skip_errors)
