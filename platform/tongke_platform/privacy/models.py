"""Exports of a person's data, and erasures."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tongke_platform.database import EnumString, Record
from tongke_platform.people.models import Person


class ExportState(StrEnum):
    WAITING = "waiting"
    READY = "ready"
    FETCHED = "fetched"
    EXPIRED = "expired"


class DataExport(Record):
    """All that is held about a person as a zip file in the private folder, under this id.

    Fetched once, by who asked for it, before ``expires_at``.
    """

    __tablename__ = "data_exports"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    asked_by_id: Mapped[UUID] = mapped_column(
        ForeignKey("people.id", ondelete="CASCADE"), index=True
    )
    reason: Mapped[str] = mapped_column(String(200), default="")
    state: Mapped[ExportState] = mapped_column(
        EnumString(ExportState), default=ExportState.WAITING, index=True
    )
    size: Mapped[int] = mapped_column(default=0)
    expires_at: Mapped[datetime | None]
    fetched_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship(lazy="raise", foreign_keys=[person_id])


class Erasure(Record):
    """A person is to be erased when ``due_at`` has come, unless that is called off before."""

    __tablename__ = "erasures"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    asked_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))
    reason: Mapped[str] = mapped_column(String(200), default="")
    due_at: Mapped[datetime] = mapped_column(index=True)
    cancelled_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
