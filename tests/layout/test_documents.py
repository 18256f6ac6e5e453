"""Documents that would go out of date in silence are held against the code."""

import re
from pathlib import Path

import pytest

from tongke_platform.cli.program import cli
from tongke_platform.settings import Settings

ROOT = Path(__file__).parents[2]
DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "README.zh-CN.md", "CONTRIBUTING.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")


def test_every_setting_is_in_the_operations_page() -> None:
    listed = re.findall(
        r"^\| `(TONGKE_\w+)` \|", (ROOT / "docs/operations.md").read_text(), re.MULTILINE
    )
    assert listed == [f"TONGKE_{name.upper()}" for name in Settings.model_fields]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    for target in LINK.findall(document.read_text()):
        assert (document.parent / target).exists(), target


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_first_screen_of_the_readme(name: str) -> None:
    first = (ROOT / name).read_text().splitlines()[:20]
    assert any("docs/images/room.png" in line for line in first)
    assert any(line.startswith("make demo") for line in first)
    assert any(line.startswith("make test") for line in first)


def test_commands_of_the_readme_exist() -> None:
    commands = {one.name for one in cli.registered_commands}
    commands |= {one.name for one in cli.registered_groups}
    named = set(re.findall(r"bin/tongke (\w+)", (ROOT / "README.md").read_text()))
    assert named
    assert named <= commands


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs/decisions"
    listed = set(LINK.findall((folder / "README.md").read_text()))
    assert listed == {path.name for path in folder.glob("0*.md")}
