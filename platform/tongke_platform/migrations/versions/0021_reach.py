"""Indexes that hold all that is asked about which lessons reach a room."""

from alembic import op


revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_lesson_rooms_room_id", table_name="lesson_rooms")
    op.create_index(
        "ix_lesson_rooms_reach",
        "lesson_rooms",
        ["room_id", "declined_at", "partnership_id", "lesson_id"],
    )
    op.create_index(
        "ix_lessons_reach", "lessons", ["id", "course_id", "state", "started_at", "ended_at"]
    )


def downgrade() -> None:
    op.drop_index("ix_lessons_reach", table_name="lessons")
    op.drop_index("ix_lesson_rooms_reach", table_name="lesson_rooms")
    op.create_index("ix_lesson_rooms_room_id", "lesson_rooms", ["room_id"])
