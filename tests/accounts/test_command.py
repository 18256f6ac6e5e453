"""``tongke user``: the way in when nobody can sign in any more."""

import json
import re
from pathlib import Path
from typing import Protocol

import pytest
from typer.testing import CliRunner, Result

from tongke_platform.cli.program import cli

NAME = "13812345678"


class Run(Protocol):
    def __call__(self, *arguments: str, given: str = "") -> Result: ...


@pytest.fixture
def run(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("TONGKE_DATA_DIR", str(data_dir))
    monkeypatch.delenv("TONGKE_DATABASE_URL", raising=False)

    def run(*arguments: str, given: str = "") -> Result:
        return CliRunner().invoke(cli, ["user", *arguments], input=given)

    return run


def test_administrator_with_a_code(run: Run) -> None:
    made = run("create-admin", NAME, "--name", "管理员")
    assert made.exit_code == 0, made.output
    assert re.search(r"[2-9A-HJ-NP-Z]{4} [2-9A-HJ-NP-Z]{4}", made.output)
    listed = json.loads(run("list", "--json").output)
    assert [(one["name"], one["signs_in_as"]) for one in listed] == [("管理员", [NAME])]
    assert run("create-admin", NAME).exit_code == 2


def test_password_from_standard_input(run: Run) -> None:
    weak = run("create-admin", NAME, "--password-stdin", given="12345678\n")
    assert weak.exit_code == 2
    assert "12345678" not in weak.output
    assert json.loads(run("list", "--json").output) == []
    made = run("create-admin", NAME, "--password-stdin", given="一行白鹭上青天 1\n")
    assert made.exit_code == 0
    assert run("reset", NAME, "--second-step-off").exit_code == 0
    nobody = run("reset", "13900000000")
    assert nobody.exit_code == 2
