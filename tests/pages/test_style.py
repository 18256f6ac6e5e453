"""The style sheets: all of them are in what the browser gets, and every name they use is given."""

import re
from pathlib import Path

STYLE = Path(__file__).parents[2] / "templates" / "style"
SHEETS = {path.name: path.read_text() for path in STYLE.glob("*.css")}


def test_every_sheet_is_imported() -> None:
    imported = re.findall(r'@import "\./([\w-]+\.css)";', SHEETS["tongke.css"])
    assert sorted([*imported, "tongke.css"]) == sorted(SHEETS)


def test_every_name_is_given() -> None:
    everything = "\n".join(SHEETS.values())
    given = set(re.findall(r"(--[\w-]+)\s*:", everything))
    used = set(re.findall(r"var\((--[\w-]+)\)", everything))
    assert used
    assert used <= given
