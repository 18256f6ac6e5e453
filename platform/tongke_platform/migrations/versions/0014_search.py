"""The search: what can be found, and the inverted index beside it."""

import sqlalchemy as sa
from alembic import op


revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "search_entries",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("object_id", sa.Uuid(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("at_seconds", sa.Integer(), nullable=True),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        *(
            sa.Column(name, sa.String(length=200), nullable=False)
            for name in ("stage", "subject", "edition", "grade", "school")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_search_entries")),
        sa.UniqueConstraint("kind", "object_id", name=op.f("uq_search_entries_kind_object_id")),
    )
    op.create_index(op.f("ix_search_entries_parent_id"), "search_entries", ["parent_id"])
    op.create_table(
        "search_texts",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("initials", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_search_texts")),
    )
    op.create_table(
        "search_builds",
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("after_id", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_search_builds")),
    )
    if op.get_bind().dialect.name == "sqlite":
        # Only blanks separate: the tokens are made by us.
        op.execute(
            "CREATE VIRTUAL TABLE search_index USING fts5(words, content='', columnsize=0,"
            " detail=none, tokenize=\"ascii tokenchars ':'\")"
        )
    else:
        op.execute("CREATE TABLE search_index (rank bigint PRIMARY KEY, words tsvector NOT NULL)")
        op.execute("CREATE TABLE search_index_stretches (stretch bigint PRIMARY KEY)")
        # Long ones lie out of line as they are: rows are narrow, and nothing is unpacked.
        op.execute("ALTER TABLE search_index ALTER COLUMN words SET STORAGE EXTERNAL")
        op.execute(
            "CREATE INDEX ix_search_index_words ON search_index"
            " USING gin (words) WITH (fastupdate = off)"
        )
    # What there is already is indexed by the first server that starts.
    op.execute(
        "INSERT INTO search_builds (kind)"
        " SELECT 'lesson' WHERE EXISTS (SELECT 1 FROM lessons)"
    )


def downgrade() -> None:
    op.execute("DROP TABLE search_index")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP TABLE search_index_stretches")
    for name in ("search_builds", "search_texts", "search_entries"):
        op.drop_table(name)
