"""Regions, organisations and classrooms."""

import secrets
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tongke_platform.database import EnumString, Record


class OrganisationKind(StrEnum):
    BUREAU = "bureau"
    SCHOOL = "school"
    TOWNSHIP_CENTRE = "township_centre"
    TEACHING_POINT = "teaching_point"
    UNIVERSITY = "university"
    PRACTICE_BASE = "practice_base"
    PROGRAMME_OFFICE = "programme_office"


# What classes are taught in.
SCHOOLS = frozenset(
    {OrganisationKind.SCHOOL, OrganisationKind.TOWNSHIP_CENTRE, OrganisationKind.TEACHING_POINT}
)


class Region(Record):
    """A node of the tree of regions. ``path`` is the codes from the root: ``/410000/411500/``."""

    __tablename__ = "regions"

    code: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("regions.id"), index=True)
    path: Mapped[str] = mapped_column(String(255), index=True)

    parent: Mapped["Region | None"] = relationship(lazy="raise", remote_side="Region.id")


class Organisation(Record):
    """``parent_id`` is the township centre that manages a teaching point.

    ``region_path`` repeats its region's, so that a right over a region is one condition. A closed
    organisation keeps its row; ``merged_into_id`` says where its people and classes went.
    """

    __tablename__ = "organisations"

    code: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(120), index=True)
    kind: Mapped[OrganisationKind] = mapped_column(
        EnumString(OrganisationKind), default=OrganisationKind.SCHOOL
    )
    region_id: Mapped[UUID | None] = mapped_column(ForeignKey("regions.id"), index=True)
    region_path: Mapped[str] = mapped_column(String(255), default="/", index=True)
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    opened_on: Mapped[date | None]
    closed_on: Mapped[date | None]
    merged_into_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisations.id"))

    region: Mapped[Region | None] = relationship(lazy="raise")
    parent: Mapped["Organisation | None"] = relationship(
        lazy="raise", remote_side="Organisation.id", foreign_keys=[parent_id]
    )


def new_secret() -> str:
    """32 random bytes, url-safe."""
    return secrets.token_urlsafe(32)


class Room(Record):
    """A classroom: one screen, one speaker, ``class_size`` pupils. ``token`` opens its page."""

    __tablename__ = "rooms"

    name: Mapped[str] = mapped_column(String(80))
    school_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), index=True)
    class_size: Mapped[int] = mapped_column(default=0)
    token: Mapped[str] = mapped_column(String(64), unique=True, default=new_secret)
    revoked_at: Mapped[datetime | None]

    school: Mapped[Organisation] = relationship(lazy="raise")
