"""Rows that are added or, where they are there already, changed or left alone."""

from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session


def upsert(session: AsyncSession | Session, table: Any) -> Any:
    """The insert of this database that knows ON CONFLICT; the two share a face but no base."""
    on_postgresql = session.get_bind().dialect.name == "postgresql"
    return (postgresql.insert if on_postgresql else sqlite.insert)(table)
