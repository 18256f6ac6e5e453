"""How far one person has read a topic is one look at the index, whichever of the two is asked."""

from alembic import op


revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_board_topic_readings_topic_id_person_id",
        "board_topic_readings",
        ["topic_id", "person_id"],
    )
    op.drop_index("ix_board_topic_readings_topic_id", table_name="board_topic_readings")


def downgrade() -> None:
    op.create_index("ix_board_topic_readings_topic_id", "board_topic_readings", ["topic_id"])
    op.drop_index(
        "ix_board_topic_readings_topic_id_person_id", table_name="board_topic_readings"
    )
