"""Topics and posts of groups, what became of them, and how far each person has read.

Posts are never moved in time: their keys are UUIDv7, a topic is read in the order of its posts' keys,
and "how far I have read" is the key of a post. Merging and splitting give posts another topic and
leave their keys, so neither makes anything unread.
"""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tongke_courses.groups.models import Group
from tongke_courses.materials.models import StoredFile
from tongke_platform.database import EnumString, Record
from tongke_platform.organisations.models import SchoolClass, new_secret
from tongke_platform.people.models import Person


class TopicState(StrEnum):
    """``OPEN`` → ``ADOPTED`` → ``TRIED`` → ``KEPT`` or ``DROPPED``; any of them can be opened again."""

    OPEN = "open"
    ADOPTED = "adopted"
    TRIED = "tried"
    KEPT = "kept"
    DROPPED = "dropped"


class AnchorKind(StrEnum):
    """What a topic is about, beside its group. ``MOMENT`` is a second of a lesson's replay."""

    LESSON = "lesson"
    MOMENT = "moment"
    MATERIAL = "material"
    COURSE = "course"
    TEXTBOOK = "textbook"


# Before every key: the last post of a topic in which none is left.
NO_POST = UUID(int=0)


class Topic(Record):
    """``anchor_label`` is what the anchored thing was called: it stays when the thing is deleted.
    ``anchor_at_ms`` is of the lesson's replay, ``anchor_page`` of the material (the first is 1).
    ``merged_into_id``: its posts are there now, and its address leads there. ``version`` counts changes
    of the topic itself (title, state, place), for two who change it at once.
    """

    __tablename__ = "board_topics"
    __table_args__ = (
        Index("ix_board_topics_group_id_last_post_id", "group_id", "last_post_id"),
        Index("ix_board_topics_group_id_state", "group_id", "state"),
        # Nearly none is merged: a database that does not count would look for all the others by it.
        Index(
            "ix_board_topics_merged_into_id",
            "merged_into_id",
            postgresql_where=text("merged_into_id IS NOT NULL"),
            sqlite_where=text("merged_into_id IS NOT NULL"),
        ),
    )

    group_id: Mapped[UUID] = mapped_column(ForeignKey("teacher_groups.id", ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(String(200))
    state: Mapped[TopicState] = mapped_column(EnumString(TopicState), default=TopicState.OPEN)
    by_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("people.id", ondelete="SET NULL"), index=True
    )
    anchor: Mapped[AnchorKind | None] = mapped_column(EnumString(AnchorKind))
    anchor_label: Mapped[str] = mapped_column(String(300), default="")
    anchor_at_ms: Mapped[int | None]
    anchor_page: Mapped[int | None]
    lesson_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("lessons.id", ondelete="SET NULL"), index=True
    )
    material_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("materials.id", ondelete="SET NULL"), index=True
    )
    course_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("courses.id", ondelete="SET NULL"), index=True
    )
    node_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("textbook_nodes.id", ondelete="SET NULL"), index=True
    )
    posts: Mapped[int] = mapped_column(default=0)
    last_post_id: Mapped[UUID | None]
    last_post_at: Mapped[datetime]
    pinned_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    deleted_because: Mapped[str] = mapped_column(String(500), default="")
    deleted_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))
    merged_into_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("board_topics.id", ondelete="SET NULL")
    )
    version: Mapped[int] = mapped_column(default=1)

    group: Mapped[Group] = relationship(lazy="raise")
    by: Mapped[Person | None] = relationship(lazy="raise", foreign_keys=[by_id])


class Post(Record):
    """``text`` is Markdown as it was written, ``html`` what became of it: safe to show, made again when
    the text changes. ``sent_as`` is the writer's own key of what she sent: the same key again is the
    same post. A deleted post keeps its place and says why; its text is gone for readers.
    """

    __tablename__ = "board_posts"
    __table_args__ = (
        Index("ix_board_posts_topic_id_id", "topic_id", "id"),
        UniqueConstraint("by_id", "sent_as"),
    )

    topic_id: Mapped[UUID] = mapped_column(ForeignKey("board_topics.id", ondelete="CASCADE"))
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))
    sent_as: Mapped[UUID]
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    reply_to_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("board_posts.id", ondelete="SET NULL"), index=True
    )
    version: Mapped[int] = mapped_column(default=1)
    edited_at: Mapped[datetime | None]
    votes: Mapped[int] = mapped_column(default=0)
    deleted_at: Mapped[datetime | None]
    deleted_because: Mapped[str] = mapped_column(String(500), default="")
    deleted_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))

    topic: Mapped[Topic] = relationship(lazy="raise")
    by: Mapped[Person | None] = relationship(lazy="raise", foreign_keys=[by_id])


class PostEdit(Record):
    """What a post said before: the text of ``version``, replaced by ``by_id`` at ``created_at``."""

    __tablename__ = "board_post_edits"
    __table_args__ = (UniqueConstraint("post_id", "version"),)

    post_id: Mapped[UUID] = mapped_column(ForeignKey("board_posts.id", ondelete="CASCADE"))
    version: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))


class PostVote(Record):
    __tablename__ = "board_post_votes"
    __table_args__ = (UniqueConstraint("post_id", "person_id"),)

    post_id: Mapped[UUID] = mapped_column(ForeignKey("board_posts.id", ondelete="CASCADE"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)


class PostMention(Record):
    """``person_id`` may read the post; mentions of others are plain text."""

    __tablename__ = "board_post_mentions"
    __table_args__ = (UniqueConstraint("post_id", "person_id"),)

    post_id: Mapped[UUID] = mapped_column(ForeignKey("board_posts.id", ondelete="CASCADE"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)


class TopicStep(Record):
    """A topic came into ``state``: who said so, when, why, and in which class it was tried."""

    __tablename__ = "board_topic_steps"
    __table_args__ = (Index("ix_board_topic_steps_topic_id_id", "topic_id", "id"),)

    topic_id: Mapped[UUID] = mapped_column(ForeignKey("board_topics.id", ondelete="CASCADE"))
    state: Mapped[TopicState] = mapped_column(EnumString(TopicState))
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))
    note: Mapped[str] = mapped_column(String(500), default="")
    class_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("school_classes.id", ondelete="SET NULL")
    )
    class_label: Mapped[str] = mapped_column(String(200), default="")
    post_id: Mapped[UUID | None] = mapped_column(ForeignKey("board_posts.id", ondelete="SET NULL"))

    by: Mapped[Person | None] = relationship(lazy="raise", foreign_keys=[by_id])


class TopicTry(Record):
    """Who will try what a topic says, until the end of a day; ``step_id`` says how it went."""

    __tablename__ = "board_topic_tries"
    __table_args__ = (UniqueConstraint("topic_id", "person_id"),)

    topic_id: Mapped[UUID] = mapped_column(ForeignKey("board_topics.id", ondelete="CASCADE"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    due_on: Mapped[date | None]
    class_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("school_classes.id", ondelete="SET NULL")
    )
    done_at: Mapped[datetime | None]
    step_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("board_topic_steps.id", ondelete="SET NULL")
    )
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))

    topic: Mapped[Topic] = relationship(lazy="raise")
    person: Mapped[Person] = relationship(lazy="raise", foreign_keys=[person_id])
    school_class: Mapped[SchoolClass | None] = relationship(lazy="raise")


class PostReport(Record):
    """Somebody finds a post not right; those who moderate the group answer."""

    __tablename__ = "board_post_reports"
    __table_args__ = (
        UniqueConstraint("post_id", "person_id"),
        Index("ix_board_post_reports_group_id_answered_at", "group_id", "answered_at"),
    )

    group_id: Mapped[UUID] = mapped_column(ForeignKey("teacher_groups.id", ondelete="CASCADE"))
    post_id: Mapped[UUID] = mapped_column(ForeignKey("board_posts.id", ondelete="CASCADE"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    reason: Mapped[str] = mapped_column(String(500))
    answered_at: Mapped[datetime | None]
    answered_by_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("people.id", ondelete="SET NULL")
    )
    upheld: Mapped[bool | None]

    post: Mapped[Post] = relationship(lazy="raise")


class GroupFile(Record):
    """A file of a group, or of one of its posts. ``file`` is looked at by content before it is shown.
    ``small_id``, ``width``, ``height`` (pixels): the smaller picture that lists and posts show of one.
    ``in_post``: it was brought to be shown in a post. ``told_at``: who wants to know of new files has
    been told of it, or need not be.
    """

    __tablename__ = "group_files"
    __table_args__ = (
        Index("ix_group_files_group_id_id", "group_id", "id"),
        # Few, and looked for twice a minute.
        Index(
            "ix_group_files_untold",
            "group_id",
            sqlite_where=text("told_at IS NULL"),
            postgresql_where=text("told_at IS NULL"),
        ),
    )

    group_id: Mapped[UUID] = mapped_column(ForeignKey("teacher_groups.id", ondelete="CASCADE"))
    post_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("board_posts.id", ondelete="SET NULL"), index=True
    )
    file_id: Mapped[UUID] = mapped_column(ForeignKey("stored_files.id"), index=True)
    small_id: Mapped[UUID | None] = mapped_column(ForeignKey("stored_files.id"), index=True)
    width: Mapped[int | None]
    height: Mapped[int | None]
    name: Mapped[str] = mapped_column(String(255))
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))
    in_post: Mapped[bool] = mapped_column(default=False)
    told_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]

    file: Mapped[StoredFile] = relationship(lazy="raise", foreign_keys=[file_id])
    by: Mapped[Person | None] = relationship(lazy="raise")


class Follow(StrEnum):
    """How much of a group somebody wants to be told of. ``MINE``: what they wrote in, follow, or are
    named in.
    """

    ALL = "all"
    MINE = "mine"
    NOTHING = "nothing"


class GroupFollow(Record):
    """Without a row: ``MINE``."""

    __tablename__ = "board_group_follows"
    __table_args__ = (UniqueConstraint("group_id", "person_id"),)

    group_id: Mapped[UUID] = mapped_column(ForeignKey("teacher_groups.id", ondelete="CASCADE"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    follow: Mapped[Follow] = mapped_column(EnumString(Follow))


class TopicReading(Record):
    """How far somebody has read a topic, and whether they follow it (None: as the group's follow
    says). ``read_post_id`` is the key of the last post read; it only ever grows.
    """

    __tablename__ = "board_topic_readings"
    __table_args__ = (
        UniqueConstraint("person_id", "topic_id"),
        Index("ix_board_topic_readings_topic_id_person_id", "topic_id", "person_id"),
    )

    topic_id: Mapped[UUID] = mapped_column(ForeignKey("board_topics.id", ondelete="CASCADE"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    read_post_id: Mapped[UUID | None]
    read_at: Mapped[datetime | None]
    follows: Mapped[bool | None]


class Draft(Record):
    """Words somebody has not sent yet. ``sent_as`` is the key they will be sent with; a draft of a reply
    has its topic, one of a new topic its ``title`` and perhaps its ``anchor`` (JSON, as the form says
    it). ``version`` counts what was kept, for the same draft on two devices.
    """

    __tablename__ = "board_drafts"
    __table_args__ = (UniqueConstraint("person_id", "sent_as"),)

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    group_id: Mapped[UUID] = mapped_column(
        ForeignKey("teacher_groups.id", ondelete="CASCADE"), index=True
    )
    topic_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("board_topics.id", ondelete="CASCADE"), index=True
    )
    sent_as: Mapped[UUID]
    title: Mapped[str] = mapped_column(String(200), default="")
    text: Mapped[str] = mapped_column(Text)
    anchor: Mapped[str] = mapped_column(Text, default="")
    reply_to_id: Mapped[UUID | None]
    version: Mapped[int] = mapped_column(default=1)
    changed_at: Mapped[datetime]


class GroupFeed(Record):
    """A member's own address of what is new on a group's board. ``token`` is its only key."""

    __tablename__ = "board_feeds"
    __table_args__ = (UniqueConstraint("group_id", "person_id"),)

    group_id: Mapped[UUID] = mapped_column(ForeignKey("teacher_groups.id", ondelete="CASCADE"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    token: Mapped[str] = mapped_column(String(64), unique=True, default=new_secret)


class BoardDigest(Record):
    """A day's digest of all boards: of what happened after ``since`` until ``until``. Everybody up to
    ``after_id`` has been told; ``done_at``: everybody.
    """

    __tablename__ = "board_digests"

    day: Mapped[date] = mapped_column(unique=True)
    since: Mapped[datetime]
    until: Mapped[datetime]
    after_id: Mapped[UUID | None]
    told: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[datetime | None]
