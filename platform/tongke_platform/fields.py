"""What anybody may send: lines of text, days and instants, the same in every form and every JSON body.

What slips past these is refused by the database and answered as ``unfit_value`` (app/problems.py).
"""

from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Field

# Whoever adds a year, a rotation or a time zone to a day stays far from the ends of the calendar.
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)


def plain(text: str) -> str:
    """No control characters: a NUL cannot be stored, a line break cannot be seen in a list."""
    if not text.isprintable():
        raise ValueError("not printable")
    return text


Plain = Annotated[str, AfterValidator(plain)]
Day = Annotated[date, Field(ge=FIRST_DAY, le=LAST_DAY)]
Instant = Annotated[
    AwareDatetime,
    Field(
        ge=datetime(FIRST_DAY.year, 1, 1, tzinfo=UTC), le=datetime(LAST_DAY.year, 1, 1, tzinfo=UTC)
    ),
]


def parse_day(text: str) -> date | None:
    """Of a form; None for what is none."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if FIRST_DAY <= day <= LAST_DAY else None
