"""Notices, how each is to reach its person, and what people and schools have chosen."""

from datetime import datetime, time
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tongke_platform.database import EnumString, Record
from tongke_platform.organisations.models import Organisation
from tongke_platform.people.models import Person


class Notice(Record):
    """In a person's inbox. ``params`` fill the places of the kind's messages.

    ``key`` is the same whenever the same thing is told again. ``organisation_id`` is the school whose
    groups may hear of it. ``planned_at`` is None until it was
    worked out which other ways it goes.
    """

    __tablename__ = "notices"
    __table_args__ = (
        UniqueConstraint("person_id", "key"),
        Index("ix_notices_person_id_archived_at_id", "person_id", "archived_at", "id"),
        Index("ix_notices_key", "key"),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(64))
    params: Mapped[dict[str, Any]] = mapped_column(JSON)
    link: Mapped[str] = mapped_column(String(500), default="")
    key: Mapped[str] = mapped_column(String(200))
    organisation_id: Mapped[UUID | None]
    planned_at: Mapped[datetime | None] = mapped_column(index=True)
    read_at: Mapped[datetime | None]
    archived_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship(lazy="raise")


class Channel(StrEnum):
    MAIL = "mail"
    CHAT = "chat"


class Choice(StrEnum):
    """When something leaves the inbox for a channel."""

    NOW = "now"
    DIGEST = "digest"
    OFF = "off"


class DeliveryState(StrEnum):
    """``GATHERED``: it went into a digest. ``UNSURE``: nobody knows whether it went out, and it is
    not sent again. ``SKIPPED``: there was no need any more.
    """

    WAITING = "waiting"
    CLAIMED = "claimed"
    SENT = "sent"
    FAILED = "failed"
    UNSURE = "unsure"
    SKIPPED = "skipped"
    FOR_DIGEST = "for_digest"
    GATHERED = "gathered"


class Delivery(Record):
    """One message on one channel; ``key`` makes it the only one of its kind.

    Of one notice (mail), of one happening for a school's group (``chat_id``), or a day's digest,
    whose parts name it as their ``digest_id``. Claimed before it is sent, until ``claimed_until``.
    """

    __tablename__ = "notice_deliveries"
    __table_args__ = (
        Index("ix_notice_deliveries_state_due_at", "state", "due_at"),
        Index("ix_notice_deliveries_person_id_state", "person_id", "state"),
    )

    key: Mapped[str] = mapped_column(String(300), unique=True)
    channel: Mapped[Channel] = mapped_column(EnumString(Channel))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    notice_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("notices.id", ondelete="CASCADE"), index=True
    )
    chat_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("school_chats.id", ondelete="CASCADE"), index=True
    )
    digest_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("notice_deliveries.id", ondelete="SET NULL"), index=True
    )
    state: Mapped[DeliveryState] = mapped_column(EnumString(DeliveryState))
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    claimed_until: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(String(200), default="")


class NoticeChoice(Record):
    """Where a person differs from what a kind does by itself."""

    __tablename__ = "notice_choices"
    __table_args__ = (UniqueConstraint("person_id", "kind", "channel"),)

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(64))
    channel: Mapped[Channel] = mapped_column(EnumString(Channel))
    choice: Mapped[Choice] = mapped_column(EnumString(Choice))


class NoticeHours(Record):
    """A person's quiet hours and when their digest comes; local times. ``mail_refused`` is the
    address that a mail server has refused for good.
    """

    __tablename__ = "notice_hours"

    person_id: Mapped[UUID] = mapped_column(
        ForeignKey("people.id", ondelete="CASCADE"), unique=True
    )
    quiet_from: Mapped[time]
    quiet_until: Mapped[time]
    digest_at: Mapped[time]
    mail_refused: Mapped[str] = mapped_column(String(64), default="")


class ChatService(StrEnum):
    WECOM = "wecom"
    DINGTALK = "dingtalk"
    FEISHU = "feishu"


class SchoolChat(Record):
    """A bot in a school's group. ``sealed_address`` can be used but not shown; ``hint`` is its end."""

    __tablename__ = "school_chats"

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), index=True)
    service: Mapped[ChatService] = mapped_column(EnumString(ChatService))
    label: Mapped[str] = mapped_column(String(80))
    sealed_address: Mapped[str] = mapped_column(String(1000))
    hint: Mapped[str] = mapped_column(String(8))
    added_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))
    removed_at: Mapped[datetime | None]
    trouble: Mapped[str] = mapped_column(String(200), default="")

    organisation: Mapped[Organisation] = relationship(lazy="raise")
