"""Imports of packages, and the checksums zips want."""

import sqlalchemy as sa
from alembic import op


revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "file_checksums",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("crc32", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file_checksums")),
        sa.UniqueConstraint("sha256", name=op.f("uq_file_checksums_sha256")),
    )
    op.create_table(
        "package_imports",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("grade", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=True),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("lesson_id", sa.Uuid(), nullable=True),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("imported", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.JSON(), nullable=False),
        sa.Column("trouble", sa.String(length=200), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["by_id"],
            ["people.id"],
            name=op.f("fk_package_imports_by_id_people"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["course_id"],
            ["courses.id"],
            name=op.f("fk_package_imports_course_id_courses"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["file_id"],
            ["stored_files.id"],
            name=op.f("fk_package_imports_file_id_stored_files"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id"],
            ["organisations.id"],
            name=op.f("fk_package_imports_school_id_organisations"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_package_imports")),
        sa.UniqueConstraint(
            "school_id", "sha256", "round", name=op.f("uq_package_imports_school_id_sha256_round")
        ),
    )
    with op.batch_alter_table("package_imports", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_package_imports_by_id"), ["by_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_package_imports_course_id"), ["course_id"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("package_imports", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_package_imports_course_id"))
        batch_op.drop_index(batch_op.f("ix_package_imports_by_id"))

    op.drop_table("package_imports")
    op.drop_table("file_checksums")
