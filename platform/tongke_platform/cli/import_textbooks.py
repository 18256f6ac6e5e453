"""``tongke import textbooks``: a list of titles, however long, into the textbook tree."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from tongke_courses.textbooks.planting import Planter
from tongke_courses.textbooks.reading import Found, read
from tongke_platform.app.metadata import metadata
from tongke_platform.cli.import_ import (
    SHOWN,
    AsJson,
    DataDir,
    DryRun,
    Lang,
    Report,
    prepare,
    with_database,
)
from tongke_platform.cli.options import fail
from tongke_platform.database import Database, migrate
from tongke_platform.errors import TongkeError
from tongke_platform.imports.table import BadFile

# Rows of a transaction: nobody waits long for it, and few are lost with it.
BATCH = 5000


@dataclass
class Tally:
    rows: int = 0
    parsed: int = 0


class Listing:
    """Prints the rows as they are read: a million of them are never in memory together."""

    def __init__(self, as_json: bool) -> None:
        self.tally = Tally()
        self._as_json = as_json
        self._unclear: list[int] = []

    def begin(self) -> None:
        self._out('{"items": [')

    def add(self, found: Found) -> None:
        first = not self.tally.rows
        self.tally.rows += 1
        title = found.title
        if title is not None and title.whole:
            self.tally.parsed += 1
        elif len(self._unclear) < SHOWN:
            self._unclear.append(found.line)
        item = json.dumps(title.item() if title else None, ensure_ascii=False)
        self._out(("" if first else ",\n") + item)

    def end(self, planter: Planter | None) -> None:
        tally = self.tally
        self._out(f'],\n"rows": {tally.rows}, "parsed": {tally.parsed}}}\n')
        if self._as_json:
            return
        print(f"{tally.rows} rows: {tally.parsed} titles understood")
        if planter is not None:
            print(f"{planter.counts.nodes} new in the tree, {planter.counts.aliases} other names")
        if self._unclear:
            print("not understood, lines: " + ", ".join(map(str, self._unclear)))

    def _out(self, text: str) -> None:
        if self._as_json:
            sys.stdout.write(text)


def command(
    file: Annotated[
        Path,
        typer.Argument(
            help="Paths or titles, one a row: .tsv, .csv, .txt or .xlsx", show_default=False
        ),
    ],
    dry_run: DryRun = False,
    as_json: AsJson = False,
    language: Lang = None,
    data_dir: DataDir = None,
) -> None:
    """Bring a list of textbooks into the tree. The same file twice changes nothing.

    A row is a path (小学/数学/人教版/…), then perhaps unit and period. Rows that are not understood
    are counted and left out.

    Exit codes: 0 done; 2 the file is no list of textbooks.
    """  # fmt: skip
    settings, report = prepare(data_dir, language, False)
    listing = Listing(as_json)
    try:
        # A file that cannot be read at all says so before anything is printed.
        rows = read(file)
        first = next(rows, None)
        if dry_run:
            planter = None
            _print_only(listing, report, first, rows, file)
        else:
            planter = with_database(
                settings, lambda database: _write(database, listing, report, first, rows, file)
            )
    except BadFile as error:
        report.refuse(error)
    except OSError as error:
        fail(f"{file}: {error.strerror}")
    except TongkeError as error:
        report.refuse(error)
    else:
        listing.end(planter)
        if not listing.tally.parsed:
            fail(f"{file}: no textbooks were found in {listing.tally.rows} rows")


def _all(first: Found | None, rows: Iterator[Found]) -> Iterator[Found]:
    if first is not None:
        yield first
        yield from rows


def _print_only(
    listing: Listing, report: Report, first: Found | None, rows: Iterator[Found], file: Path
) -> None:
    listing.begin()
    with report.bar() as bar:
        for batch in _batches(bar, first, rows, file):
            for found in batch:
                listing.add(found)


async def _ready(url: str) -> None:
    """A database that holds nothing yet gets its tables, as it would by serving."""
    try:
        if await migrate.revision(url) is None:
            await migrate.upgrade(url, metadata)
    except Exception as error:  # noqa: BLE001 (a driver's errors have no common base)
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        fail(f"the database cannot be used (TONGKE_DATABASE_URL): {reason}")


async def _write(
    database: Database,
    listing: Listing,
    report: Report,
    first: Found | None,
    rows: Iterator[Found],
    file: Path,
) -> Planter:
    await _ready(database.url)
    planter = Planter()
    listing.begin()
    with report.bar() as bar:
        for batch in _batches(bar, first, rows, file):
            for found in batch:
                listing.add(found)
            async with database.write() as session:
                await planter.plant(session, [one.title for one in batch if one.title])
            planter.forget()
    return planter


def _batches(
    bar: Progress, first: Found | None, rows: Iterator[Found], file: Path
) -> Iterator[list[Found]]:
    """How many rows there are is known when they are read; until then the size is the measure."""
    task = bar.add_task(file.name, total=None)
    every = _all(first, rows)
    while batch := [*islice(every, BATCH)]:
        yield batch
        bar.update(task, advance=len(batch))
