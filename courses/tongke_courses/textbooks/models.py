"""The tree of textbooks, other names of its nodes, and what is taught alike across editions."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tongke_platform.database import EnumString, Record


class NodeKind(StrEnum):
    """From the root down; a branch may lack a level (a senior school's volume has no grade)."""

    STAGE = "stage"
    SYSTEM = "system"
    SUBJECT = "subject"
    EDITION = "edition"
    GRADE = "grade"
    VOLUME = "volume"
    UNIT = "unit"
    PERIOD = "period"


class TextbookNode(Record):
    """``path`` is the ids from the root, itself included: ``/0190…/0190…/``. ``name`` is what it is
    called among its siblings (``人教版``, ``三年级``, ``上册``); ``title`` is a volume's whole title.
    """

    __tablename__ = "textbook_nodes"
    __table_args__ = (UniqueConstraint("parent_id", "kind", "name"),)

    parent_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("textbook_nodes.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[NodeKind] = mapped_column(EnumString(NodeKind))
    name: Mapped[str] = mapped_column(String(200))
    title: Mapped[str] = mapped_column(String(300), default="")
    path: Mapped[str] = mapped_column(String(400), index=True)
    position: Mapped[int] = mapped_column(default=0)

    parent: Mapped["TextbookNode | None"] = relationship(
        lazy="raise", remote_side="TextbookNode.id"
    )


class TextbookAlias(Record):
    """Another name of nodes of a kind: ``人教版-人民教育出版社`` is ``人教版``."""

    __tablename__ = "textbook_aliases"
    __table_args__ = (UniqueConstraint("kind", "alias"),)

    kind: Mapped[NodeKind] = mapped_column(EnumString(NodeKind))
    alias: Mapped[str] = mapped_column(String(200))
    name: Mapped[str] = mapped_column(String(200))


class KnowledgePoint(Record):
    """What units and periods of several editions teach alike: ``分数的初步认识``."""

    __tablename__ = "knowledge_points"
    __table_args__ = (UniqueConstraint("subject", "name"),)

    subject: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(200))
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))


class KnowledgeLink(Record):
    """A node teaches a knowledge point."""

    __tablename__ = "knowledge_links"
    __table_args__ = (UniqueConstraint("point_id", "node_id"),)

    point_id: Mapped[UUID] = mapped_column(ForeignKey("knowledge_points.id", ondelete="CASCADE"))
    node_id: Mapped[UUID] = mapped_column(
        ForeignKey("textbook_nodes.id", ondelete="CASCADE"), index=True
    )


class ClassTextbook(Record):
    """The volume a class uses in a subject, and the unit or period it has come to."""

    __tablename__ = "class_textbooks"
    __table_args__ = (
        UniqueConstraint("class_id", "subject"),
        Index("ix_class_textbooks_volume_id", "volume_id"),
    )

    class_id: Mapped[UUID] = mapped_column(ForeignKey("school_classes.id", ondelete="CASCADE"))
    subject: Mapped[str] = mapped_column(String(40))
    volume_id: Mapped[UUID] = mapped_column(ForeignKey("textbook_nodes.id", ondelete="CASCADE"))
    reached_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("textbook_nodes.id", ondelete="SET NULL")
    )
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))

    volume: Mapped[TextbookNode] = relationship(lazy="raise", foreign_keys=[volume_id])
    reached: Mapped[TextbookNode | None] = relationship(lazy="raise", foreign_keys=[reached_id])
