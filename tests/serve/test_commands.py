"""``tongke migrate`` and ``tongke doctor``, and what every command has in common."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tongke_platform.cli.program import cli

runner = CliRunner()

COMMANDS = ["serve", "demo", "migrate", "doctor", "publish", "watch"]


@pytest.mark.parametrize("command", COMMANDS)
def test_help(command: str) -> None:
    result = runner.invoke(cli, [command, "--help"])
    assert result.exit_code == 0
    assert "Usage" in result.output


def test_migrate(tmp_path: Path) -> None:
    where = f"--data-dir={tmp_path}"
    assert runner.invoke(cli, ["migrate", where, "--check"]).exit_code == 1
    done = runner.invoke(cli, ["migrate", where])
    assert done.exit_code == 0
    assert "empty →" in done.output
    assert "up to date" in runner.invoke(cli, ["migrate", where]).output
    assert runner.invoke(cli, ["migrate", where, "--check"]).exit_code == 0


def test_doctor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONGKE_MIN_FREE_BYTES", "0")
    result = runner.invoke(cli, ["doctor", f"--data-dir={tmp_path}", "--json"])
    findings = {one["name"]: one for one in json.loads(result.output)}
    assert {"ffmpeg", "ports", "database", "storage", "clock", "udp", "gso", "fonts"} == set(
        findings
    )
    assert findings["ffmpeg"]["detail"].startswith("ffmpeg version")
    assert findings["storage"]["level"] != "bad"


def test_doctor_says_what_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONGKE_FFMPEG", str(tmp_path / "nothing"))
    monkeypatch.setenv("TONGKE_MIN_FREE_BYTES", str(1 << 60))
    result = runner.invoke(cli, ["doctor", f"--data-dir={tmp_path}"])
    assert result.exit_code == 1
    assert "TONGKE_FFMPEG" in result.output.replace("\n", "")
