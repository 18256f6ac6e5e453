"""PCs that ask for a room, and those that have opened one's page."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tongke_platform.database import Record
from tongke_platform.organisations.models import Room


class PairingRequest(Record):
    """A PC shows ``code`` and waits. ``code`` is None once it is approved or too old.

    The PC proves itself by a secret of its own, of which only the hash is kept.
    """

    __tablename__ = "pairing_requests"

    code: Mapped[str | None] = mapped_column(String(6), unique=True)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    agent: Mapped[str] = mapped_column(String(80))
    expires_at: Mapped[datetime] = mapped_column(index=True)
    room_id: Mapped[UUID | None] = mapped_column(ForeignKey("rooms.id", ondelete="CASCADE"))
    approved_by_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("people.id", ondelete="SET NULL")
    )
    approved_at: Mapped[datetime | None]

    room: Mapped[Room | None] = relationship(lazy="raise")


class Device(Record):
    """A kind of PC seen at a room's address. ``agent`` is what it says it is, in a few words.

    PCs that reset themselves keep no cookie: two alike in one room are one row.
    """

    __tablename__ = "devices"
    __table_args__ = (UniqueConstraint("room_id", "agent"),)

    room_id: Mapped[UUID] = mapped_column(ForeignKey("rooms.id", ondelete="CASCADE"))
    agent: Mapped[str] = mapped_column(String(80))
    first_seen: Mapped[datetime]
    last_seen: Mapped[datetime]
