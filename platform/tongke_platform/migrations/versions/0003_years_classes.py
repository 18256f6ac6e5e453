"""Academic years, classes, class lists and the history of organisations."""

import sqlalchemy as sa
from alembic import op


revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "external_ids",
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("system", sa.String(length=64), nullable=False),
        sa.Column("value", sa.String(length=255), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_external_ids")),
        sa.UniqueConstraint(
            "kind", "system", "value", name=op.f("uq_external_ids_kind_system_value")
        ),
    )
    with op.batch_alter_table("external_ids", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_external_ids_record_id"), ["record_id"], unique=False)

    op.create_table(
        "academic_years",
        sa.Column("region_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["region_id"], ["regions.id"], name=op.f("fk_academic_years_region_id_regions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_academic_years")),
    )
    with op.batch_alter_table("academic_years", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_academic_years_region_id"), ["region_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_academic_years_starts_on"), ["starts_on"], unique=False
        )

    op.create_table(
        "undos",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("act", sa.String(length=64), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_undos_person_id_people"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_undos")),
    )
    with op.batch_alter_table("undos", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_undos_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_undos_person_id"), ["person_id"], unique=False)

    op.create_table(
        "organisation_changes",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("other_id", sa.Uuid(), nullable=True),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["by_id"],
            ["people.id"],
            name=op.f("fk_organisation_changes_by_id_people"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_organisation_changes_organisation_id_organisations"),
        ),
        sa.ForeignKeyConstraint(
            ["other_id"],
            ["organisations.id"],
            name=op.f("fk_organisation_changes_other_id_organisations"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation_changes")),
    )
    with op.batch_alter_table("organisation_changes", schema=None) as batch_op:
        batch_op.create_index(
            "ix_organisation_changes_organisation_id_day", ["organisation_id", "day"], unique=False
        )

    op.create_table(
        "pupils",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=True),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_pupils_organisation_id_organisations"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pupils")),
        sa.UniqueConstraint(
            "organisation_id", "number", name=op.f("uq_pupils_organisation_id_number")
        ),
    )
    op.create_table(
        "school_classes",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_school_classes_organisation_id_organisations"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_school_classes")),
    )
    with op.batch_alter_table("school_classes", schema=None) as batch_op:
        batch_op.create_index(
            "ix_school_classes_organisation_id_name", ["organisation_id", "name"], unique=False
        )
        batch_op.create_index("ix_school_classes_name_id", ["name", "id"], unique=False)

    op.create_table(
        "class_entries",
        sa.Column("pupil_id", sa.Uuid(), nullable=False),
        sa.Column("class_id", sa.Uuid(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["class_id"],
            ["school_classes.id"],
            name=op.f("fk_class_entries_class_id_school_classes"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["pupil_id"],
            ["pupils.id"],
            name=op.f("fk_class_entries_pupil_id_pupils"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_class_entries")),
    )
    with op.batch_alter_table("class_entries", schema=None) as batch_op:
        batch_op.create_index(
            "ix_class_entries_class_id_pupil_id", ["class_id", "pupil_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_class_entries_pupil_id"), ["pupil_id"], unique=False)

    op.create_table(
        "class_years",
        sa.Column("class_id", sa.Uuid(), nullable=False),
        sa.Column("year_id", sa.Uuid(), nullable=False),
        sa.Column("grade", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["class_id"],
            ["school_classes.id"],
            name=op.f("fk_class_years_class_id_school_classes"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["year_id"], ["academic_years.id"], name=op.f("fk_class_years_year_id_academic_years")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_class_years")),
        sa.UniqueConstraint("class_id", "year_id", name=op.f("uq_class_years_class_id_year_id")),
    )
    with op.batch_alter_table("class_years", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_class_years_year_id"), ["year_id"], unique=False)

    with op.batch_alter_table("organisations", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("first_grade", sa.Integer(), server_default="1", nullable=False)
        )
        batch_op.add_column(
            sa.Column("last_grade", sa.Integer(), server_default="6", nullable=False)
        )
        batch_op.drop_index(batch_op.f("ix_organisations_name"))
        batch_op.create_index("ix_organisations_name_id", ["name", "id"], unique=False)

    with op.batch_alter_table("people", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_people_display_name"))
        batch_op.create_index("ix_people_display_name_id", ["display_name", "id"], unique=False)

    with op.batch_alter_table("rooms", schema=None) as batch_op:
        batch_op.add_column(sa.Column("class_id", sa.Uuid(), nullable=True))
        batch_op.create_index(batch_op.f("ix_rooms_class_id"), ["class_id"], unique=False)
        batch_op.create_index("ix_rooms_name_id", ["name", "id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_rooms_class_id_school_classes"),
            "school_classes",
            ["class_id"],
            ["id"],
            ondelete="SET NULL",
        )

    with op.batch_alter_table("memberships", schema=None) as batch_op:
        batch_op.create_index("ix_memberships_role_person_id", ["role", "person_id"], unique=False)
        batch_op.create_index("ix_memberships_ends_on", ["ends_on"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("memberships", schema=None) as batch_op:
        batch_op.drop_index("ix_memberships_ends_on")
        batch_op.drop_index("ix_memberships_role_person_id")

    with op.batch_alter_table("rooms", schema=None) as batch_op:
        batch_op.drop_index("ix_rooms_name_id")
        batch_op.drop_constraint(batch_op.f("fk_rooms_class_id_school_classes"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_rooms_class_id"))
        batch_op.drop_column("class_id")

    with op.batch_alter_table("people", schema=None) as batch_op:
        batch_op.drop_index("ix_people_display_name_id")
        batch_op.create_index(batch_op.f("ix_people_display_name"), ["display_name"], unique=False)

    with op.batch_alter_table("organisations", schema=None) as batch_op:
        batch_op.drop_index("ix_organisations_name_id")
        batch_op.create_index(batch_op.f("ix_organisations_name"), ["name"], unique=False)
        batch_op.drop_column("last_grade")
        batch_op.drop_column("first_grade")

    with op.batch_alter_table("class_years", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_class_years_year_id"))

    op.drop_table("class_years")
    with op.batch_alter_table("class_entries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_class_entries_pupil_id"))
        batch_op.drop_index("ix_class_entries_class_id_pupil_id")

    op.drop_table("class_entries")
    with op.batch_alter_table("school_classes", schema=None) as batch_op:
        batch_op.drop_index("ix_school_classes_name_id")
        batch_op.drop_index("ix_school_classes_organisation_id_name")

    op.drop_table("school_classes")
    op.drop_table("pupils")
    with op.batch_alter_table("organisation_changes", schema=None) as batch_op:
        batch_op.drop_index("ix_organisation_changes_organisation_id_day")

    op.drop_table("organisation_changes")
    with op.batch_alter_table("undos", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_undos_person_id"))
        batch_op.drop_index(batch_op.f("ix_undos_expires_at"))

    op.drop_table("undos")
    with op.batch_alter_table("academic_years", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_academic_years_starts_on"))
        batch_op.drop_index(batch_op.f("ix_academic_years_region_id"))

    op.drop_table("academic_years")
    with op.batch_alter_table("external_ids", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_external_ids_record_id"))

    op.drop_table("external_ids")
