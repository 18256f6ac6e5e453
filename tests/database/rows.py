"""Rows in every table a database has, whatever its revision: made from its own description."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Table,
    Time,
    Uuid,
    inspect,
)

from tongke_platform.database.migrate import is_modelled

VERSIONS = "alembic_version"

Made = dict[str, list[dict[str, Any]]]


def names(connection: Connection) -> list[str]:
    return [name for name in inspect(connection).get_table_names() if is_kept(name)]


def is_kept(name: str) -> bool:
    """The search index is made from the tables, and SQLite lets nobody write beside it."""
    return name != VERSIONS and is_modelled(name, "table", None)


def fill(connection: Connection, there: list[Table], made: Made) -> None:
    """Two rows more in each table, parents first: one with no more than it must have, one with
    everything. ``made``: those of before, by table.
    """
    for each in there:
        for bare in (True, False):
            row = {c.name: value(c, made) for c in each.columns if not (bare and c.nullable)}
            connection.execute(each.insert(), row)
            made.setdefault(each.name, []).append(row)


def tables(connection: Connection) -> list[Table]:
    """As the database describes them, parents first."""
    found = MetaData()
    found.reflect(connection, only=lambda name, _: is_kept(name))
    return [each for each in found.sorted_tables if is_kept(each.name)]


def value(column: Column[Any], made: Made) -> Any:
    """Of each row in a table another; the second points to the second of others."""
    before = made.get(column.table.name, [])
    for key in column.foreign_keys:
        parents = made[key.column.table.name]
        return parents[min(len(before), len(parents) - 1)][key.column.name]
    kind, n = column.type, len(before)
    plain: dict[type[Any], Any] = {
        JSON: {"值": [1, None]},
        Boolean: True,
        Uuid: uuid4(),
        LargeBinary: b"\x00x",
        DateTime: datetime(2026, 9, 1, tzinfo=UTC) + timedelta(days=n),
        Date: date(2026, 9, 1) + timedelta(days=n),
        Time: time(21, 30),
        Numeric: 1 + n,
    }
    for type_, one in plain.items():
        if isinstance(kind, type_):
            return one
    if isinstance(kind, String):
        # SQLite calls a key CHAR(32).
        return uuid4().hex[: kind.length or 32]
    return 1 + n


def contents(connection: Connection, there: list[Table]) -> dict[str, dict[str, dict[str, Any]]]:
    """Table → key → column → value."""
    return {
        each.name: {
            " ".join(str(row[one.name]) for one in each.primary_key): dict(row)
            for row in connection.execute(each.select()).mappings()
        }
        for each in there
    }


def lost(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """What was there and is not, or is another: a column that is gone on purpose is not missed."""
    return [
        f"{name}.{column} of {key}: {value!r}"
        for name, rows in before.items()
        for key, row in rows.items()
        for column, value in row.items()
        if key not in after[name] or after[name][key].get(column, value) != value
    ]
