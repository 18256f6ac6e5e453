"""Run by Alembic; the connection and the metadata come from ``database.migrate``."""

from alembic import context

config = context.config
connection = config.attributes["connection"]

context.configure(
    connection=connection,
    target_metadata=config.attributes["metadata"],
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
    transactional_ddl=True,
)
# The caller owns the transaction.
context.run_migrations()
