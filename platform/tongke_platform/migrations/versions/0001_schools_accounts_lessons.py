"""Schools, accounts, logins, lessons, rooms and jobs."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def _record() -> list[sa.Column[Any]]:
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
    ]


def upgrade() -> None:
    op.create_table(
        "schools",
        *_record(),
        sa.Column("code", sa.String(32), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("region", sa.String(120), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_schools"),
        sa.UniqueConstraint("code", name="uq_schools_code"),
    )
    op.create_table(
        "accounts",
        *_record(),
        sa.Column("username", sa.String(64), nullable=False),
        sa.Column("display_name", sa.String(80), nullable=False),
        sa.Column("password_hash", sa.String(200), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("school_id", sa.Uuid(), nullable=True),
        sa.Column("disabled_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
        sa.UniqueConstraint("username", name="uq_accounts_username"),
        sa.ForeignKeyConstraint(
            ["school_id"], ["schools.id"], name="fk_accounts_school_id_schools"
        ),
    )
    op.create_index("ix_accounts_school_id", "accounts", ["school_id"])
    op.create_table(
        "login_sessions",
        *_record(),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_login_sessions"),
        sa.UniqueConstraint("token_hash", name="uq_login_sessions_token_hash"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name="fk_login_sessions_account_id_accounts",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_login_sessions_account_id", "login_sessions", ["account_id"])
    op.create_index("ix_login_sessions_expires_at", "login_sessions", ["expires_at"])
    op.create_table(
        "api_tokens",
        *_record(),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.String(80), nullable=False),
        sa.Column("expires_at", TIME, nullable=True),
        sa.Column("revoked_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_api_tokens"),
        sa.UniqueConstraint("token_hash", name="uq_api_tokens_token_hash"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name="fk_api_tokens_account_id_accounts",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_api_tokens_account_id", "api_tokens", ["account_id"])
    op.create_table(
        "lessons",
        *_record(),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("subject", sa.String(40), nullable=False),
        sa.Column("grade", sa.String(40), nullable=False),
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("teacher_id", sa.Uuid(), nullable=False),
        sa.Column("planned_start", TIME, nullable=False),
        sa.Column("planned_minutes", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("started_at", TIME, nullable=True),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column("media_key", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_lessons"),
        sa.UniqueConstraint("media_key", name="uq_lessons_media_key"),
        sa.ForeignKeyConstraint(["school_id"], ["schools.id"], name="fk_lessons_school_id_schools"),
        sa.ForeignKeyConstraint(
            ["teacher_id"], ["accounts.id"], name="fk_lessons_teacher_id_accounts"
        ),
    )
    op.create_index("ix_lessons_teacher_id", "lessons", ["teacher_id"])
    op.create_index("ix_lessons_planned_start", "lessons", ["planned_start"])
    op.create_index("ix_lessons_state", "lessons", ["state"])
    op.create_index(
        "ix_lessons_school_id_planned_start", "lessons", ["school_id", "planned_start"]
    )
    op.create_table(
        "rooms",
        *_record(),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("class_size", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(64), nullable=False),
        sa.Column("revoked_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_rooms"),
        sa.UniqueConstraint("token", name="uq_rooms_token"),
        sa.ForeignKeyConstraint(["school_id"], ["schools.id"], name="fk_rooms_school_id_schools"),
    )
    op.create_index("ix_rooms_school_id", "rooms", ["school_id"])
    op.create_table(
        "lesson_rooms",
        *_record(),
        sa.Column("lesson_id", sa.Uuid(), nullable=False),
        sa.Column("room_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_lesson_rooms"),
        sa.UniqueConstraint("lesson_id", "room_id", name="uq_lesson_rooms_lesson_id_room_id"),
        sa.ForeignKeyConstraint(
            ["lesson_id"],
            ["lessons.id"],
            name="fk_lesson_rooms_lesson_id_lessons",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["room_id"], ["rooms.id"], name="fk_lesson_rooms_room_id_rooms", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_lesson_rooms_room_id", "lesson_rooms", ["room_id"])
    op.create_table(
        "jobs",
        *_record(),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("run_at", TIME, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("leased_by", sa.String(36), nullable=True),
        sa.Column("leased_until", TIME, nullable=True),
        sa.Column("done_at", TIME, nullable=True),
        sa.Column("last_error", sa.String(500), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
    )
    op.create_index("ix_jobs_done_at_run_at", "jobs", ["done_at", "run_at"])


def downgrade() -> None:
    for table in (
        "jobs",
        "lesson_rooms",
        "rooms",
        "lessons",
        "api_tokens",
        "login_sessions",
        "accounts",
        "schools",
    ):
        op.drop_table(table)
