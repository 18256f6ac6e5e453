"""Stored files, resumable uploads, and the materials that stand for them."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tongke_platform.database import EnumString, Record, utc_now
from tongke_platform.people.models import Person


class StoredFile(Record):
    """A file of the object store, never changed once it is there. ``sha256`` is lower-case hex,
    ``size`` bytes, ``media_type`` what its content was seen to be; ``key`` is its place in the store.
    ``used_at``: when somebody last brought the same content; for a while after it nothing is swept.
    """

    __tablename__ = "stored_files"
    __table_args__ = (Index("ix_stored_files_sha256", "sha256"),)

    key: Mapped[str] = mapped_column(String(120), unique=True)
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger)
    media_type: Mapped[str] = mapped_column(String(120))
    used_at: Mapped[datetime] = mapped_column(default=utc_now)


class Upload(Record):
    """A file on its way (tus 1.0): ``received`` of ``size`` bytes are safe. Only the person who began
    it goes on with it. ``file_id`` is set once it is whole and was looked at.
    """

    __tablename__ = "uploads"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(255))
    size: Mapped[int] = mapped_column(BigInteger)
    received: Mapped[int] = mapped_column(BigInteger, default=0)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    file_id: Mapped[UUID | None] = mapped_column(ForeignKey("stored_files.id"))
    trouble: Mapped[str] = mapped_column(String(200), default="")

    file: Mapped[StoredFile | None] = relationship(lazy="raise")


class MaterialKind(StrEnum):
    DOCUMENT = "document"
    PICTURE = "picture"
    SOUND = "sound"
    VIDEO = "video"
    CAPTIONS = "captions"
    PAGE = "page"
    LINK = "link"
    OTHER = "other"


class Material(Record):
    """Belongs to a lesson, or to a course as a whole. ``url`` is a link's address; everything else has
    ``current_id``, its newest version. ``licence`` empty: that of the course. ``removed_at``: no longer
    shown; versions that were used stay. ``passages``: how many of its captions the search knows.
    """

    __tablename__ = "materials"
    __table_args__ = (
        Index("ix_materials_lesson_id_position", "lesson_id", "position"),
        Index("ix_materials_course_id_position", "course_id", "position"),
    )

    lesson_id: Mapped[UUID | None] = mapped_column(ForeignKey("lessons.id", ondelete="CASCADE"))
    course_id: Mapped[UUID | None] = mapped_column(ForeignKey("courses.id", ondelete="CASCADE"))
    kind: Mapped[MaterialKind] = mapped_column(EnumString(MaterialKind))
    title: Mapped[str] = mapped_column(String(200))
    url: Mapped[str] = mapped_column(String(2000), default="")
    licence: Mapped[str] = mapped_column(String(32), default="")
    credits: Mapped[str] = mapped_column(String(1000), default="")
    position: Mapped[int] = mapped_column(default=0)
    # No foreign key: the two tables would point at each other.
    current_id: Mapped[UUID | None]
    removed_at: Mapped[datetime | None]
    changed_at: Mapped[datetime] = mapped_column(default=utc_now)
    passages: Mapped[int] = mapped_column(default=0, server_default="0")
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))

    current: Mapped["MaterialVersion | None"] = relationship(
        lazy="raise",
        primaryjoin="foreign(Material.current_id) == MaterialVersion.id",
        viewonly=True,
        uselist=False,
    )


class MaterialVersion(Record):
    """``number`` counts from 1 within the material; ``name`` is the file's name as it was sent."""

    __tablename__ = "material_versions"
    __table_args__ = (UniqueConstraint("material_id", "number"),)

    material_id: Mapped[UUID] = mapped_column(ForeignKey("materials.id", ondelete="CASCADE"))
    number: Mapped[int]
    name: Mapped[str] = mapped_column(String(255))
    file_id: Mapped[UUID] = mapped_column(ForeignKey("stored_files.id"), index=True)
    note: Mapped[str] = mapped_column(String(500), default="")
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))

    file: Mapped[StoredFile] = relationship(lazy="raise")
    by: Mapped[Person | None] = relationship(lazy="raise")
