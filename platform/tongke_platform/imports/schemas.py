"""What the API says of imports, and how a problem is said in a language."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from tongke_platform.imports.cells import Problem
from tongke_platform.imports.models import Import, ImportKind, ImportRow, ImportState, Outcome

Say = Callable[[str], str]


class RowError(BaseModel):
    """``row`` is the row's number in the file; ``column`` its title there, if it has one."""

    row: int
    column: str
    message: str


class RowOut(BaseModel):
    """``line`` is the row's number in its file, ``at`` its place among all: ask for those after."""

    line: int
    at: int
    outcome: Outcome
    data: dict[str, Any]
    changes: list[list[str]]
    errors: list[RowError]


class ImportOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    kind: ImportKind
    state: ImportState
    file_name: str
    organisation_id: UUID | None
    counts: dict[str, int]
    to_write: int
    written: int
    failed: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    expires_at: datetime


class Confirmation(BaseModel):
    """``skip_errors``: write the good rows although others are wrong."""

    model_config = ConfigDict(extra="forbid")

    skip_errors: bool = False


def say_problem(line: int, problem: Mapping[str, Any], say: Say) -> RowError:
    params = dict(problem["params"])
    if "role" in params:
        params["role"] = say(params["role"])
    text = say(problem["message"])
    label = problem.get("label") or ""
    return RowError(
        row=line,
        column=problem["column"] or (say(label) if label else ""),
        message=text % params if params else text,
    )


def errors_of(line: int, problems: list[Any], say: Say) -> list[RowError]:
    stored = [one.stored() if isinstance(one, Problem) else one for one in problems]
    return [say_problem(line, one, say) for one in stored]


def line_of(row: ImportRow) -> int:
    """In its own file: a roster is several."""
    return int(row.data.get("line", row.line))


def row_out(row: ImportRow, say: Say) -> RowOut:
    changes = [[say(what), before, say(after)] for what, before, after in row.changes]
    line = line_of(row)
    errors = errors_of(line, row.problems, say)
    return RowOut(
        line=line, at=row.line, outcome=row.outcome, data=row.data, changes=changes, errors=errors
    )


def import_out(found: Import) -> ImportOut:
    return ImportOut.model_validate(found)
