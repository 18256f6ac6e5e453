"""People, the names they sign in with, and the posts they hold."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tongke_platform.database import EnumString, Record
from tongke_platform.organisations.models import Organisation, Region
from tongke_platform.people.roles import Role, Scope


class NameKind(StrEnum):
    PHONE = "phone"
    STAFF = "staff"
    MAIL = "mail"
    NAME = "name"


class Person(Record):
    """Somebody who may sign in; pupils never are one. An erased person keeps an empty row."""

    __tablename__ = "people"
    __table_args__ = (
        Index("ix_people_display_name_id", "display_name", "id"),
        # Few were ever deactivated: a list of them must not pass by all others.
        Index(
            "ix_people_deactivated",
            "display_name",
            "id",
            sqlite_where=text("deactivated_at IS NOT NULL"),
            postgresql_where=text("deactivated_at IS NOT NULL"),
        ),
    )

    display_name: Mapped[str] = mapped_column(String(80))
    language: Mapped[str] = mapped_column(String(8), default="")
    deactivated_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]

    names: Mapped[list["SignInName"]] = relationship(lazy="raise", back_populates="person")
    memberships: Mapped[list["Membership"]] = relationship(
        lazy="raise", back_populates="person", foreign_keys="Membership.person_id"
    )


class SignInName(Record):
    """A phone number, mail address or chosen name is one person's; a staff number one school's."""

    __tablename__ = "sign_in_names"
    __table_args__ = (
        UniqueConstraint("value", "organisation_code"),
        Index("ix_sign_in_names_person_id_kind", "person_id", "kind"),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    kind: Mapped[NameKind] = mapped_column(EnumString(NameKind))
    value: Mapped[str] = mapped_column(String(64))
    organisation_code: Mapped[str] = mapped_column(String(32), default="")

    person: Mapped[Person] = relationship(lazy="raise", back_populates="names")


class Membership(Record):
    """A person is ``role`` in a scope from ``starts_on`` to ``ends_on``, both included.

    ``post`` is the title in the school's own words. What is over keeps its row.
    """

    __tablename__ = "memberships"
    __table_args__ = (
        # Says all that a list of a place's people asks of a post.
        Index(
            "ix_memberships_organisation_id_role",
            "organisation_id",
            "role",
            "person_id",
            "starts_on",
            "ends_on",
        ),
        Index("ix_memberships_scope_id_role", "scope_id", "role"),
        Index("ix_memberships_role_person_id", "role", "person_id"),
        Index("ix_memberships_ends_on", "ends_on"),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    role: Mapped[Role] = mapped_column(EnumString(Role))
    scope: Mapped[Scope] = mapped_column(EnumString(Scope))
    organisation_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisations.id"))
    region_id: Mapped[UUID | None] = mapped_column(ForeignKey("regions.id"), index=True)
    scope_id: Mapped[UUID | None]
    post: Mapped[str] = mapped_column(String(80), default="")
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    granted_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))

    person: Mapped[Person] = relationship(
        lazy="raise", back_populates="memberships", foreign_keys=[person_id]
    )
    organisation: Mapped[Organisation | None] = relationship(lazy="raise")
    region: Mapped[Region | None] = relationship(lazy="raise")


class Entrustment(Record):
    """Entrusted management: ``manager_id`` may use ``rule`` at ``organisation_id`` in these days."""

    __tablename__ = "entrustments"
    __table_args__ = (Index("ix_entrustments_manager_id_rule", "manager_id", "rule"),)

    manager_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), index=True)
    rule: Mapped[str] = mapped_column(String(64))
    partnership_id: Mapped[UUID | None]
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    suspended_at: Mapped[datetime | None]
