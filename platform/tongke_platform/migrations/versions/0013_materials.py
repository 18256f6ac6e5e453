"""When a stored file was last wanted, when a material last changed."""

import sqlalchemy as sa
from alembic import op


revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

NEW = (("stored_files", "used_at"), ("materials", "changed_at"))


def upgrade() -> None:
    for table, name in NEW:
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column(name, sa.DateTime(timezone=True), nullable=True))
        op.execute(f"UPDATE {table} SET {name} = created_at")
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.alter_column(
                name, existing_type=sa.DateTime(timezone=True), nullable=False
            )
    with op.batch_alter_table("materials", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("passages", sa.Integer(), server_default="0", nullable=False)
        )


def downgrade() -> None:
    with op.batch_alter_table("materials", schema=None) as batch_op:
        batch_op.drop_column("passages")
    for table, name in NEW:
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column(name)
