"""Groups of teachers, ways into them, and their activities."""

import sqlalchemy as sa
from alembic import op


revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "teacher_groups",
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("stage", sa.String(length=40), nullable=False),
        sa.Column("grade", sa.String(length=40), nullable=False),
        sa.Column("visibility", sa.String(length=32), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("region_id", sa.Uuid(), nullable=True),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["by_id"],
            ["people.id"],
            name=op.f("fk_teacher_groups_by_id_people"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_teacher_groups_organisation_id_organisations"),
        ),
        sa.ForeignKeyConstraint(
            ["region_id"], ["regions.id"], name=op.f("fk_teacher_groups_region_id_regions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_teacher_groups")),
    )
    with op.batch_alter_table("teacher_groups", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_teacher_groups_organisation_id"), ["organisation_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_teacher_groups_region_id"), ["region_id"], unique=False
        )
        batch_op.create_index("ix_teacher_groups_visibility_id", ["visibility", "id"], unique=False)

    op.create_table(
        "group_calendars",
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["teacher_groups.id"],
            name=op.f("fk_group_calendars_group_id_teacher_groups"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["people.id"],
            name=op.f("fk_group_calendars_person_id_people"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_group_calendars")),
        sa.UniqueConstraint(
            "group_id", "person_id", name=op.f("uq_group_calendars_group_id_person_id")
        ),
        sa.UniqueConstraint("token", name=op.f("uq_group_calendars_token")),
    )
    with op.batch_alter_table("group_calendars", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_group_calendars_person_id"), ["person_id"], unique=False
        )

    op.create_table(
        "group_joinings",
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("way", sa.String(length=32), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("invited_by_id", sa.Uuid(), nullable=True),
        sa.Column("answered_by_id", sa.Uuid(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["answered_by_id"],
            ["people.id"],
            name=op.f("fk_group_joinings_answered_by_id_people"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["teacher_groups.id"],
            name=op.f("fk_group_joinings_group_id_teacher_groups"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["invited_by_id"],
            ["people.id"],
            name=op.f("fk_group_joinings_invited_by_id_people"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["people.id"],
            name=op.f("fk_group_joinings_person_id_people"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_group_joinings")),
    )
    with op.batch_alter_table("group_joinings", schema=None) as batch_op:
        batch_op.create_index(
            "ix_group_joinings_group_id_state", ["group_id", "state"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_group_joinings_person_id"), ["person_id"], unique=False
        )

    op.create_table(
        "group_links",
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["by_id"], ["people.id"], name=op.f("fk_group_links_by_id_people"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["teacher_groups.id"],
            name=op.f("fk_group_links_group_id_teacher_groups"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_group_links")),
        sa.UniqueConstraint("token", name=op.f("uq_group_links_token")),
    )
    with op.batch_alter_table("group_links", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_group_links_group_id"), ["group_id"], unique=False)

    op.create_table(
        "group_activities",
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("lesson_id", sa.Uuid(), nullable=True),
        sa.Column("agenda", sa.Text(), nullable=False),
        sa.Column("minutes", sa.Text(), nullable=False),
        sa.Column("minutes_by_id", sa.Uuid(), nullable=True),
        sa.Column("minutes_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_because", sa.String(length=500), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["by_id"],
            ["people.id"],
            name=op.f("fk_group_activities_by_id_people"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["teacher_groups.id"],
            name=op.f("fk_group_activities_group_id_teacher_groups"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["lesson_id"],
            ["lessons.id"],
            name=op.f("fk_group_activities_lesson_id_lessons"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["minutes_by_id"],
            ["people.id"],
            name=op.f("fk_group_activities_minutes_by_id_people"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_group_activities")),
    )
    with op.batch_alter_table("group_activities", schema=None) as batch_op:
        batch_op.create_index(
            "ix_group_activities_group_id_starts_at", ["group_id", "starts_at"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_group_activities_lesson_id"), ["lesson_id"], unique=False
        )
        batch_op.create_index("ix_group_activities_starts_at", ["starts_at"], unique=False)

    op.create_table(
        "group_dues",
        sa.Column("activity_id", sa.Uuid(), nullable=False),
        sa.Column("item", sa.String(length=200), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["activity_id"],
            ["group_activities.id"],
            name=op.f("fk_group_dues_activity_id_group_activities"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["by_id"], ["people.id"], name=op.f("fk_group_dues_by_id_people"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["people.id"],
            name=op.f("fk_group_dues_person_id_people"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_group_dues")),
    )
    with op.batch_alter_table("group_dues", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_group_dues_activity_id"), ["activity_id"], unique=False
        )
        batch_op.create_index("ix_group_dues_due_on_done_at", ["due_on", "done_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_group_dues_person_id"), ["person_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("group_dues", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_group_dues_person_id"))
        batch_op.drop_index("ix_group_dues_due_on_done_at")
        batch_op.drop_index(batch_op.f("ix_group_dues_activity_id"))

    op.drop_table("group_dues")
    with op.batch_alter_table("group_activities", schema=None) as batch_op:
        batch_op.drop_index("ix_group_activities_starts_at")
        batch_op.drop_index(batch_op.f("ix_group_activities_lesson_id"))
        batch_op.drop_index("ix_group_activities_group_id_starts_at")

    op.drop_table("group_activities")
    with op.batch_alter_table("group_links", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_group_links_group_id"))

    op.drop_table("group_links")
    with op.batch_alter_table("group_joinings", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_group_joinings_person_id"))
        batch_op.drop_index("ix_group_joinings_group_id_state")

    op.drop_table("group_joinings")
    with op.batch_alter_table("group_calendars", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_group_calendars_person_id"))

    op.drop_table("group_calendars")
    with op.batch_alter_table("teacher_groups", schema=None) as batch_op:
        batch_op.drop_index("ix_teacher_groups_visibility_id")
        batch_op.drop_index(batch_op.f("ix_teacher_groups_region_id"))
        batch_op.drop_index(batch_op.f("ix_teacher_groups_organisation_id"))

    op.drop_table("teacher_groups")
