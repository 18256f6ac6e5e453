"""Boards of groups: topics, posts, what became of them, and how far each person has read."""

import sqlalchemy as sa
from alembic import op


revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "board_group_follows",
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("follow", sa.String(length=32), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["teacher_groups.id"],
            name=op.f("fk_board_group_follows_group_id_teacher_groups"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["people.id"],
            name=op.f("fk_board_group_follows_person_id_people"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_board_group_follows")),
        sa.UniqueConstraint(
            "group_id", "person_id", name=op.f("uq_board_group_follows_group_id_person_id")
        ),
    )
    with op.batch_alter_table("board_group_follows", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_board_group_follows_person_id"), ["person_id"], unique=False
        )

    op.create_table(
        "board_topics",
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("anchor", sa.String(length=32), nullable=True),
        sa.Column("anchor_label", sa.String(length=300), nullable=False),
        sa.Column("anchor_at_ms", sa.Integer(), nullable=True),
        sa.Column("anchor_page", sa.Integer(), nullable=True),
        sa.Column("lesson_id", sa.Uuid(), nullable=True),
        sa.Column("material_id", sa.Uuid(), nullable=True),
        sa.Column("course_id", sa.Uuid(), nullable=True),
        sa.Column("node_id", sa.Uuid(), nullable=True),
        sa.Column("posts", sa.Integer(), nullable=False),
        sa.Column("last_post_id", sa.Uuid(), nullable=True),
        sa.Column("last_post_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pinned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_because", sa.String(length=500), nullable=False),
        sa.Column("deleted_by_id", sa.Uuid(), nullable=True),
        sa.Column("merged_into_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["by_id"], ["people.id"], name=op.f("fk_board_topics_by_id_people"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["course_id"],
            ["courses.id"],
            name=op.f("fk_board_topics_course_id_courses"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["deleted_by_id"],
            ["people.id"],
            name=op.f("fk_board_topics_deleted_by_id_people"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["teacher_groups.id"],
            name=op.f("fk_board_topics_group_id_teacher_groups"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["lesson_id"],
            ["lessons.id"],
            name=op.f("fk_board_topics_lesson_id_lessons"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["material_id"],
            ["materials.id"],
            name=op.f("fk_board_topics_material_id_materials"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["merged_into_id"],
            ["board_topics.id"],
            name=op.f("fk_board_topics_merged_into_id_board_topics"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["node_id"],
            ["textbook_nodes.id"],
            name=op.f("fk_board_topics_node_id_textbook_nodes"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_board_topics")),
    )
    with op.batch_alter_table("board_topics", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_board_topics_by_id"), ["by_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_board_topics_course_id"), ["course_id"], unique=False)
        batch_op.create_index(
            "ix_board_topics_group_id_last_post_id", ["group_id", "last_post_id"], unique=False
        )
        batch_op.create_index("ix_board_topics_group_id_state", ["group_id", "state"], unique=False)
        batch_op.create_index(batch_op.f("ix_board_topics_lesson_id"), ["lesson_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_board_topics_material_id"), ["material_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_board_topics_merged_into_id"), ["merged_into_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_board_topics_node_id"), ["node_id"], unique=False)

    op.create_table(
        "board_drafts",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("topic_id", sa.Uuid(), nullable=True),
        sa.Column("sent_as", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("anchor", sa.Text(), nullable=False),
        sa.Column("reply_to_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["teacher_groups.id"],
            name=op.f("fk_board_drafts_group_id_teacher_groups"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["people.id"],
            name=op.f("fk_board_drafts_person_id_people"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["topic_id"],
            ["board_topics.id"],
            name=op.f("fk_board_drafts_topic_id_board_topics"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_board_drafts")),
        sa.UniqueConstraint("person_id", "sent_as", name=op.f("uq_board_drafts_person_id_sent_as")),
    )
    with op.batch_alter_table("board_drafts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_board_drafts_group_id"), ["group_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_board_drafts_topic_id"), ["topic_id"], unique=False)

    op.create_table(
        "board_posts",
        sa.Column("topic_id", sa.Uuid(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("sent_as", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("reply_to_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("votes", sa.Integer(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_because", sa.String(length=500), nullable=False),
        sa.Column("deleted_by_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["by_id"], ["people.id"], name=op.f("fk_board_posts_by_id_people"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["deleted_by_id"],
            ["people.id"],
            name=op.f("fk_board_posts_deleted_by_id_people"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["reply_to_id"],
            ["board_posts.id"],
            name=op.f("fk_board_posts_reply_to_id_board_posts"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["topic_id"],
            ["board_topics.id"],
            name=op.f("fk_board_posts_topic_id_board_topics"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_board_posts")),
        sa.UniqueConstraint("by_id", "sent_as", name=op.f("uq_board_posts_by_id_sent_as")),
    )
    with op.batch_alter_table("board_posts", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_board_posts_reply_to_id"), ["reply_to_id"], unique=False
        )
        batch_op.create_index("ix_board_posts_topic_id_id", ["topic_id", "id"], unique=False)

    op.create_table(
        "board_topic_readings",
        sa.Column("topic_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("read_post_id", sa.Uuid(), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("follows", sa.Boolean(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["people.id"],
            name=op.f("fk_board_topic_readings_person_id_people"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["topic_id"],
            ["board_topics.id"],
            name=op.f("fk_board_topic_readings_topic_id_board_topics"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_board_topic_readings")),
        sa.UniqueConstraint(
            "person_id", "topic_id", name=op.f("uq_board_topic_readings_person_id_topic_id")
        ),
    )
    with op.batch_alter_table("board_topic_readings", schema=None) as batch_op:
        batch_op.create_index("ix_board_topic_readings_topic_id", ["topic_id"], unique=False)

    op.create_table(
        "board_post_edits",
        sa.Column("post_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["by_id"],
            ["people.id"],
            name=op.f("fk_board_post_edits_by_id_people"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["post_id"],
            ["board_posts.id"],
            name=op.f("fk_board_post_edits_post_id_board_posts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_board_post_edits")),
        sa.UniqueConstraint("post_id", "version", name=op.f("uq_board_post_edits_post_id_version")),
    )
    op.create_table(
        "board_post_mentions",
        sa.Column("post_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["people.id"],
            name=op.f("fk_board_post_mentions_person_id_people"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["post_id"],
            ["board_posts.id"],
            name=op.f("fk_board_post_mentions_post_id_board_posts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_board_post_mentions")),
        sa.UniqueConstraint(
            "post_id", "person_id", name=op.f("uq_board_post_mentions_post_id_person_id")
        ),
    )
    with op.batch_alter_table("board_post_mentions", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_board_post_mentions_person_id"), ["person_id"], unique=False
        )

    op.create_table(
        "board_post_reports",
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("post_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by_id", sa.Uuid(), nullable=True),
        sa.Column("upheld", sa.Boolean(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["answered_by_id"],
            ["people.id"],
            name=op.f("fk_board_post_reports_answered_by_id_people"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["teacher_groups.id"],
            name=op.f("fk_board_post_reports_group_id_teacher_groups"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["people.id"],
            name=op.f("fk_board_post_reports_person_id_people"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["post_id"],
            ["board_posts.id"],
            name=op.f("fk_board_post_reports_post_id_board_posts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_board_post_reports")),
        sa.UniqueConstraint(
            "post_id", "person_id", name=op.f("uq_board_post_reports_post_id_person_id")
        ),
    )
    with op.batch_alter_table("board_post_reports", schema=None) as batch_op:
        batch_op.create_index(
            "ix_board_post_reports_group_id_answered_at", ["group_id", "answered_at"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_board_post_reports_person_id"), ["person_id"], unique=False
        )

    op.create_table(
        "board_post_votes",
        sa.Column("post_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["people.id"],
            name=op.f("fk_board_post_votes_person_id_people"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["post_id"],
            ["board_posts.id"],
            name=op.f("fk_board_post_votes_post_id_board_posts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_board_post_votes")),
        sa.UniqueConstraint(
            "post_id", "person_id", name=op.f("uq_board_post_votes_post_id_person_id")
        ),
    )
    with op.batch_alter_table("board_post_votes", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_board_post_votes_person_id"), ["person_id"], unique=False
        )

    op.create_table(
        "board_topic_steps",
        sa.Column("topic_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("class_id", sa.Uuid(), nullable=True),
        sa.Column("class_label", sa.String(length=200), nullable=False),
        sa.Column("post_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["by_id"],
            ["people.id"],
            name=op.f("fk_board_topic_steps_by_id_people"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["class_id"],
            ["school_classes.id"],
            name=op.f("fk_board_topic_steps_class_id_school_classes"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["post_id"],
            ["board_posts.id"],
            name=op.f("fk_board_topic_steps_post_id_board_posts"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["topic_id"],
            ["board_topics.id"],
            name=op.f("fk_board_topic_steps_topic_id_board_topics"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_board_topic_steps")),
    )
    with op.batch_alter_table("board_topic_steps", schema=None) as batch_op:
        batch_op.create_index("ix_board_topic_steps_topic_id_id", ["topic_id", "id"], unique=False)

    op.create_table(
        "group_files",
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("post_id", sa.Uuid(), nullable=True),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["by_id"], ["people.id"], name=op.f("fk_group_files_by_id_people"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["file_id"], ["stored_files.id"], name=op.f("fk_group_files_file_id_stored_files")
        ),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["teacher_groups.id"],
            name=op.f("fk_group_files_group_id_teacher_groups"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["post_id"],
            ["board_posts.id"],
            name=op.f("fk_group_files_post_id_board_posts"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_group_files")),
    )
    with op.batch_alter_table("group_files", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_group_files_file_id"), ["file_id"], unique=False)
        batch_op.create_index("ix_group_files_group_id_id", ["group_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_group_files_post_id"), ["post_id"], unique=False)

    op.create_table(
        "board_topic_tries",
        sa.Column("topic_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("class_id", sa.Uuid(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("step_id", sa.Uuid(), nullable=True),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["by_id"],
            ["people.id"],
            name=op.f("fk_board_topic_tries_by_id_people"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["class_id"],
            ["school_classes.id"],
            name=op.f("fk_board_topic_tries_class_id_school_classes"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["people.id"],
            name=op.f("fk_board_topic_tries_person_id_people"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["step_id"],
            ["board_topic_steps.id"],
            name=op.f("fk_board_topic_tries_step_id_board_topic_steps"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["topic_id"],
            ["board_topics.id"],
            name=op.f("fk_board_topic_tries_topic_id_board_topics"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_board_topic_tries")),
        sa.UniqueConstraint(
            "topic_id", "person_id", name=op.f("uq_board_topic_tries_topic_id_person_id")
        ),
    )
    with op.batch_alter_table("board_topic_tries", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_board_topic_tries_person_id"), ["person_id"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("board_topic_tries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_board_topic_tries_person_id"))

    op.drop_table("board_topic_tries")
    with op.batch_alter_table("group_files", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_group_files_post_id"))
        batch_op.drop_index("ix_group_files_group_id_id")
        batch_op.drop_index(batch_op.f("ix_group_files_file_id"))

    op.drop_table("group_files")
    with op.batch_alter_table("board_topic_steps", schema=None) as batch_op:
        batch_op.drop_index("ix_board_topic_steps_topic_id_id")

    op.drop_table("board_topic_steps")
    with op.batch_alter_table("board_post_votes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_board_post_votes_person_id"))

    op.drop_table("board_post_votes")
    with op.batch_alter_table("board_post_reports", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_board_post_reports_person_id"))
        batch_op.drop_index("ix_board_post_reports_group_id_answered_at")

    op.drop_table("board_post_reports")
    with op.batch_alter_table("board_post_mentions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_board_post_mentions_person_id"))

    op.drop_table("board_post_mentions")
    op.drop_table("board_post_edits")
    with op.batch_alter_table("board_topic_readings", schema=None) as batch_op:
        batch_op.drop_index("ix_board_topic_readings_topic_id")

    op.drop_table("board_topic_readings")
    with op.batch_alter_table("board_posts", schema=None) as batch_op:
        batch_op.drop_index("ix_board_posts_topic_id_id")
        batch_op.drop_index(batch_op.f("ix_board_posts_reply_to_id"))

    op.drop_table("board_posts")
    with op.batch_alter_table("board_drafts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_board_drafts_topic_id"))
        batch_op.drop_index(batch_op.f("ix_board_drafts_group_id"))

    op.drop_table("board_drafts")
    with op.batch_alter_table("board_topics", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_board_topics_node_id"))
        batch_op.drop_index(batch_op.f("ix_board_topics_merged_into_id"))
        batch_op.drop_index(batch_op.f("ix_board_topics_material_id"))
        batch_op.drop_index(batch_op.f("ix_board_topics_lesson_id"))
        batch_op.drop_index("ix_board_topics_group_id_state")
        batch_op.drop_index("ix_board_topics_group_id_last_post_id")
        batch_op.drop_index(batch_op.f("ix_board_topics_course_id"))
        batch_op.drop_index(batch_op.f("ix_board_topics_by_id"))

    op.drop_table("board_topics")
    with op.batch_alter_table("board_group_follows", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_board_group_follows_person_id"))

    op.drop_table("board_group_follows")
