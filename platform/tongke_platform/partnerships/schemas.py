"""API and form shapes of partnerships."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from tongke_platform.fields import Day
from tongke_platform.organisations.schemas import OrganisationOut
from tongke_platform.partnerships.models import (
    Act,
    Answer,
    Part,
    PartnershipKind,
    PartnershipState,
    PromiseKind,
    PromisePeriod,
    PromiseUnit,
)

NO_NUL = r"^[^\x00]*$"

Label = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40, pattern=NO_NUL)
]
Name = Annotated[str, StringConstraints(strip_whitespace=True, max_length=120, pattern=NO_NUL)]
Note = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000, pattern=NO_NUL)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500, pattern=NO_NUL)]
Why = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=NO_NUL)
]


class PromiseIn(BaseModel):
    """``quantity`` in each ``period``; the unit follows from the kind."""

    model_config = ConfigDict(extra="forbid")

    kind: PromiseKind
    quantity: int = Field(ge=1, le=100_000)
    period: PromisePeriod


class PartnershipIn(BaseModel):
    """``subjects`` and ``grades`` empty: all. ``rights``: names of rules, only for entrusted
    management.
    """

    model_config = ConfigDict(extra="forbid")

    kind: PartnershipKind
    name: Name = ""
    lead_id: UUID
    partner_ids: list[UUID] = Field(min_length=1, max_length=50)
    subjects: list[Label] = Field(default_factory=list, max_length=40)
    grades: list[Label] = Field(default_factory=list, max_length=40)
    periods_per_week: int | None = Field(None, ge=1, le=100)
    starts_on: Day
    ends_on: Day | None = None
    rights: list[Label] = Field(default_factory=list, max_length=100)
    promises: list[PromiseIn] = Field(default_factory=list, max_length=20)
    note: Note = ""

    @model_validator(mode="after")
    def in_order(self) -> Self:
        if self.ends_on is not None and self.ends_on < self.starts_on:
            raise ValueError("the last day lies before the first")
        if self.lead_id in self.partner_ids:
            raise ValueError("a school is no partner of itself")
        return self


class AnswerIn(BaseModel):
    """``organisation_id``: the side that answers, needed by those who may for several."""

    model_config = ConfigDict(extra="forbid")

    organisation_id: UUID | None = None
    reason: Reason = ""


class ActIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    organisation_id: UUID | None = None
    reason: Why


class SideOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    organisation: OrganisationOut
    part: Part
    answer: Answer
    answered_at: datetime | None


class PartnershipOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    kind: PartnershipKind
    name: str
    state: PartnershipState
    subjects: list[str]
    grades: list[str]
    periods_per_week: int | None
    starts_on: date
    ends_on: date | None
    sides: list[SideOut]


class PromiseOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    kind: PromiseKind
    quantity: int
    unit: PromiseUnit
    period: PromisePeriod


class ByOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    display_name: str


class StepOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    act: Act
    state: PartnershipState
    at: datetime
    by: ByOut | None
    organisation: OrganisationOut | None
    reason: str


class PartnershipFull(PartnershipOut):
    rights: list[str]
    note: str
    promises: list[PromiseOut]
    steps: list[StepOut]


class PartnershipPage(BaseModel):
    """``next``: what to give as ``before`` for what comes after; null at the end."""

    items: list[PartnershipOut]
    next: UUID | None


class RightOut(BaseModel):
    name: str
    says: str


class PartnerOut(OrganisationOut):
    """A school to propose a partnership to."""

    region: str
