"""Partnerships, their sides, what they promise and every step they took."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tongke_platform.database import EnumString, Record
from tongke_platform.organisations.models import Organisation
from tongke_platform.people.models import Person


class PartnershipKind(StrEnum):
    PAIRED = "paired"
    ENTRUSTED = "entrusted"
    JOINT = "joint"


class PartnershipState(StrEnum):
    PROPOSED = "proposed"
    ACTIVE = "active"
    PAUSED = "paused"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    ENDED = "ended"


class Act(StrEnum):
    """What may be done to one; ``service.NEXT`` says when."""

    PROPOSE = "propose"
    ACCEPT = "accept"
    DECLINE = "decline"
    WITHDRAW = "withdraw"
    PAUSE = "pause"
    RESUME = "resume"
    END = "end"


class Part(StrEnum):
    LEAD = "lead"
    PARTNER = "partner"


class Answer(StrEnum):
    WAITING = "waiting"
    ACCEPTED = "accepted"
    DECLINED = "declined"


class PromiseKind(StrEnum):
    LESSONS = "lessons"
    TRAINING = "training"
    VISITS = "visits"
    SHADOWING = "shadowing"
    SECONDMENT = "secondment"


class PromiseUnit(StrEnum):
    LESSON = "lesson"
    HOUR = "hour"
    TIME = "time"
    PERSON = "person"


class PromisePeriod(StrEnum):
    WEEK = "week"
    TERM = "term"
    YEAR = "year"
    WHOLE = "whole"


# What each kind of promise is counted in, as the facts that answer it are.
UNITS = {
    PromiseKind.LESSONS: PromiseUnit.LESSON,
    PromiseKind.TRAINING: PromiseUnit.HOUR,
    PromiseKind.VISITS: PromiseUnit.TIME,
    PromiseKind.SHADOWING: PromiseUnit.PERSON,
    PromiseKind.SECONDMENT: PromiseUnit.PERSON,
}


class Partnership(Record):
    """``subjects`` and ``grades`` it covers, all when empty; ``rights`` are names of rules.

    Both days are included. ``closes_at``: a lesson that was over by then was held under it; it is
    the end of the last day, or the moment it was paused or ended.
    """

    __tablename__ = "partnerships"

    kind: Mapped[PartnershipKind] = mapped_column(EnumString(PartnershipKind))
    name: Mapped[str] = mapped_column(String(120))
    state: Mapped[PartnershipState] = mapped_column(
        EnumString(PartnershipState), default=PartnershipState.PROPOSED, index=True
    )
    subjects: Mapped[list[str]] = mapped_column(JSON, default=list)
    grades: Mapped[list[str]] = mapped_column(JSON, default=list)
    periods_per_week: Mapped[int | None]
    rights: Mapped[list[str]] = mapped_column(JSON, default=list)
    note: Mapped[str] = mapped_column(String(2000), default="")
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    closes_at: Mapped[datetime | None]
    proposed_by_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("people.id", ondelete="SET NULL")
    )
    paused_for_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisations.id"))

    sides: Mapped[list["PartnershipSide"]] = relationship(
        lazy="raise", back_populates="partnership", order_by="PartnershipSide.id"
    )
    promises: Mapped[list["PartnershipPromise"]] = relationship(
        lazy="raise", order_by="PartnershipPromise.id"
    )
    steps: Mapped[list["PartnershipStep"]] = relationship(
        lazy="raise", order_by="PartnershipStep.id"
    )

    def in_force(self, day: date) -> bool:
        """Lessons may travel along it on ``day``; ``repository.in_force`` says the same."""
        begun = self.starts_on <= day
        over = self.ends_on is not None and self.ends_on < day
        return self.state is PartnershipState.ACTIVE and begun and not over

    @property
    def lead(self) -> Organisation:
        return next(one.organisation for one in self.sides if one.part is Part.LEAD)

    @property
    def partners(self) -> list[Organisation]:
        return [one.organisation for one in self.sides if one.part is Part.PARTNER]


class PartnershipSide(Record):
    __tablename__ = "partnership_sides"
    __table_args__ = (UniqueConstraint("partnership_id", "organisation_id"),)

    partnership_id: Mapped[UUID] = mapped_column(ForeignKey("partnerships.id", ondelete="CASCADE"))
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), index=True)
    part: Mapped[Part] = mapped_column(EnumString(Part))
    answer: Mapped[Answer] = mapped_column(EnumString(Answer), default=Answer.WAITING)
    answered_by_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("people.id", ondelete="SET NULL")
    )
    answered_at: Mapped[datetime | None]

    partnership: Mapped[Partnership] = relationship(lazy="raise", back_populates="sides")
    organisation: Mapped[Organisation] = relationship(lazy="raise")
    answered_by: Mapped[Person | None] = relationship(lazy="raise")


class PartnershipPromise(Record):
    """``quantity`` of ``unit`` in each ``period``, for each partner."""

    __tablename__ = "partnership_promises"

    partnership_id: Mapped[UUID] = mapped_column(
        ForeignKey("partnerships.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[PromiseKind] = mapped_column(EnumString(PromiseKind))
    quantity: Mapped[int]
    unit: Mapped[PromiseUnit] = mapped_column(EnumString(PromiseUnit))
    period: Mapped[PromisePeriod] = mapped_column(EnumString(PromisePeriod))


class PartnershipStep(Record):
    """The history: who did what, when, for which side, and why. Rows are only ever added."""

    __tablename__ = "partnership_steps"
    __table_args__ = (Index("ix_partnership_steps_partnership_id_id", "partnership_id", "id"),)

    partnership_id: Mapped[UUID] = mapped_column(ForeignKey("partnerships.id", ondelete="CASCADE"))
    act: Mapped[Act] = mapped_column(EnumString(Act))
    state: Mapped[PartnershipState] = mapped_column(EnumString(PartnershipState))
    at: Mapped[datetime]
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))
    organisation_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisations.id"))
    reason: Mapped[str] = mapped_column(String(500), default="")

    by: Mapped[Person | None] = relationship(lazy="raise")
    organisation: Mapped[Organisation | None] = relationship(lazy="raise")
