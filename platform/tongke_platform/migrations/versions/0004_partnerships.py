"""Partnerships, their sides, scope and promises."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "partnerships",
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("subjects", sa.JSON(), nullable=False),
        sa.Column("grades", sa.JSON(), nullable=False),
        sa.Column("periods_per_week", sa.Integer(), nullable=True),
        sa.Column("rights", sa.JSON(), nullable=False),
        sa.Column("note", sa.String(length=2000), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("proposed_by_id", sa.Uuid(), nullable=True),
        sa.Column("paused_for_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["paused_for_id"],
            ["organisations.id"],
            name=op.f("fk_partnerships_paused_for_id_organisations"),
        ),
        sa.ForeignKeyConstraint(
            ["proposed_by_id"],
            ["people.id"],
            name=op.f("fk_partnerships_proposed_by_id_people"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partnerships")),
    )
    with op.batch_alter_table("partnerships", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_partnerships_state"), ["state"], unique=False)
    op.create_table(
        "partnership_promises",
        sa.Column("partnership_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(length=32), nullable=False),
        sa.Column("period", sa.String(length=32), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["partnership_id"],
            ["partnerships.id"],
            name=op.f("fk_partnership_promises_partnership_id_partnerships"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partnership_promises")),
    )
    with op.batch_alter_table("partnership_promises", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_partnership_promises_partnership_id"), ["partnership_id"], unique=False
        )
    op.create_table(
        "partnership_sides",
        sa.Column("partnership_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("part", sa.String(length=32), nullable=False),
        sa.Column("answer", sa.String(length=32), nullable=False),
        sa.Column("answered_by_id", sa.Uuid(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["answered_by_id"],
            ["people.id"],
            name=op.f("fk_partnership_sides_answered_by_id_people"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_partnership_sides_organisation_id_organisations"),
        ),
        sa.ForeignKeyConstraint(
            ["partnership_id"],
            ["partnerships.id"],
            name=op.f("fk_partnership_sides_partnership_id_partnerships"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partnership_sides")),
        sa.UniqueConstraint(
            "partnership_id",
            "organisation_id",
            name=op.f("uq_partnership_sides_partnership_id_organisation_id"),
        ),
    )
    with op.batch_alter_table("partnership_sides", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_partnership_sides_organisation_id"), ["organisation_id"], unique=False
        )
    op.create_table(
        "partnership_steps",
        sa.Column("partnership_id", sa.Uuid(), nullable=False),
        sa.Column("act", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["by_id"],
            ["people.id"],
            name=op.f("fk_partnership_steps_by_id_people"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_partnership_steps_organisation_id_organisations"),
        ),
        sa.ForeignKeyConstraint(
            ["partnership_id"],
            ["partnerships.id"],
            name=op.f("fk_partnership_steps_partnership_id_partnerships"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partnership_steps")),
    )
    with op.batch_alter_table("partnership_steps", schema=None) as batch_op:
        batch_op.create_index(
            "ix_partnership_steps_partnership_id_id", ["partnership_id", "id"], unique=False
        )
    with op.batch_alter_table("lesson_rooms", schema=None) as batch_op:
        batch_op.add_column(sa.Column("partnership_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("invited_by_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("invited_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("declined_by_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("declined_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(
            batch_op.f("ix_lesson_rooms_partnership_id"), ["partnership_id"], unique=False
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_lesson_rooms_invited_by_id_people"),
            "people",
            ["invited_by_id"],
            ["id"],
            ondelete="SET NULL",
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_lesson_rooms_declined_by_id_people"),
            "people",
            ["declined_by_id"],
            ["id"],
            ondelete="SET NULL",
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_lesson_rooms_partnership_id_partnerships"),
            "partnerships",
            ["partnership_id"],
            ["id"],
        )


def downgrade() -> None:
    with op.batch_alter_table("lesson_rooms", schema=None) as batch_op:
        batch_op.drop_constraint(
            batch_op.f("fk_lesson_rooms_partnership_id_partnerships"), type_="foreignkey"
        )
        batch_op.drop_constraint(
            batch_op.f("fk_lesson_rooms_declined_by_id_people"), type_="foreignkey"
        )
        batch_op.drop_constraint(
            batch_op.f("fk_lesson_rooms_invited_by_id_people"), type_="foreignkey"
        )
        batch_op.drop_index(batch_op.f("ix_lesson_rooms_partnership_id"))
        batch_op.drop_column("declined_at")
        batch_op.drop_column("declined_by_id")
        batch_op.drop_column("invited_at")
        batch_op.drop_column("invited_by_id")
        batch_op.drop_column("partnership_id")
    with op.batch_alter_table("partnership_steps", schema=None) as batch_op:
        batch_op.drop_index("ix_partnership_steps_partnership_id_id")
    op.drop_table("partnership_steps")
    with op.batch_alter_table("partnership_sides", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_partnership_sides_organisation_id"))
    op.drop_table("partnership_sides")
    with op.batch_alter_table("partnership_promises", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_partnership_promises_partnership_id"))
    op.drop_table("partnership_promises")
    with op.batch_alter_table("partnerships", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_partnerships_state"))
    op.drop_table("partnerships")
