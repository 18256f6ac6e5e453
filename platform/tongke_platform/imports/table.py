"""A spreadsheet as rows of values, whatever file it came in; content decides, never the name."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import Enum

from tongke_platform.errors import Invalid


class Odd(Enum):
    """Cells that hold something other than a value."""

    FORMULA = "formula"
    ERROR = "error"


Value = str | int | float | bool | date | datetime | time | Odd | None


@dataclass(frozen=True)
class Row:
    """``line`` is its number in the file, from 1."""

    line: int
    values: Sequence[Value]


@dataclass(frozen=True)
class Sheet:
    name: str
    rows: Sequence[Row]


MAX_ROWS = 50_000
MAX_COLUMNS = 64
MAX_FILE = 20 << 20


class BadFile(Invalid):
    """The file as a whole cannot be read; ``code`` says why, ``message`` what to do."""

    code = "bad_file"


def is_empty(value: Value) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())
