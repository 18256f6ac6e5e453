"""The log and its days. Both databases refuse to change an entry (see the migration)."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tongke_platform.database import Record


class AuditEntry(Record):
    """Ids are kept without foreign keys: an entry outlives what it tells of.

    ``hash`` covers the entry and ``previous``, the hash before it on the same UTC ``day``.
    """

    __tablename__ = "audit_entries"
    __table_args__ = (
        UniqueConstraint("day", "seq"),
        Index("ix_audit_entries_organisation_id_id", "organisation_id", "id"),
        Index("ix_audit_entries_person_id_id", "person_id", "id"),
        Index("ix_audit_entries_act_id", "act", "id"),
        Index("ix_audit_entries_subject_id_id", "subject_id", "id"),
    )

    day: Mapped[date]
    seq: Mapped[int]
    at: Mapped[datetime]
    person_id: Mapped[UUID | None]
    acting_for_id: Mapped[UUID | None]
    address: Mapped[str] = mapped_column(String(64), default="")
    via: Mapped[str] = mapped_column(String(80), default="")
    act: Mapped[str] = mapped_column(String(64))
    subject_type: Mapped[str] = mapped_column(String(40), default="")
    subject_id: Mapped[UUID | None]
    organisation_id: Mapped[UUID | None]
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class AuditDay(Record):
    """How many entries a day has and the hash of the last."""

    __tablename__ = "audit_days"

    day: Mapped[date] = mapped_column(unique=True)
    entries: Mapped[int]
    head: Mapped[str] = mapped_column(String(64))
