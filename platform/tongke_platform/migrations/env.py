"""Run by Alembic; the connection and the metadata come from ``database.migrate``."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import TypeDecorator

from tongke_platform.database.migrate import is_modelled

config = context.config
connection = config.attributes["connection"]


def plain_type(kind: str, item: Any, _: Any) -> str | Literal[False]:
    """A migration says what the column is, not which class of ours reads it: that may go."""
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl_instance!r}"
    return False


context.configure(
    connection=connection,
    target_metadata=config.attributes["metadata"],
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
    include_name=is_modelled,
    render_item=plain_type,
    transactional_ddl=True,
)
# The caller owns the transaction.
context.run_migrations()
