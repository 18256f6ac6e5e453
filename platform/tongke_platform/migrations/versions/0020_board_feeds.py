"""Feeds of boards, and how far each day's digest of them has come."""

import sqlalchemy as sa
from alembic import op


revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "board_digests",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("after_id", sa.Uuid(), nullable=True),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_board_digests")),
        sa.UniqueConstraint("day", name=op.f("uq_board_digests_day")),
    )
    op.create_table(
        "board_feeds",
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["teacher_groups.id"],
            name=op.f("fk_board_feeds_group_id_teacher_groups"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["people.id"],
            name=op.f("fk_board_feeds_person_id_people"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_board_feeds")),
        sa.UniqueConstraint("group_id", "person_id", name=op.f("uq_board_feeds_group_id_person_id")),
        sa.UniqueConstraint("token", name=op.f("uq_board_feeds_token")),
    )
    with op.batch_alter_table("board_feeds", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_board_feeds_person_id"), ["person_id"], unique=False)


def downgrade() -> None:
    op.drop_table("board_feeds")
    op.drop_table("board_digests")
