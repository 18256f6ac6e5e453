"""Facts and their roll-ups."""

import sqlalchemy as sa
from alembic import op


revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# SQLite's INSERT OR REPLACE deletes without telling the triggers of deletion.
THERE = "SELECT 1 FROM facts WHERE id = NEW.id OR key = NEW.key OR reverses_id = NEW.reverses_id"


def refuse_changes() -> None:
    """Whoever rebuilds the table in batch mode makes these again."""
    if op.get_bind().dialect.name == "sqlite":
        for what in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER facts_no_{what.lower()} BEFORE {what} ON facts "
                "BEGIN SELECT RAISE(ABORT, 'facts is append-only'); END"
            )
        op.execute(
            "CREATE TRIGGER facts_no_replace BEFORE INSERT ON facts "
            f"WHEN EXISTS ({THERE}) BEGIN SELECT RAISE(IGNORE); END"
        )
        return
    op.execute(
        "CREATE FUNCTION facts_keep() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'facts is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER facts_keep BEFORE UPDATE OR DELETE ON facts "
        "FOR EACH ROW EXECUTE FUNCTION facts_keep()"
    )
    op.execute(
        "CREATE TRIGGER facts_keep_all BEFORE TRUNCATE ON facts "
        "FOR EACH STATEMENT EXECUTE FUNCTION facts_keep()"
    )


def upgrade() -> None:
    op.create_table(
        "fact_rollup_states",
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("rebuilt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fact_rollup_states")),
        sa.UniqueConstraint("name", name=op.f("uq_fact_rollup_states_name")),
    )
    op.create_table(
        "fact_rollups",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(length=32), nullable=False),
        sa.Column("school_id", sa.Uuid(), nullable=True),
        sa.Column("counterpart_id", sa.Uuid(), nullable=True),
        sa.Column("partnership_id", sa.Uuid(), nullable=True),
        sa.Column("room_id", sa.Uuid(), nullable=True),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fact_rollups")),
    )
    with op.batch_alter_table("fact_rollups", schema=None) as batch_op:
        batch_op.create_index(
            "ix_fact_rollups_counterpart_id_day", ["counterpart_id", "day"], unique=False
        )
        batch_op.create_index("ix_fact_rollups_day_id", ["day", "id"], unique=False)
        batch_op.create_index("ix_fact_rollups_school_id_day", ["school_id", "day"], unique=False)
    op.create_table(
        "facts",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("school_id", sa.Uuid(), nullable=True),
        sa.Column("counterpart_id", sa.Uuid(), nullable=True),
        sa.Column("partnership_id", sa.Uuid(), nullable=True),
        sa.Column("person", sa.Uuid(), nullable=True),
        sa.Column("room_id", sa.Uuid(), nullable=True),
        sa.Column("subject_type", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("unit", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("reverses_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["reverses_id"], ["facts.id"], name=op.f("fk_facts_reverses_id_facts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_facts")),
        sa.UniqueConstraint("key", name=op.f("uq_facts_key")),
        sa.UniqueConstraint("reverses_id", name=op.f("uq_facts_reverses_id")),
    )
    with op.batch_alter_table("facts", schema=None) as batch_op:
        batch_op.create_index("ix_facts_counterpart_id_id", ["counterpart_id", "id"], unique=False)
        batch_op.create_index("ix_facts_kind_occurred_at", ["kind", "occurred_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_facts_occurred_at"), ["occurred_at"], unique=False)
        batch_op.create_index("ix_facts_school_id_id", ["school_id", "id"], unique=False)
        batch_op.create_index("ix_facts_subject_id_kind", ["subject_id", "kind"], unique=False)
    op.create_table(
        "facts_pending",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_facts_pending")),
    )
    op.create_table(
        "fact_people",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("pseudonym", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["people.id"],
            name=op.f("fk_fact_people_person_id_people"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fact_people")),
        sa.UniqueConstraint("person_id", name=op.f("uq_fact_people_person_id")),
        sa.UniqueConstraint("pseudonym", name=op.f("uq_fact_people_pseudonym")),
    )

    refuse_changes()


def downgrade() -> None:
    op.drop_table("fact_people")
    op.drop_table("facts_pending")
    op.drop_table("facts")
    op.drop_table("fact_rollups")
    op.drop_table("fact_rollup_states")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION facts_keep()")
