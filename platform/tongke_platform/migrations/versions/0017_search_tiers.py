"""The search's tiers apart on PostgreSQL: statistics and an index each."""

from alembic import op


revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_CREATE = "CREATE TABLE search_index (rank bigint PRIMARY KEY, words tsvector NOT NULL)"
# The number of the tier stands above the 61 bits of an object's place.
_BOUNDS = ["MINVALUE", *(str(tier << 61) for tier in (1, 2, 3)), "MAXVALUE"]


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        return
    _set_aside()
    op.execute(f"{_CREATE} PARTITION BY RANGE (rank)")
    op.execute("ALTER TABLE search_index ALTER COLUMN words SET STORAGE EXTERNAL")
    for tier in range(4):
        op.execute(
            f"CREATE TABLE search_index_{tier} PARTITION OF search_index"
            f" FOR VALUES FROM ({_BOUNDS[tier]}) TO ({_BOUNDS[tier + 1]})"
        )
    _take_back()


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        return
    _set_aside()
    op.execute(_CREATE)
    op.execute("ALTER TABLE search_index ALTER COLUMN words SET STORAGE EXTERNAL")
    _take_back()


def _set_aside() -> None:
    op.execute("ALTER TABLE search_index RENAME TO search_index_before")
    op.execute("ALTER INDEX search_index_pkey RENAME TO search_index_before_pkey")
    op.execute("DROP INDEX ix_search_index_words")


def _take_back() -> None:
    op.execute("INSERT INTO search_index SELECT rank, words FROM search_index_before")
    op.execute("DROP TABLE search_index_before")
    op.execute(
        "CREATE INDEX ix_search_index_words ON search_index"
        " USING gin (words) WITH (fastupdate = off)"
    )
