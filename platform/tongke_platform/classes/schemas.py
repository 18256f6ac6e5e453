"""What the API says of academic years and classes, and what may be sent."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from tongke_platform.fields import Day
from tongke_platform.organisations.schemas import Name40, Name80, OrganisationOut, Wanted


class YearIn(Wanted):
    """Without a region it is everybody's."""

    name: Name40
    starts_on: Day
    ends_on: Day
    region_id: UUID | None = None


class YearChange(Wanted):
    name: Name40
    starts_on: date
    ends_on: date


class YearOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    starts_on: date
    ends_on: date
    region_id: UUID | None


class ClassIn(Wanted):
    """``name`` without its grade: ``1班``."""

    grade: int = Field(ge=1, le=12)
    name: Name40
    size: int = Field(0, ge=0, le=500)


class ClassChange(Wanted):
    """As it is called this year."""

    name: Name80
    size: int = Field(0, ge=0, le=500)


class ClassOut(BaseModel):
    """``name`` is this year's, None when the class is not in it; ``cohort`` stays."""

    id: UUID
    cohort: str
    name: str | None
    grade: int | None
    size: int
    pupils: int
    starts_on: date
    ends_on: date | None
    organisation: OrganisationOut


class ClassList(BaseModel):
    items: list[ClassOut]
    next: str
    total: int


class PupilIn(Wanted):
    name: Name80
    number: Name40 | None = None


class PupilsIn(Wanted):
    pupils: list[PupilIn] = Field(min_length=1, max_length=200)


class PupilOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    number: str | None


class StepOut(BaseModel):
    """``grade`` null: the class leaves the school."""

    class_id: UUID
    now: str
    grade: int | None
    name: str
    done: bool


class PlanOut(BaseModel):
    from_year: YearOut
    to_year: YearOut
    steps: list[StepOut]
