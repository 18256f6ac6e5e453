"""Courses, materials, textbooks, and where lessons belong in them."""

import sqlalchemy as sa
from alembic import op


revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "stored_files",
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.String(length=120), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stored_files")),
        sa.UniqueConstraint("key", name=op.f("uq_stored_files_key")),
    )
    with op.batch_alter_table("stored_files", schema=None) as batch_op:
        batch_op.create_index("ix_stored_files_sha256", ["sha256"], unique=False)

    op.create_table(
        "textbook_aliases",
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("alias", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_textbook_aliases")),
        sa.UniqueConstraint("kind", "alias", name=op.f("uq_textbook_aliases_kind_alias")),
    )
    op.create_table(
        "textbook_nodes",
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("path", sa.String(length=400), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["parent_id"],
            ["textbook_nodes.id"],
            name=op.f("fk_textbook_nodes_parent_id_textbook_nodes"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_textbook_nodes")),
        sa.UniqueConstraint(
            "parent_id", "kind", "name", name=op.f("uq_textbook_nodes_parent_id_kind_name")
        ),
    )
    with op.batch_alter_table("textbook_nodes", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_textbook_nodes_parent_id"), ["parent_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_textbook_nodes_path"), ["path"], unique=False)

    op.create_table(
        "knowledge_points",
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["by_id"],
            ["people.id"],
            name=op.f("fk_knowledge_points_by_id_people"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_points")),
        sa.UniqueConstraint("subject", "name", name=op.f("uq_knowledge_points_subject_name")),
    )
    op.create_table(
        "uploads",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=True),
        sa.Column("trouble", sa.String(length=200), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["file_id"], ["stored_files.id"], name=op.f("fk_uploads_file_id_stored_files")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["people.id"],
            name=op.f("fk_uploads_person_id_people"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uploads")),
    )
    with op.batch_alter_table("uploads", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_uploads_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_uploads_person_id"), ["person_id"], unique=False)

    op.create_table(
        "courses",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("description", sa.String(length=8000), nullable=False),
        sa.Column("stage", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("grade", sa.String(length=40), nullable=False),
        sa.Column("edition", sa.String(length=80), nullable=False),
        sa.Column("textbook_id", sa.Uuid(), nullable=True),
        sa.Column("term", sa.String(length=40), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("visibility", sa.String(length=32), nullable=False),
        sa.Column("licence", sa.String(length=32), nullable=False),
        sa.Column("credits", sa.String(length=1000), nullable=False),
        sa.Column("cover_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["by_id"], ["people.id"], name=op.f("fk_courses_by_id_people"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["cover_id"], ["stored_files.id"], name=op.f("fk_courses_cover_id_stored_files")
        ),
        sa.ForeignKeyConstraint(
            ["school_id"], ["organisations.id"], name=op.f("fk_courses_school_id_organisations")
        ),
        sa.ForeignKeyConstraint(
            ["textbook_id"],
            ["textbook_nodes.id"],
            name=op.f("fk_courses_textbook_id_textbook_nodes"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_courses")),
    )
    with op.batch_alter_table("courses", schema=None) as batch_op:
        batch_op.create_index("ix_courses_school_id_id", ["school_id", "id"], unique=False)
        batch_op.create_index(
            "ix_courses_state_published_at_id", ["state", "published_at", "id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_courses_textbook_id"), ["textbook_id"], unique=False)

    op.create_table(
        "knowledge_links",
        sa.Column("point_id", sa.Uuid(), nullable=False),
        sa.Column("node_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["node_id"],
            ["textbook_nodes.id"],
            name=op.f("fk_knowledge_links_node_id_textbook_nodes"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["point_id"],
            ["knowledge_points.id"],
            name=op.f("fk_knowledge_links_point_id_knowledge_points"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_links")),
        sa.UniqueConstraint(
            "point_id", "node_id", name=op.f("uq_knowledge_links_point_id_node_id")
        ),
    )
    with op.batch_alter_table("knowledge_links", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_knowledge_links_node_id"), ["node_id"], unique=False)

    op.create_table(
        "class_textbooks",
        sa.Column("class_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("volume_id", sa.Uuid(), nullable=False),
        sa.Column("reached_id", sa.Uuid(), nullable=True),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["by_id"],
            ["people.id"],
            name=op.f("fk_class_textbooks_by_id_people"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["class_id"],
            ["school_classes.id"],
            name=op.f("fk_class_textbooks_class_id_school_classes"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["reached_id"],
            ["textbook_nodes.id"],
            name=op.f("fk_class_textbooks_reached_id_textbook_nodes"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["volume_id"],
            ["textbook_nodes.id"],
            name=op.f("fk_class_textbooks_volume_id_textbook_nodes"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_class_textbooks")),
        sa.UniqueConstraint(
            "class_id", "subject", name=op.f("uq_class_textbooks_class_id_subject")
        ),
    )
    with op.batch_alter_table("class_textbooks", schema=None) as batch_op:
        batch_op.create_index("ix_class_textbooks_volume_id", ["volume_id"], unique=False)

    op.create_table(
        "course_follows",
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("class_id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["by_id"],
            ["people.id"],
            name=op.f("fk_course_follows_by_id_people"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["class_id"],
            ["school_classes.id"],
            name=op.f("fk_course_follows_class_id_school_classes"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["course_id"],
            ["courses.id"],
            name=op.f("fk_course_follows_course_id_courses"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_course_follows")),
        sa.UniqueConstraint(
            "course_id", "class_id", name=op.f("uq_course_follows_course_id_class_id")
        ),
    )
    with op.batch_alter_table("course_follows", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_course_follows_class_id"), ["class_id"], unique=False)

    op.create_table(
        "course_teachers",
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("part", sa.String(length=32), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["course_id"],
            ["courses.id"],
            name=op.f("fk_course_teachers_course_id_courses"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_course_teachers_person_id_people")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_course_teachers")),
        sa.UniqueConstraint(
            "course_id", "person_id", name=op.f("uq_course_teachers_course_id_person_id")
        ),
    )
    with op.batch_alter_table("course_teachers", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_course_teachers_person_id"), ["person_id"], unique=False
        )

    op.create_table(
        "course_units",
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("textbook_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["course_id"],
            ["courses.id"],
            name=op.f("fk_course_units_course_id_courses"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["textbook_id"],
            ["textbook_nodes.id"],
            name=op.f("fk_course_units_textbook_id_textbook_nodes"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_course_units")),
    )
    with op.batch_alter_table("course_units", schema=None) as batch_op:
        batch_op.create_index(
            "ix_course_units_course_id_position", ["course_id", "position"], unique=False
        )

    op.create_table(
        "class_links",
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("class_id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=True),
        sa.Column("lesson_id", sa.Uuid(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["by_id"], ["people.id"], name=op.f("fk_class_links_by_id_people"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["class_id"],
            ["school_classes.id"],
            name=op.f("fk_class_links_class_id_school_classes"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["course_id"],
            ["courses.id"],
            name=op.f("fk_class_links_course_id_courses"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["lesson_id"],
            ["lessons.id"],
            name=op.f("fk_class_links_lesson_id_lessons"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_class_links")),
        sa.UniqueConstraint("token", name=op.f("uq_class_links_token")),
    )
    with op.batch_alter_table("class_links", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_class_links_class_id"), ["class_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_class_links_course_id"), ["course_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_class_links_lesson_id"), ["lesson_id"], unique=False)

    op.create_table(
        "lesson_voices",
        sa.Column("lesson_id", sa.Uuid(), nullable=False),
        sa.Column("room_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["lesson_id"],
            ["lessons.id"],
            name=op.f("fk_lesson_voices_lesson_id_lessons"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["room_id"],
            ["rooms.id"],
            name=op.f("fk_lesson_voices_room_id_rooms"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lesson_voices")),
        sa.UniqueConstraint(
            "lesson_id", "room_id", name=op.f("uq_lesson_voices_lesson_id_room_id")
        ),
    )
    with op.batch_alter_table("lesson_voices", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lesson_voices_room_id"), ["room_id"], unique=False)

    op.create_table(
        "materials",
        sa.Column("lesson_id", sa.Uuid(), nullable=True),
        sa.Column("course_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("url", sa.String(length=2000), nullable=False),
        sa.Column("licence", sa.String(length=32), nullable=False),
        sa.Column("credits", sa.String(length=1000), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("current_id", sa.Uuid(), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["by_id"], ["people.id"], name=op.f("fk_materials_by_id_people"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["course_id"],
            ["courses.id"],
            name=op.f("fk_materials_course_id_courses"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["lesson_id"],
            ["lessons.id"],
            name=op.f("fk_materials_lesson_id_lessons"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_materials")),
    )
    with op.batch_alter_table("materials", schema=None) as batch_op:
        batch_op.create_index(
            "ix_materials_course_id_position", ["course_id", "position"], unique=False
        )
        batch_op.create_index(
            "ix_materials_lesson_id_position", ["lesson_id", "position"], unique=False
        )

    op.create_table(
        "public_approvals",
        sa.Column("lesson_id", sa.Uuid(), nullable=False),
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["answered_by_id"],
            ["people.id"],
            name=op.f("fk_public_approvals_answered_by_id_people"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["lesson_id"],
            ["lessons.id"],
            name=op.f("fk_public_approvals_lesson_id_lessons"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["school_id"],
            ["organisations.id"],
            name=op.f("fk_public_approvals_school_id_organisations"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_public_approvals")),
        sa.UniqueConstraint(
            "lesson_id", "school_id", name=op.f("uq_public_approvals_lesson_id_school_id")
        ),
    )
    with op.batch_alter_table("public_approvals", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_public_approvals_school_id"), ["school_id"], unique=False
        )

    op.create_table(
        "material_versions",
        sa.Column("material_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["by_id"],
            ["people.id"],
            name=op.f("fk_material_versions_by_id_people"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["file_id"], ["stored_files.id"], name=op.f("fk_material_versions_file_id_stored_files")
        ),
        sa.ForeignKeyConstraint(
            ["material_id"],
            ["materials.id"],
            name=op.f("fk_material_versions_material_id_materials"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_material_versions")),
        sa.UniqueConstraint(
            "material_id", "number", name=op.f("uq_material_versions_material_id_number")
        ),
    )
    with op.batch_alter_table("material_versions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_material_versions_file_id"), ["file_id"], unique=False)

    with op.batch_alter_table("lessons", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("description", sa.String(length=8000), server_default="", nullable=False)
        )
        batch_op.add_column(sa.Column("course_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("unit_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("position", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("textbook_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("wanted_visibility", sa.String(length=32), nullable=True))
        batch_op.add_column(
            sa.Column("visibility", sa.String(length=32), server_default="rooms", nullable=False)
        )
        batch_op.alter_column(
            "planned_start", existing_type=sa.DateTime(timezone=True), nullable=True
        )
        batch_op.create_index(
            "ix_lessons_course_id_position", ["course_id", "position"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_lessons_textbook_id"), ["textbook_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_lessons_unit_id"), ["unit_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_lessons_course_id_courses"),
            "courses",
            ["course_id"],
            ["id"],
            ondelete="SET NULL",
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_lessons_unit_id_course_units"),
            "course_units",
            ["unit_id"],
            ["id"],
            ondelete="SET NULL",
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_lessons_textbook_id_textbook_nodes"),
            "textbook_nodes",
            ["textbook_id"],
            ["id"],
            ondelete="SET NULL",
        )


def downgrade() -> None:
    with op.batch_alter_table("lessons", schema=None) as batch_op:
        batch_op.drop_constraint(
            batch_op.f("fk_lessons_textbook_id_textbook_nodes"), type_="foreignkey"
        )
        batch_op.drop_constraint(batch_op.f("fk_lessons_unit_id_course_units"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_lessons_course_id_courses"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_lessons_unit_id"))
        batch_op.drop_index(batch_op.f("ix_lessons_textbook_id"))
        batch_op.drop_index("ix_lessons_course_id_position")
        batch_op.alter_column(
            "planned_start", existing_type=sa.DateTime(timezone=True), nullable=False
        )
        batch_op.drop_column("visibility")
        batch_op.drop_column("wanted_visibility")
        batch_op.drop_column("textbook_id")
        batch_op.drop_column("position")
        batch_op.drop_column("unit_id")
        batch_op.drop_column("course_id")
        batch_op.drop_column("description")

    with op.batch_alter_table("material_versions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_material_versions_file_id"))

    op.drop_table("material_versions")
    with op.batch_alter_table("public_approvals", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_public_approvals_school_id"))

    op.drop_table("public_approvals")
    with op.batch_alter_table("materials", schema=None) as batch_op:
        batch_op.drop_index("ix_materials_lesson_id_position")
        batch_op.drop_index("ix_materials_course_id_position")

    op.drop_table("materials")
    with op.batch_alter_table("lesson_voices", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lesson_voices_room_id"))

    op.drop_table("lesson_voices")
    with op.batch_alter_table("class_links", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_class_links_lesson_id"))
        batch_op.drop_index(batch_op.f("ix_class_links_course_id"))
        batch_op.drop_index(batch_op.f("ix_class_links_class_id"))

    op.drop_table("class_links")
    with op.batch_alter_table("course_units", schema=None) as batch_op:
        batch_op.drop_index("ix_course_units_course_id_position")

    op.drop_table("course_units")
    with op.batch_alter_table("course_teachers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_course_teachers_person_id"))

    op.drop_table("course_teachers")
    with op.batch_alter_table("course_follows", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_course_follows_class_id"))

    op.drop_table("course_follows")
    with op.batch_alter_table("class_textbooks", schema=None) as batch_op:
        batch_op.drop_index("ix_class_textbooks_volume_id")

    op.drop_table("class_textbooks")
    with op.batch_alter_table("knowledge_links", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_knowledge_links_node_id"))

    op.drop_table("knowledge_links")
    with op.batch_alter_table("courses", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_courses_textbook_id"))
        batch_op.drop_index("ix_courses_state_published_at_id")
        batch_op.drop_index("ix_courses_school_id_id")

    op.drop_table("courses")
    with op.batch_alter_table("uploads", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_uploads_person_id"))
        batch_op.drop_index(batch_op.f("ix_uploads_expires_at"))

    op.drop_table("uploads")
    op.drop_table("knowledge_points")
    with op.batch_alter_table("textbook_nodes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_textbook_nodes_path"))
        batch_op.drop_index(batch_op.f("ix_textbook_nodes_parent_id"))

    op.drop_table("textbook_nodes")
    op.drop_table("textbook_aliases")
    with op.batch_alter_table("stored_files", schema=None) as batch_op:
        batch_op.drop_index("ix_stored_files_sha256")

    op.drop_table("stored_files")
