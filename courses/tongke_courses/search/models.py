"""What can be found. The inverted index beside these tables is ``search_index``, which is no table
SQLAlchemy could describe on both databases: see ``engines``.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tongke_platform.database import Base


class SearchEntry(Base):
    """One object. ``number`` is its place in the order of results, see ``tokens.number_of``.

    ``open``: its label lets in everybody with an account, or everybody at all.
    """

    __tablename__ = "search_entries"
    __table_args__ = (UniqueConstraint("kind", "object_id"),)

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(32))
    object_id: Mapped[UUID]
    parent_id: Mapped[UUID | None] = mapped_column(index=True)
    at: Mapped[datetime]
    at_seconds: Mapped[int | None]
    open: Mapped[bool]
    title: Mapped[str] = mapped_column(Text)
    stage: Mapped[str] = mapped_column(String(200), default="")
    subject: Mapped[str] = mapped_column(String(200), default="")
    edition: Mapped[str] = mapped_column(String(200), default="")
    grade: Mapped[str] = mapped_column(String(200), default="")
    school: Mapped[str] = mapped_column(String(200), default="")


class SearchText(Base):
    """The long columns of an entry, apart: a thousand entries may be read for a query.

    ``audience`` and ``initials`` are words between blanks: what the index was told, so that it can
    be told to forget it.
    """

    __tablename__ = "search_texts"

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    summary: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    audience: Mapped[str] = mapped_column(Text)
    initials: Mapped[str] = mapped_column(Text)


class SearchBuild(Base):
    """A rebuilding under way: the kind, and the last object that is done."""

    __tablename__ = "search_builds"

    kind: Mapped[str] = mapped_column(String(32), primary_key=True)
    after_id: Mapped[UUID | None]
