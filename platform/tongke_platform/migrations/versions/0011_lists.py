"""Indexes for lists."""

import sqlalchemy as sa
from alembic import op


revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

PLACE = "ix_memberships_organisation_id_role"


def upgrade() -> None:
    off = sa.text("deactivated_at IS NOT NULL")
    op.create_index(
        "ix_people_deactivated",
        "people",
        ["display_name", "id"],
        sqlite_where=off,
        postgresql_where=off,
    )
    op.drop_index(PLACE, table_name="memberships")
    op.create_index(
        PLACE, "memberships", ["organisation_id", "role", "person_id", "starts_on", "ends_on"]
    )
    op.create_index("ix_facts_kind_id", "facts", ["kind", "id"])
    op.create_index("ix_fact_rollups_kind_day_id", "fact_rollups", ["kind", "day", "id"])


def downgrade() -> None:
    op.drop_index("ix_fact_rollups_kind_day_id", table_name="fact_rollups")
    op.drop_index("ix_facts_kind_id", table_name="facts")
    op.drop_index(PLACE, table_name="memberships")
    op.create_index(PLACE, "memberships", ["organisation_id", "role"])
    op.drop_index("ix_people_deactivated", table_name="people")
