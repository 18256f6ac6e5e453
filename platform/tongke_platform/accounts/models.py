"""What people sign in with, and where they are signed in."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint, false, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tongke_platform.database import EnumString, Record
from tongke_platform.organisations.models import Organisation, Region
from tongke_platform.people.models import Person
from tongke_platform.people.roles import Role


class Credential(Record):
    """A person's password as Argon2id; those who never set one have no row."""

    __tablename__ = "credentials"

    person_id: Mapped[UUID] = mapped_column(
        ForeignKey("people.id", ondelete="CASCADE"), unique=True
    )
    password_hash: Mapped[str] = mapped_column(String(200))
    changed_at: Mapped[datetime]


class LoginSession(Record):
    """A browser's login; the cookie's value is stored only as its SHA-256.

    ``acting_for_id`` is the school its person acts for, among those they hold posts at. A ``shared``
    one ends with the browser or after two idle hours. One that is not ``strong`` lacks the second
    step the server asks of administrators, and gives none of their rights. ``device`` is the browser
    in words, ``address`` where it was last seen.
    """

    __tablename__ = "login_sessions"

    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    acting_for_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("organisations.id", ondelete="SET NULL")
    )
    device: Mapped[str] = mapped_column(String(80), default="", server_default="")
    address: Mapped[str] = mapped_column(String(64), default="", server_default="")
    last_seen_at: Mapped[datetime | None]
    shared: Mapped[bool] = mapped_column(default=False, server_default=false())
    strong: Mapped[bool] = mapped_column(default=True, server_default=true())

    person: Mapped[Person] = relationship(lazy="raise")


class ApiToken(Record):
    """A program's login; stored only as its SHA-256. ``expires_at`` None: until it is revoked.

    ``scopes`` None is everything its owner may do.
    """

    __tablename__ = "api_tokens"

    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    label: Mapped[str] = mapped_column(String(80), default="")
    scopes: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship(lazy="raise")


class CodeKind(StrEnum):
    """``RESET`` is given out by an administrator; the others are sent to a phone."""

    RESET = "reset"
    SMS_SIGN_IN = "sms_sign_in"
    SMS_RESET = "sms_reset"


class OneTimeCode(Record):
    """A code that works once, a few tries and a short time; stored only as a keyed hash."""

    __tablename__ = "one_time_codes"
    __table_args__ = (Index("ix_one_time_codes_person_id_kind", "person_id", "kind"),)

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    kind: Mapped[CodeKind] = mapped_column(EnumString(CodeKind))
    code_hash: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime] = mapped_column(index=True)
    tries: Mapped[int] = mapped_column(default=0)
    used_at: Mapped[datetime | None]
    issued_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))


class Invitation(Record):
    """A link that gives its bearer a post; stored only as its hash. It works once.

    ``name`` is whom it is meant for, as the inviting person calls them.
    """

    __tablename__ = "invitations"
    __table_args__ = (Index("ix_invitations_organisation_id_id", "organisation_id", "id"),)

    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    role: Mapped[Role] = mapped_column(EnumString(Role))
    organisation_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisations.id"))
    region_id: Mapped[UUID | None] = mapped_column(ForeignKey("regions.id"), index=True)
    post: Mapped[str] = mapped_column(String(80), default="")
    invited_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    used_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))
    revoked_at: Mapped[datetime | None]

    organisation: Mapped[Organisation | None] = relationship(lazy="raise")
    region: Mapped[Region | None] = relationship(lazy="raise")
    invited_by: Mapped[Person | None] = relationship(lazy="raise", foreign_keys=[invited_by_id])
    used_by: Mapped[Person | None] = relationship(lazy="raise", foreign_keys=[used_by_id])


class LinkedIdentity(Record):
    """Somebody's account elsewhere: ``subject`` is what the provider ``issuer`` calls them."""

    __tablename__ = "linked_identities"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    issuer: Mapped[str] = mapped_column(String(255))
    subject: Mapped[str] = mapped_column(String(255))
    last_used_at: Mapped[datetime | None]


class SecondFactor(Record):
    """A person's TOTP secret, sealed. It counts once ``confirmed_at`` is set.

    ``last_step`` is the newest time step a code was taken of: none of it or before works again.
    """

    __tablename__ = "second_factors"

    person_id: Mapped[UUID] = mapped_column(
        ForeignKey("people.id", ondelete="CASCADE"), unique=True
    )
    sealed_secret: Mapped[str] = mapped_column(String(400))
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int] = mapped_column(default=0)


class RecoveryCode(Record):
    """What stands in for a lost phone, once; stored only as a keyed hash."""

    __tablename__ = "recovery_codes"
    __table_args__ = (UniqueConstraint("person_id", "code_hash"),)

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    code_hash: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime | None]
