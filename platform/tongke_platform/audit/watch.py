"""Entries that write themselves: rows of these tables are not made, changed or removed in silence.

What a bulk statement changes is not seen here; whoever writes one calls ``record``.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import event, inspect
from sqlalchemy.orm import Session

from tongke_platform.audit.service import put
from tongke_platform.database import Record


def of_column(name: str) -> Callable[[Any], UUID | None]:
    def read(record: Any) -> UUID | None:
        found: UUID | None = getattr(record, name)
        return found

    return read


@dataclass(frozen=True)
class Watched:
    """``made``, ``changed`` and ``removed`` are acts; ``fields`` are the columns entries tell of.

    A change of other columns is not worth an entry. ``organisation`` says whose log it is in.
    """

    model: type[Record]
    fields: tuple[str, ...]
    made: str = ""
    changed: str = ""
    removed: str = ""
    organisation: Callable[[Any], UUID | None] = field(default=of_column("organisation_id"))


_watched: dict[type[Record], Watched] = {}


def watch(tables: Iterable[Watched]) -> None:
    """Called once by the assembly."""
    _watched.update({one.model: one for one in tables})
    if not event.contains(Session, "after_flush", _after_flush):
        event.listen(Session, "after_flush", _after_flush)


def _after_flush(session: Session, _context: object) -> None:
    for record, act in (
        *((one, "made") for one in session.new),
        *((one, "changed") for one in session.dirty),
        *((one, "removed") for one in session.deleted),
    ):
        if (table := _watched.get(type(record))) and (name := getattr(table, act)):
            _tell(session, table, record, name, act)


def _tell(session: Session, table: Watched, record: Any, name: str, act: str) -> None:
    if act == "changed":
        detail = _changes(table, record)
        if not detail:
            return
    else:
        values = {one: getattr(record, one) for one in table.fields}
        detail = {one: value for one, value in values.items() if value not in (None, "")}
    put(session, name, record, table.organisation(record), detail)


def _changes(table: Watched, record: Any) -> dict[str, list[Any]]:
    """``{field: [before, after]}``."""
    found: dict[str, list[Any]] = {}
    attributes = inspect(record).attrs
    for one in table.fields:
        history = attributes[one].history
        if history.has_changes():
            found[one] = [next(iter(history.deleted), None), next(iter(history.added), None)]
    return found
