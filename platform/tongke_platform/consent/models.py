"""The ledger, the links it is filled by, and the photographed paper forms."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from tongke_platform.consent.purposes import Purpose
from tongke_platform.database import EnumString, Record


class ConsentAct(StrEnum):
    GIVEN = "given"
    WITHDRAWN = "withdrawn"


class ConsentWay(StrEnum):
    LINK = "link"
    PAPER = "paper"
    SCHOOL = "school"


class ConsentEvent(Record):
    """Append-only (see the migration): the newest row of a pupil and purpose is what counts.

    ``text`` is the version of the words that were agreed to; ``until`` the last day they hold.
    Ids are kept without foreign keys: the ledger outlives the class list.
    """

    __tablename__ = "consent_events"
    __table_args__ = (
        Index("ix_consent_events_pupil_id_purpose_id", "pupil_id", "purpose", "id"),
        Index("ix_consent_events_organisation_id_id", "organisation_id", "id"),
    )

    pupil_id: Mapped[UUID]
    organisation_id: Mapped[UUID]
    purpose: Mapped[Purpose] = mapped_column(EnumString(Purpose))
    act: Mapped[ConsentAct] = mapped_column(EnumString(ConsentAct))
    way: Mapped[ConsentWay] = mapped_column(EnumString(ConsentWay))
    at: Mapped[datetime]
    until: Mapped[date | None]
    guardian: Mapped[str] = mapped_column(String(80), default="")
    relation: Mapped[str] = mapped_column(String(20), default="")
    text: Mapped[str] = mapped_column(String(16), default="")
    entered_by_id: Mapped[UUID | None]
    link_id: Mapped[UUID | None]
    form_id: Mapped[UUID | None]


class LinkKind(StrEnum):
    ASK = "ask"
    RECEIPT = "receipt"


class ConsentLink(Record):
    """A guardian's way in, stored only as its SHA-256.

    An ``ask`` link is good for one answer; a ``receipt`` shows what holds and withdraws it.
    """

    __tablename__ = "consent_links"

    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[LinkKind] = mapped_column(EnumString(LinkKind))
    pupil_id: Mapped[UUID] = mapped_column(index=True)
    organisation_id: Mapped[UUID]
    purposes: Mapped[list[str]] = mapped_column(JSON)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]
    made_by_id: Mapped[UUID | None]


class ConsentForm(Record):
    """A photographed paper form; its bytes lie in the private folder under its id."""

    __tablename__ = "consent_forms"

    pupil_id: Mapped[UUID] = mapped_column(index=True)
    organisation_id: Mapped[UUID]
    media_type: Mapped[str] = mapped_column(String(40))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    entered_by_id: Mapped[UUID | None]
