"""What the API says of regions and organisations, and what may be sent."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from tongke_platform.fields import Day, plain
from tongke_platform.organisations.models import ChangeKind, OrganisationKind


def _line(longest: int, shortest: int = 1) -> StringConstraints:
    return StringConstraints(strip_whitespace=True, min_length=shortest, max_length=longest)


# Lines of text without spaces around them.
Name40 = Annotated[str, _line(40), AfterValidator(plain)]
Name80 = Annotated[str, _line(80), AfterValidator(plain)]
Name120 = Annotated[str, _line(120), AfterValidator(plain)]
Note = Annotated[str, _line(200, 0), AfterValidator(plain)]

# Parts of a region's path, and what is typed after the @ of a staff number.
Code = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[0-9A-Za-z_-]{1,32}$")]


class Wanted(BaseModel):
    """What is sent; a field nobody knows is refused."""

    model_config = ConfigDict(extra="forbid")


class RegionIn(Wanted):
    code: Code
    name: Name80
    parent_id: UUID | None = None


class RegionChange(Wanted):
    """Only what is sent changes; ``parent_id`` null makes it a root."""

    name: Name80 | None = None
    parent_id: UUID | None = None


class RegionOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    code: str
    name: str
    path: str
    parent_id: UUID | None


class OrganisationOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    code: str
    name: str
    kind: OrganisationKind


class OrganisationIn(Wanted):
    code: Code
    name: Name120
    kind: OrganisationKind = OrganisationKind.SCHOOL
    region_id: UUID | None = None
    parent_id: UUID | None = None
    first_grade: int = Field(1, ge=1, le=12)
    last_grade: int = Field(6, ge=1, le=12)
    opened_on: Day | None = None


class OrganisationChangeIn(Wanted):
    """Only what is sent changes."""

    code: Code | None = None
    name: Name120 | None = None
    kind: OrganisationKind | None = None
    region_id: UUID | None = None
    parent_id: UUID | None = None
    first_grade: int | None = Field(None, ge=1, le=12)
    last_grade: int | None = Field(None, ge=1, le=12)
    opened_on: Day | None = None


class OrganisationDetail(OrganisationOut):
    region_id: UUID | None
    parent_id: UUID | None
    first_grade: int
    last_grade: int
    opened_on: date | None
    closed_on: date | None
    merged_into_id: UUID | None


class OrganisationItem(OrganisationDetail):
    """In a list: ``people`` hold a post today, ``rooms`` are open, ``classes`` go on."""

    people: int
    rooms: int
    classes: int


class OrganisationList(BaseModel):
    """``next`` is the ``after`` of the following page, empty on the last."""

    items: list[OrganisationItem]
    next: str
    total: int


class CloseIn(Wanted):
    """``day`` is the last day; today when it is not sent."""

    day: Day | None = None
    reason: Note = ""


class MergeIn(CloseIn):
    into_id: UUID


class ChangeOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    kind: ChangeKind
    day: date
    before: dict[str, Any]
    after: dict[str, Any]
    other_id: UUID | None
    by_id: UUID | None


class UndoOut(BaseModel):
    """``undo`` is the id for ``POST /api/undo/{id}``; it works for ten minutes."""

    undo: UUID


State = Literal["open", "closed", "all"]
