"""Small pictures of a group's files; an index of the few topics that were merged."""

import sqlalchemy as sa
from alembic import op


revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

MERGED = "ix_board_topics_merged_into_id"
MERGED_ONLY = sa.text("merged_into_id IS NOT NULL")


def upgrade() -> None:
    with op.batch_alter_table("group_files", schema=None) as batch_op:
        batch_op.add_column(sa.Column("small_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("width", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("height", sa.Integer(), nullable=True))
        batch_op.create_index(batch_op.f("ix_group_files_small_id"), ["small_id"])
        batch_op.create_foreign_key(
            batch_op.f("fk_group_files_small_id_stored_files"), "stored_files", ["small_id"], ["id"]
        )
    op.drop_index(MERGED, table_name="board_topics")
    op.create_index(
        MERGED, "board_topics", ["merged_into_id"],
        postgresql_where=MERGED_ONLY, sqlite_where=MERGED_ONLY,
    )


def downgrade() -> None:
    op.drop_index(MERGED, table_name="board_topics")
    op.create_index(MERGED, "board_topics", ["merged_into_id"])
    with op.batch_alter_table("group_files", schema=None) as batch_op:
        batch_op.drop_constraint(
            batch_op.f("fk_group_files_small_id_stored_files"), type_="foreignkey"
        )
        batch_op.drop_index(batch_op.f("ix_group_files_small_id"))
        for name in ("height", "width", "small_id"):
            batch_op.drop_column(name)
