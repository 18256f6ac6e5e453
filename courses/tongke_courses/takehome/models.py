"""What a zip wants to know of a file before its first byte."""

from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from tongke_platform.database import Record


class FileChecksum(Record):
    """``crc32`` of the content with this ``sha256``, counted once. It points at no file: it would
    keep one that nobody wants any more.
    """

    __tablename__ = "file_checksums"

    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    crc32: Mapped[int] = mapped_column(BigInteger)


class LessonRecording(Record):
    """A lesson's recording as one file, once the archive has it whole. ``size`` in bytes is 0 where
    there is nothing to take; ``sha256`` and ``crc32`` are None until the file was read once.
    """

    __tablename__ = "lesson_recordings"

    lesson_id: Mapped[UUID] = mapped_column(
        ForeignKey("lessons.id", ondelete="CASCADE"), unique=True
    )
    digest: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger)
    duration_ms: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str | None] = mapped_column(String(64))
    crc32: Mapped[int | None] = mapped_column(BigInteger)
