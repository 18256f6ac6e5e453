"""New files of a group: which were told of, and which were brought to be shown in a post."""

import sqlalchemy as sa
from alembic import op


revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("group_files") as table:
        table.add_column(sa.Column("told_at", sa.DateTime(timezone=True), nullable=True))
        table.add_column(
            sa.Column("in_post", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
    # What was there before is news to nobody.
    op.execute(sa.text("UPDATE group_files SET told_at = created_at"))
    op.create_index(
        "ix_group_files_untold",
        "group_files",
        ["group_id"],
        sqlite_where=sa.text("told_at IS NULL"),
        postgresql_where=sa.text("told_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_group_files_untold", table_name="group_files")
    with op.batch_alter_table("group_files") as table:
        table.drop_column("in_post")
        table.drop_column("told_at")
