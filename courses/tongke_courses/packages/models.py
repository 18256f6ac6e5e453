"""A package that becomes a course, from its file to its last material."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tongke_courses.materials.models import StoredFile
from tongke_platform.database import EnumString, Record


class PackageState(StrEnum):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class PackageImport(Record):
    """Known by the school and its content: ``round`` is 0, and more when the same was asked again.

    ``position`` of ``total`` items are done, ``imported`` of them have a place in ``course_id``;
    ``unit_id`` and ``lesson_id`` are the place the next one goes to (no foreign keys: they may be
    gone). ``skipped``: [[what, why], …], ``why`` and ``trouble`` messages of the catalogues.
    ``file_id`` None: the program at the command line holds the file, or it is done.
    """

    __tablename__ = "package_imports"
    __table_args__ = (UniqueConstraint("school_id", "sha256", "round"),)

    school_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    by_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    file_id: Mapped[UUID | None] = mapped_column(ForeignKey("stored_files.id"))
    sha256: Mapped[str] = mapped_column(String(64))
    round: Mapped[int] = mapped_column(default=0)
    name: Mapped[str] = mapped_column(String(255))
    subject: Mapped[str] = mapped_column(String(40))
    grade: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(32), default="")
    state: Mapped[PackageState] = mapped_column(
        EnumString(PackageState), default=PackageState.RUNNING
    )
    course_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("courses.id", ondelete="SET NULL"), index=True
    )
    unit_id: Mapped[UUID | None]
    lesson_id: Mapped[UUID | None]
    total: Mapped[int] = mapped_column(default=0)
    position: Mapped[int] = mapped_column(default=0)
    imported: Mapped[int] = mapped_column(default=0)
    skipped: Mapped[list[Any]] = mapped_column(JSON, default=list)
    trouble: Mapped[str] = mapped_column(String(200), default="")
    finished_at: Mapped[datetime | None]

    file: Mapped[StoredFile | None] = relationship(lazy="raise")
