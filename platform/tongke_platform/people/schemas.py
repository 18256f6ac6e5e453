"""What the API says of people and their posts, and what may be sent."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from tongke_platform.fields import Day, plain
from tongke_platform.organisations.schemas import Name80, OrganisationOut, Wanted
from tongke_platform.people.models import NameKind
from tongke_platform.people.roles import Role, Scope

SignIn = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=64),
    AfterValidator(plain),
]


class PostIn(Wanted):
    """Held in an organisation, in a region, or on the platform when neither is sent."""

    role: Role
    organisation_id: UUID | None = None
    region_id: UUID | None = None
    post: Annotated[str, StringConstraints(max_length=80), AfterValidator(plain)] = ""
    starts_on: Day | None = None
    ends_on: Day | None = None


class PersonIn(Wanted):
    """A new person comes with a first post: nobody belongs to nowhere."""

    name: Name80
    phone: SignIn | None = None
    staff_number: SignIn | None = None
    mail: SignIn | None = None
    post: PostIn


class PersonChange(Wanted):
    name: Name80


class NameIn(Wanted):
    """A staff number is one of ``organisation_id``."""

    value: SignIn
    kind: NameKind | None = None
    organisation_id: UUID | None = None


class EndIn(Wanted):
    """``day`` is the last one; today when it is not sent."""

    day: Day | None = None


class TransferIn(Wanted):
    """To ``organisation_id`` from ``day``; back on ``back_on``, if it is a rotation."""

    organisation_id: UUID
    day: Day
    back_on: Day | None = None
    role: Role | None = None
    post: Annotated[str, StringConstraints(max_length=80), AfterValidator(plain)] | None = None


class ManyPosts(Wanted):
    ids: list[UUID] = Field(min_length=1, max_length=200)
    day: Day | None = None


class RegionRef(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    code: str
    name: str


class MembershipOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    role: Role
    scope: Scope
    organisation: OrganisationOut | None
    region: RegionRef | None
    post: str
    starts_on: date | None
    ends_on: date | None


class PersonItem(BaseModel):
    """``phone`` is covered for those who may only read."""

    id: UUID
    name: str
    phone: str | None
    staff_number: str | None
    active: bool
    posts: list[MembershipOut]


class PersonList(BaseModel):
    items: list[PersonItem]
    next: str
    total: int


class SignInNameOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    kind: NameKind
    value: str
    organisation_code: str


class PersonDetail(BaseModel):
    """``posts`` are those the asker may see; ``elsewhere`` counts the others."""

    id: UUID
    name: str
    active: bool
    deactivated_at: datetime | None
    may_change: bool
    names: list[SignInNameOut]
    posts: list[MembershipOut]
    elsewhere: int
