"""A row in every table a database has, whatever its revision: made from its own description."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time
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
    Time,
    Uuid,
    func,
    inspect,
    select,
    table,
)

from tongke_platform.database.migrate import is_modelled

VERSIONS = "alembic_version"


def names(connection: Connection) -> list[str]:
    return [name for name in inspect(connection).get_table_names() if is_kept(name)]


def is_kept(name: str) -> bool:
    """The search index is made from the tables, and SQLite lets nobody write beside it."""
    return name != VERSIONS and is_modelled(name, "table", None)


def fill(connection: Connection) -> list[str]:
    """One row each, parents first; columns that may be empty are. The names of the tables."""
    found = MetaData()
    found.reflect(connection, only=lambda name, _: is_kept(name))
    made: dict[str, dict[str, Any]] = {}
    for each in found.sorted_tables:
        if is_kept(each.name):
            made[each.name] = {c.name: value(c, made) for c in each.columns if not c.nullable}
            connection.execute(each.insert(), made[each.name])
    return list(made)


def value(column: Column[Any], made: dict[str, dict[str, Any]]) -> Any:
    for key in column.foreign_keys:
        return made[key.column.table.name][key.column.name]
    kind = column.type
    plain: dict[type[Any], Any] = {
        JSON: {"值": [1, None]},
        Boolean: True,
        Uuid: uuid4(),
        LargeBinary: b"\x00x",
        DateTime: datetime(2026, 9, 1, tzinfo=UTC),
        Date: date(2026, 9, 1),
        Time: time(21, 30),
        Numeric: 1,
    }
    for type_, one in plain.items():
        if isinstance(kind, type_):
            return one
    if isinstance(kind, String):
        # SQLite calls a key CHAR(32).
        return uuid4().hex[: kind.length or 32]
    return 1


def counts(connection: Connection, tables: Iterable[str]) -> dict[str, int]:
    def count(name: str) -> int:
        statement = select(func.count()).select_from(table(name))
        return int(connection.execute(statement).scalar_one())

    return {name: count(name) for name in tables}
