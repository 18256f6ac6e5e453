"""Regions, organisations, classrooms, academic years, classes and class lists."""

import secrets
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
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
    organisation keeps its row; ``merged_into_id`` says where its people and classes went. A class
    that has finished ``last_grade`` leaves the school.
    """

    __tablename__ = "organisations"
    __table_args__ = (Index("ix_organisations_name_id", "name", "id"),)

    code: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    kind: Mapped[OrganisationKind] = mapped_column(
        EnumString(OrganisationKind), default=OrganisationKind.SCHOOL
    )
    region_id: Mapped[UUID | None] = mapped_column(ForeignKey("regions.id"), index=True)
    region_path: Mapped[str] = mapped_column(String(255), default="/", index=True)
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    first_grade: Mapped[int] = mapped_column(default=1, server_default="1")
    last_grade: Mapped[int] = mapped_column(default=6, server_default="6")
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
    """A classroom: one screen, one speaker, ``class_size`` pupils. ``token`` opens its page.

    ``class_id`` is the class that sits in it, for a room that is one class's own.
    """

    __tablename__ = "rooms"
    __table_args__ = (Index("ix_rooms_name_id", "name", "id"),)

    name: Mapped[str] = mapped_column(String(80))
    school_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), index=True)
    class_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("school_classes.id", ondelete="SET NULL"), index=True
    )
    class_size: Mapped[int] = mapped_column(default=0)
    token: Mapped[str] = mapped_column(String(64), unique=True, default=new_secret)
    revoked_at: Mapped[datetime | None]

    school: Mapped[Organisation] = relationship(lazy="raise")


class AcademicYear(Record):
    """``2026–2027``, both days included; without a region it is everybody's."""

    __tablename__ = "academic_years"

    region_id: Mapped[UUID | None] = mapped_column(ForeignKey("regions.id"), index=True)
    name: Mapped[str] = mapped_column(String(40))
    starts_on: Mapped[date] = mapped_column(index=True)
    ends_on: Mapped[date]


class SchoolClass(Record):
    """A class from its first day to its last: the same pupils, a grade higher each year.

    ``name`` is the cohort's, ``2023级1班``; what it is called in one year stands in its ClassYear.
    """

    __tablename__ = "school_classes"
    __table_args__ = (
        Index("ix_school_classes_organisation_id_name", "organisation_id", "name"),
        Index("ix_school_classes_name_id", "name", "id"),
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    name: Mapped[str] = mapped_column(String(80))
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]

    organisation: Mapped[Organisation] = relationship(lazy="raise")
    years: Mapped[list["ClassYear"]] = relationship(lazy="raise", back_populates="school_class")


class ClassYear(Record):
    """A class in one academic year: ``grade`` 1 to 12, its name (``三年级1班``), ``size`` pupils."""

    __tablename__ = "class_years"
    __table_args__ = (UniqueConstraint("class_id", "year_id"),)

    class_id: Mapped[UUID] = mapped_column(ForeignKey("school_classes.id", ondelete="CASCADE"))
    year_id: Mapped[UUID] = mapped_column(ForeignKey("academic_years.id"), index=True)
    grade: Mapped[int]
    name: Mapped[str] = mapped_column(String(80))
    size: Mapped[int] = mapped_column(default=0)

    school_class: Mapped[SchoolClass] = relationship(lazy="raise", back_populates="years")
    year: Mapped[AcademicYear] = relationship(lazy="raise")


class Pupil(Record):
    """A name on class lists; pupils have no account. ``number`` is the school's, None if it has none."""

    __tablename__ = "pupils"
    __table_args__ = (UniqueConstraint("organisation_id", "number"),)

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    number: Mapped[str | None] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(80))
    left_on: Mapped[date | None]

    entries: Mapped[list["ClassEntry"]] = relationship(lazy="raise", back_populates="pupil")


class ClassEntry(Record):
    """A pupil is in a class from ``starts_on`` to ``ends_on``, both included."""

    __tablename__ = "class_entries"
    __table_args__ = (Index("ix_class_entries_class_id_pupil_id", "class_id", "pupil_id"),)

    pupil_id: Mapped[UUID] = mapped_column(ForeignKey("pupils.id", ondelete="CASCADE"), index=True)
    class_id: Mapped[UUID] = mapped_column(ForeignKey("school_classes.id", ondelete="CASCADE"))
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]

    pupil: Mapped[Pupil] = relationship(lazy="raise", back_populates="entries")


class ChangeKind(StrEnum):
    CREATED = "created"
    RENAMED = "renamed"
    MOVED = "moved"
    MERGED = "merged"
    CLOSED = "closed"
    REOPENED = "reopened"


class OrganisationChange(Record):
    """The history of an organisation: what it was ``before`` and ``after`` a day.

    ``other_id`` is the other organisation of a merger, in the rows of both.
    """

    __tablename__ = "organisation_changes"
    __table_args__ = (
        Index("ix_organisation_changes_organisation_id_day", "organisation_id", "day"),
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    kind: Mapped[ChangeKind] = mapped_column(EnumString(ChangeKind))
    day: Mapped[date]
    before: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    after: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    other_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisations.id"))
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))


class ExternalKind(StrEnum):
    ORGANISATION = "organisation"
    YEAR = "year"
    CLASS = "class"
    PERSON = "person"
    PUPIL = "pupil"
    COURSE = "course"
    ENROLMENT = "enrolment"


class ExternalId(Record):
    """What another system calls a record of ours: ``system`` is ``oneroster``, or a bureau's."""

    __tablename__ = "external_ids"
    __table_args__ = (UniqueConstraint("kind", "system", "value"),)

    kind: Mapped[ExternalKind] = mapped_column(EnumString(ExternalKind))
    system: Mapped[str] = mapped_column(String(64))
    value: Mapped[str] = mapped_column(String(255))
    record_id: Mapped[UUID] = mapped_column(index=True)
