"""Boards of groups: topics, posts, what became of them, and how far each person has read."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

TABLES = (
    "board_group_follows",
    "board_topics",
    "board_drafts",
    "board_posts",
    "board_topic_readings",
    "board_post_edits",
    "board_post_mentions",
    "board_post_reports",
    "board_post_votes",
    "board_topic_steps",
    "group_files",
    "board_topic_tries",
)


def _key(name: str, *, empty: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Uuid(), nullable=empty)


def _text(name: str, most: int | None = None, *, empty: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.String(length=most) if most else sa.Text(), nullable=empty)


def _number(name: str, *, empty: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Integer(), nullable=empty)


def _time(name: str, *, empty: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=empty)


def _table(
    name: str,
    columns: list[sa.Column[object]],
    points: dict[str, tuple[str, str | None]],
    once: tuple[str, ...] = (),
    indexes: tuple[tuple[str, ...], ...] = (),
) -> None:
    """``points``: by column the table it points to, and what happens when that row goes. ``once``: each
    combination of these columns is there once.
    """
    keys = [
        sa.ForeignKeyConstraint(
            [column], [f"{other}.id"], name=op.f(f"fk_{name}_{column}_{other}"), ondelete=gone
        )
        for column, (other, gone) in points.items()
    ]
    unique = [sa.UniqueConstraint(*once, name=op.f(f"uq_{name}_{'_'.join(once)}"))] if once else []
    op.create_table(
        name,
        *columns,
        _key("id"),
        _time("created_at", empty=False),
        *keys,
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        *unique,
    )
    for one in indexes:
        op.create_index(op.f(f"ix_{name}_{'_'.join(one)}"), name, list(one), unique=False)


def upgrade() -> None:
    _follows()
    _topics()
    _drafts()
    _posts()
    _readings()
    _edits_and_mentions()
    _reports_and_votes()
    _steps()
    _files()
    _tries()


def _follows() -> None:
    _table(
        "board_group_follows",
        [_key("group_id"), _key("person_id"), _text("follow", 32)],
        {"group_id": ("teacher_groups", "CASCADE"), "person_id": ("people", "CASCADE")},
        once=("group_id", "person_id"),
        indexes=(("person_id",),),
    )


def _topics() -> None:
    anchors = {
        "lesson_id": "lessons", "material_id": "materials", "course_id": "courses",
        "node_id": "textbook_nodes",
    }  # fmt: skip
    _table(
        "board_topics",
        [
            _key("group_id"), _text("title", 200), _text("state", 32), _key("by_id", empty=True),
            _text("anchor", 32, empty=True), _text("anchor_label", 300),
            _number("anchor_at_ms", empty=True), _number("anchor_page", empty=True),
            *(_key(one, empty=True) for one in anchors),
            _number("posts"), _key("last_post_id", empty=True), _time("last_post_at", empty=False),
            _time("pinned_at"), _time("closed_at"), _time("deleted_at"),
            _text("deleted_because", 500), _key("deleted_by_id", empty=True),
            _key("merged_into_id", empty=True), _number("version"),
        ],
        {
            "by_id": ("people", "SET NULL"),
            "course_id": (anchors["course_id"], "SET NULL"),
            "deleted_by_id": ("people", "SET NULL"),
            "group_id": ("teacher_groups", "CASCADE"),
            "lesson_id": (anchors["lesson_id"], "SET NULL"),
            "material_id": (anchors["material_id"], "SET NULL"),
            "merged_into_id": ("board_topics", "SET NULL"),
            "node_id": (anchors["node_id"], "SET NULL"),
        },
        indexes=(
            ("by_id",), ("course_id",), ("group_id", "last_post_id"), ("group_id", "state"),
            ("lesson_id",), ("material_id",), ("merged_into_id",), ("node_id",),
        ),
    )  # fmt: skip


def _drafts() -> None:
    _table(
        "board_drafts",
        [
            _key("person_id"), _key("group_id"), _key("topic_id", empty=True), _key("sent_as"),
            _text("title", 200), _text("text"), _text("anchor"), _key("reply_to_id", empty=True),
            _number("version"), _time("changed_at", empty=False),
        ],
        {
            "group_id": ("teacher_groups", "CASCADE"),
            "person_id": ("people", "CASCADE"),
            "topic_id": ("board_topics", "CASCADE"),
        },
        once=("person_id", "sent_as"),
        indexes=(("group_id",), ("topic_id",)),
    )  # fmt: skip


def _posts() -> None:
    _table(
        "board_posts",
        [
            _key("topic_id"), _key("by_id", empty=True), _key("sent_as"), _text("text"),
            _text("html"), _key("reply_to_id", empty=True), _number("version"), _time("edited_at"),
            _number("votes"), _time("deleted_at"), _text("deleted_because", 500),
            _key("deleted_by_id", empty=True),
        ],
        {
            "by_id": ("people", "SET NULL"),
            "deleted_by_id": ("people", "SET NULL"),
            "reply_to_id": ("board_posts", "SET NULL"),
            "topic_id": ("board_topics", "CASCADE"),
        },
        once=("by_id", "sent_as"),
        indexes=(("reply_to_id",), ("topic_id", "id")),
    )  # fmt: skip


def _readings() -> None:
    _table(
        "board_topic_readings",
        [
            _key("topic_id"), _key("person_id"), _key("read_post_id", empty=True),
            _time("read_at"), sa.Column("follows", sa.Boolean(), nullable=True),
        ],
        {"person_id": ("people", "CASCADE"), "topic_id": ("board_topics", "CASCADE")},
        once=("person_id", "topic_id"),
        indexes=(("topic_id",),),
    )  # fmt: skip


def _edits_and_mentions() -> None:
    _table(
        "board_post_edits",
        [_key("post_id"), _number("version"), _text("text"), _key("by_id", empty=True)],
        {"by_id": ("people", "SET NULL"), "post_id": ("board_posts", "CASCADE")},
        once=("post_id", "version"),
    )
    _table(
        "board_post_mentions",
        [_key("post_id"), _key("person_id")],
        {"person_id": ("people", "CASCADE"), "post_id": ("board_posts", "CASCADE")},
        once=("post_id", "person_id"),
        indexes=(("person_id",),),
    )


def _reports_and_votes() -> None:
    _table(
        "board_post_reports",
        [
            _key("group_id"), _key("post_id"), _key("person_id"), _text("reason", 500),
            _time("answered_at"), _key("answered_by_id", empty=True),
            sa.Column("upheld", sa.Boolean(), nullable=True),
        ],
        {
            "answered_by_id": ("people", "SET NULL"),
            "group_id": ("teacher_groups", "CASCADE"),
            "person_id": ("people", "CASCADE"),
            "post_id": ("board_posts", "CASCADE"),
        },
        once=("post_id", "person_id"),
        indexes=(("group_id", "answered_at"), ("person_id",)),
    )  # fmt: skip
    _table(
        "board_post_votes",
        [_key("post_id"), _key("person_id")],
        {"person_id": ("people", "CASCADE"), "post_id": ("board_posts", "CASCADE")},
        once=("post_id", "person_id"),
        indexes=(("person_id",),),
    )


def _steps() -> None:
    _table(
        "board_topic_steps",
        [
            _key("topic_id"), _text("state", 32), _key("by_id", empty=True), _text("note", 500),
            _key("class_id", empty=True), _text("class_label", 200), _key("post_id", empty=True),
        ],
        {
            "by_id": ("people", "SET NULL"),
            "class_id": ("school_classes", "SET NULL"),
            "post_id": ("board_posts", "SET NULL"),
            "topic_id": ("board_topics", "CASCADE"),
        },
        indexes=(("topic_id", "id"),),
    )  # fmt: skip


def _files() -> None:
    _table(
        "group_files",
        [
            _key("group_id"), _key("post_id", empty=True), _key("file_id"), _text("name", 255),
            _key("by_id", empty=True), _time("deleted_at"),
        ],
        {
            "by_id": ("people", "SET NULL"),
            "file_id": ("stored_files", None),
            "group_id": ("teacher_groups", "CASCADE"),
            "post_id": ("board_posts", "SET NULL"),
        },
        indexes=(("file_id",), ("group_id", "id"), ("post_id",)),
    )  # fmt: skip


def _tries() -> None:
    _table(
        "board_topic_tries",
        [
            _key("topic_id"), _key("person_id"), sa.Column("due_on", sa.Date(), nullable=True),
            _key("class_id", empty=True), _time("done_at"), _key("step_id", empty=True),
            _key("by_id", empty=True),
        ],
        {
            "by_id": ("people", "SET NULL"),
            "class_id": ("school_classes", "SET NULL"),
            "person_id": ("people", "CASCADE"),
            "step_id": ("board_topic_steps", "SET NULL"),
            "topic_id": ("board_topics", "CASCADE"),
        },
        once=("topic_id", "person_id"),
        indexes=(("person_id",),),
    )  # fmt: skip


def downgrade() -> None:
    for one in reversed(TABLES):
        op.drop_table(one)
