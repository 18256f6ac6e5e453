"""Schools, accounts and what they log in with."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tongke_platform.database import EnumString, Record


class Role(StrEnum):
    ADMIN = "admin"
    SCHOOL_ADMIN = "school_admin"
    LEAD_TEACHER = "lead_teacher"
    LOCAL_TEACHER = "local_teacher"
    RESEARCHER = "researcher"


class School(Record):
    __tablename__ = "schools"

    code: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    region: Mapped[str] = mapped_column(String(120), default="")


class Account(Record):
    """``username`` is a phone or staff number; ``school`` is None for the platform's own people."""

    __tablename__ = "accounts"

    username: Mapped[str] = mapped_column(String(64), unique=True)
    display_name: Mapped[str] = mapped_column(String(80))
    password_hash: Mapped[str] = mapped_column(String(200))
    role: Mapped[Role] = mapped_column(EnumString(Role))
    school_id: Mapped[UUID | None] = mapped_column(ForeignKey("schools.id"), index=True)
    disabled_at: Mapped[datetime | None]

    school: Mapped[School | None] = relationship(lazy="raise")


class LoginSession(Record):
    """A browser's login; the cookie's value is stored only as its SHA-256."""

    __tablename__ = "login_sessions"

    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    account_id: Mapped[UUID] = mapped_column(
        ForeignKey("accounts.id", ondelete="CASCADE"), index=True
    )
    expires_at: Mapped[datetime] = mapped_column(index=True)

    account: Mapped[Account] = relationship(lazy="raise")


class ApiToken(Record):
    """A program's login; stored only as its SHA-256. ``expires_at`` None: until it is revoked."""

    __tablename__ = "api_tokens"

    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    account_id: Mapped[UUID] = mapped_column(
        ForeignKey("accounts.id", ondelete="CASCADE"), index=True
    )
    label: Mapped[str] = mapped_column(String(80), default="")
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    account: Mapped[Account] = relationship(lazy="raise")
