"""One row of a table: cells brought to their normal form, or said what is wrong with them."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from tongke_platform.errors import N_
from tongke_platform.imports.duties import USUAL, roles_of
from tongke_platform.imports.table import Odd, Row, Value
from tongke_platform.imports.titles import LABELS, Field, Titles

FORMULA = N_("This cell holds a formula. Please copy the column and paste it as values.")
CELL_ERROR = N_("The spreadsheet program could not compute this cell. Please type the value.")
CONTROL = N_("This cell holds invisible characters. Please type it again.")
TOO_LONG = N_("This is too long: at most %(limit)s characters.")
NO_NAME = N_("The name is missing.")
NO_CONTACT = N_("A staff number, a phone number or a mail address is needed.")
SHORTENED = N_("The spreadsheet program shortened this number to %(value)s. Please format the "
               "column as text and enter it again.")  # fmt: skip
BAD_PHONE = N_("%(value)s is not a phone number. Mobile numbers have 11 digits.")
BAD_MAIL = N_("%(value)s is not a mail address.")
BAD_NUMBER = N_("A staff number has no @ and no spaces.")
BAD_DATE = N_("%(value)s is not a date. Please write it like 2026-09-01.")
BAD_ROLE = N_("There is no role called %(value)s. The template lists the roles there are.")

_SHORTENED = re.compile(r"^\d(\.\d+)?[eE]\+?\d+$")
_MAIL = re.compile(r"^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$")
_PHONE = re.compile(r"^(1[3-9]\d{9}|0\d{9,11}|[2-9]\d{6,14})$")
_DATE = re.compile(
    r"^(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[ T]0+:00(?::00)?)?$"
    r"|^(\d{4})(\d\d)(\d\d)$"
)
_SERIAL_DAYS = range(10_000, 80_000)  # 1927 to 2119 in Excel's count of days
_EPOCH = date(1899, 12, 30)
_LIMITS = {Field.NAME: 80, Field.POST: 80, Field.SCHOOL_NAME: 120, Field.SCHOOL_CODE: 32}
_LIMIT = 64


@dataclass(frozen=True)
class Problem:
    """What is wrong with a cell: a message with %(name)s places, to be said when it is shown.

    ``column`` is the title as the file has it; ``label`` a message, for a column it has not.
    """

    message: str
    column: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    label: str = ""

    def stored(self) -> dict[str, Any]:
        return asdict(self)


class Wrong(Exception):
    def __init__(self, message: str, **params: Any) -> None:
        super().__init__(message)
        self.message, self.params = message, params


@dataclass
class Draft:
    """A row as it was read. ``values`` holds normal forms by field, ``roles`` as a list."""

    line: int
    values: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def read_row(row: Row, titles: Titles) -> Draft:
    draft = Draft(row.line)
    for name, column in titles.columns.items():
        value = row.values[column] if column < len(row.values) else None
        try:
            draft.values[name.value] = _READERS.get(name, _short)(name, value)
        except Wrong as wrong:
            draft.problems.append(Problem(wrong.message, titles.texts[name], wrong.params))
    _need(draft, titles)
    if not draft.values.get("roles"):
        draft.values["roles"] = draft.values.pop(Field.ROLE, None) or _by_post(draft)
    return draft


def _need(draft: Draft, titles: Titles) -> None:
    if draft.problems:
        return
    if not draft.values.get(Field.NAME):
        draft.problems.append(Problem(NO_NAME, titles.texts[Field.NAME]))
    if not any(draft.values.get(one) for one in (Field.NUMBER, Field.PHONE, Field.MAIL)):
        there = [one for one in (Field.PHONE, Field.NUMBER, Field.MAIL) if one in titles.texts]
        draft.problems.append(Problem(NO_CONTACT, titles.texts[there[0]]))


def _by_post(draft: Draft) -> list[str]:
    """The role a post such as 校长 stands for; a teacher's when it is no word of ours."""
    roles, _ = roles_of(draft.values.get(Field.POST) or "")
    return [role.value for role in roles] or [USUAL.value]


def text_of(value: Value) -> str:
    """As a person reads it: full-width forms made ordinary, spaces at the ends gone.

    Raises Wrong for formulas, errors and control characters.
    """
    if value is Odd.FORMULA:
        raise Wrong(FORMULA)
    if value is Odd.ERROR:
        raise Wrong(CELL_ERROR)
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    if isinstance(value, (date, time)):
        return value.isoformat()
    text = str(value)
    if len(text) > 2000:
        raise Wrong(TOO_LONG, limit=_LIMIT)
    # Zero-width spaces come with copies from web pages.
    text = "".join(one for one in text if unicodedata.category(one) != "Cf")
    text = " ".join(unicodedata.normalize("NFKC", text).split())
    if any(unicodedata.category(one) in {"Cc", "Cs", "Cn"} for one in text):
        raise Wrong(CONTROL)
    return text


def _short(name: Field, value: Value) -> str:
    text, limit = text_of(value), _LIMITS.get(name, _LIMIT)
    if len(text) > limit:
        raise Wrong(TOO_LONG, limit=limit)
    return text


def _phone(name: Field, value: Value) -> str:
    text = text_of(value)
    if _SHORTENED.match(text):
        raise Wrong(SHORTENED, value=text)
    digits = re.sub(r"[\s\-()]", "", text)
    digits = re.sub(r"^(\+86|0086|86(?=1[3-9]\d{9}$))", "", digits).removeprefix("+")
    if digits and not (digits.isascii() and _PHONE.match(digits)):
        raise Wrong(BAD_PHONE, value=text[:40])
    return digits


def _number(name: Field, value: Value) -> str:
    text = _short(name, value)
    if _SHORTENED.match(text) or (isinstance(value, float) and abs(value) >= 1e15):
        raise Wrong(SHORTENED, value=text)
    if "@" in text or " " in text:
        raise Wrong(BAD_NUMBER)
    return text


def _mail(name: Field, value: Value) -> str:
    text = _short(name, value).lower()
    if text and not _MAIL.match(text):
        raise Wrong(BAD_MAIL, value=text)
    return text


def _role(name: Field, value: Value) -> list[str]:
    roles, unknown = roles_of(text_of(value))
    if unknown:
        raise Wrong(BAD_ROLE, value=unknown[0][:40])
    return [role.value for role in roles]


def _day(name: Field, value: Value) -> str:
    """The day as ISO 8601, empty for none."""
    if isinstance(value, datetime):
        value = value.date()
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if int(value) in _SERIAL_DAYS:
            return (_EPOCH + timedelta(days=int(value))).isoformat()
        value = str(int(value)) if float(value).is_integer() else str(value)
    text = text_of(value)
    if not text:
        return ""
    found = _DATE.match(text)
    try:
        day = date(*(int(one) for one in found.groups() if one)) if found else None
    except ValueError:
        day = None
    if day is None or not 1900 < day.year < 2200:
        raise Wrong(BAD_DATE, value=text[:40])
    return day.isoformat()


_READERS: Mapping[Field, Callable[[Field, Value], Any]] = {
    Field.PHONE: _phone,
    Field.NUMBER: _number,
    Field.MAIL: _mail,
    Field.ROLE: _role,
    Field.STARTS_ON: _day,
}

__all__ = ["LABELS", "Draft", "Problem", "Wrong", "read_row", "text_of"]
