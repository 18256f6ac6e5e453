"""What a zip wants to know of a file before its first byte."""

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from tongke_platform.database import Record


class FileChecksum(Record):
    """``crc32`` of the content with this ``sha256``, counted once. It points at no file: it would
    keep one that nobody wants any more.
    """

    __tablename__ = "file_checksums"

    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    crc32: Mapped[int] = mapped_column(BigInteger)
