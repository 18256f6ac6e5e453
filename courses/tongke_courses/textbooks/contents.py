"""What a volume holds, from pasted text: a line each, units and the periods below them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from tongke_courses.textbooks.words import NUMERAL, even
from tongke_platform.errors import N_, Invalid

MAX_TEXT = 60_000
MAX_UNITS = 60
MAX_PERIODS = 60
MAX_NAME = 120

_COUNT = rf"(?:{NUMERAL}{{1,3}}|\d{{1,3}})"
_UNIT = re.compile(rf"第 ?{_COUNT} ?(?:单元|章|部分|主题|专题|模块|板块|编)|(?:Unit|Module|Chapter) ?\d",
                   re.IGNORECASE)  # fmt: skip
_PERIOD = re.compile(rf"第 ?{_COUNT} ?(?:课时|课|节|讲|框)|(?:Lesson|Period) ?\d|{_COUNT}[.．、] ?\S",
                     re.IGNORECASE)  # fmt: skip
# A table of contents ends its lines with dots and the page.
_PAGE = re.compile(r"(?: ?[.…·]{2,} ?| {2,}|\t+)\d{1,3}$")
_BULLET = re.compile(r"^[-*•◦▪·]+ ")

TOO_LONG = N_("This is too much text for one volume. Please paste only its units and lessons.")
TOO_MANY = N_("Please paste at most %(units)s units with at most %(periods)s lessons each.")
LONG_LINE = N_("One line is far too long for the name of a unit or lesson: %(line)s…")


@dataclass
class Unit:
    """A unit and the names of its periods, in their order."""

    name: str
    periods: list[str] = field(default_factory=list)


def parse(text: str) -> list[Unit]:
    """Indented lines, and lines such as ``第2课``, are periods of the unit above.

    Without any unit each line is one. Raises Invalid ``too_long``, ``too_many``, ``long_line``.
    """
    if len(text) > MAX_TEXT:
        raise Invalid(TOO_LONG, code="too_long")
    units: list[Unit] = []
    for below, name in _leveled(_lines(text)):
        _put(units, name, below=below)
    if len(units) > MAX_UNITS or any(len(one.periods) > MAX_PERIODS for one in units):
        raise Invalid(TOO_MANY, code="too_many", units=MAX_UNITS, periods=MAX_PERIODS)
    return units


def write(units: Iterable[Unit]) -> str:
    """The text that ``parse`` reads back."""
    lines: list[str] = []
    for one in units:
        lines += [one.name, *(f"  {period}" for period in one.periods)]
    return "\n".join(lines)


def _lines(text: str) -> list[tuple[int, str]]:
    """How far each line is indented, and its name."""
    found = []
    for line in text.replace("\0", "").splitlines():
        plain = line.replace("\u3000", "  ").expandtabs(4)
        indent = len(plain) - len(plain.lstrip())
        name = _BULLET.sub("", even(_PAGE.sub("", line.strip())))
        if len(name) > MAX_NAME:
            raise Invalid(LONG_LINE, code="long_line", line=name[:20])
        if name:
            found.append((indent, name))
    return found


def _leveled(lines: list[tuple[int, str]]) -> list[tuple[bool, str]]:
    """Whether each line is below a unit. Names decide where they say it, else the indent."""
    least = min((indent for indent, _ in lines), default=0)
    named = any(_UNIT.match(name) for _, name in lines)
    return [
        (not _UNIT.match(name) and (named or indent > least or _is_period(name, lines)), name)
        for indent, name in lines
    ]


def _is_period(name: str, lines: list[tuple[int, str]]) -> bool:
    """``1. 观潮`` is a lesson only beside lines that are not numbered so."""
    return bool(_PERIOD.match(name)) and not all(_PERIOD.match(other) for _, other in lines)


def _put(units: list[Unit], name: str, *, below: bool) -> None:
    """A name said twice in one place is one node."""
    if not below or not units:
        if name not in (one.name for one in units):
            units.append(Unit(name))
        return
    if name not in units[-1].periods:
        units[-1].periods.append(name)
