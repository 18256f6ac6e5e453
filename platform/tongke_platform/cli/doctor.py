"""``tongke doctor``: what is right and wrong with this machine, as a table."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from tongke_platform.cli.checks import CHECKS, Finding
from tongke_platform.cli.options import load_settings

MARKS = {"ok": "[green]● ok[/]", "warn": "[yellow]▲ look[/]", "bad": "[red]✕ wrong[/]"}


def command(
    data_dir: Annotated[
        Path | None, typer.Option(help="Where everything is kept (TONGKE_DATA_DIR).")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Check this machine. Exit codes: 0 nothing is wrong; 1 something is; 2 a setting is wrong."""
    settings = load_settings(data_dir=data_dir)
    findings = [check(settings) for check in CHECKS]
    if as_json:
        print(json.dumps([asdict(one) for one in findings], ensure_ascii=False, indent=2))
    else:
        Console().print(_table(findings))
    if any(one.level == "bad" for one in findings):
        raise typer.Exit(1)


def _table(findings: list[Finding]) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    for one in findings:
        table.add_row(one.name, MARKS[one.level], one.detail)
    return table
