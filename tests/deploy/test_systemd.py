"""The unit is read as systemd reads it, and names what is really there."""

import shutil
import subprocess
from configparser import RawConfigParser
from importlib.metadata import entry_points
from pathlib import Path

UNIT = Path(__file__).parents[2] / "deploy/systemd/tongke.service"


def unit() -> RawConfigParser:
    parser = RawConfigParser(strict=False, delimiters=("=",), comment_prefixes=("#",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # keys keep their case
    parser.read(UNIT)
    return parser


def test_it_starts_the_program_that_the_package_installs() -> None:
    program, command = unit()["Service"]["ExecStart"].split()
    assert command == "serve"
    assert Path(program).name in {entry.name for entry in entry_points(group="console_scripts")}


def test_it_is_hardened() -> None:
    service = unit()["Service"]
    assert service["User"] == "tongke"
    assert service["NoNewPrivileges"] == service["ProtectHome"] == "yes"
    assert service["ProtectSystem"] == "strict"
    assert service["CapabilityBoundingSet"] == ""
    assert service["UMask"] == "0077"


def test_systemd_understands_it(tmp_path: Path) -> None:
    """Where systemd is installed; elsewhere its keys are checked against the manual's spelling."""
    verify = shutil.which("systemd-analyze")
    if verify is None:
        assert {"Unit", "Service", "Install"} == set(unit().sections())
        return
    text = UNIT.read_text().replace("/opt/tongke/.venv/bin/tongke", "/bin/true")
    copy = tmp_path / "tongke.service"
    copy.write_text(text.replace("User=tongke\nGroup=tongke\n", ""))
    done = subprocess.run(
        [verify, "verify", "--man=no", str(copy)], capture_output=True, text=True, check=False
    )
    complaints = [line for line in done.stderr.splitlines() if "tongke.service" in line]
    assert not complaints
