"""API and form shapes of groups and their activities."""

from datetime import date, datetime, timedelta
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, StringConstraints, model_validator

from tongke_courses.groups.models import (
    ActivityKind,
    GroupKind,
    GroupVisibility,
    JoiningWay,
)
from tongke_courses.lessons.schemas import NO_NUL, Title
from tongke_platform.fields import Day, Instant
from tongke_platform.people.roles import Role

LONGEST = timedelta(days=31)

Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120, pattern=NO_NUL)
]
Short = Annotated[str, StringConstraints(strip_whitespace=True, max_length=40, pattern=NO_NUL)]
Called = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80, pattern=NO_NUL)
]
Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=NO_NUL)]
Note = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500, pattern=NO_NUL)]
# Several lines. What is many times longer than anybody says is refused, not cut.
Words = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=8000, pattern=r"^[^\x00]*$")
]
Minutes = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=40_000, pattern=r"^[^\x00]*$"
    ),
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class GroupIn(_Strict):
    """At home in an organisation or a region; neither: in the organisation one acts for."""

    kind: GroupKind
    name: Name
    about: Words = ""
    subject: Short = ""
    stage: Short = ""
    grade: Short = ""
    visibility: GroupVisibility = GroupVisibility.LISTED
    organisation_id: UUID | None = None
    region_id: UUID | None = None

    @model_validator(mode="after")
    def one_home(self) -> Self:
        if self.organisation_id is not None and self.region_id is not None:
            raise ValueError("a group has one home")
        return self


class GroupChange(_Strict):
    """Only what is sent is changed."""

    kind: GroupKind | None = None
    name: Name | None = None
    about: Words | None = None
    subject: Short | None = None
    stage: Short | None = None
    grade: Short | None = None
    visibility: GroupVisibility | None = None


class RequestIn(_Strict):
    note: Note = ""


class InvitationIn(_Strict):
    """Somebody is meant by both: the name they are called and what they sign in with."""

    display_name: Called
    sign_in_name: Called
    role: Role = Role.GROUP_MEMBER


class AnswerIn(_Strict):
    accept: bool


class PartIn(_Strict):
    role: Role


class PersonIn(_Strict):
    person_id: UUID


class LinkIn(_Strict):
    """Unset: two weeks from now."""

    expires_at: Instant | None = None


class ActivityIn(_Strict):
    kind: ActivityKind
    title: Title
    starts_at: Instant
    ends_at: Instant
    place: Line = ""
    lesson_id: UUID | None = None
    agenda: Words = ""

    @model_validator(mode="after")
    def in_order(self) -> Self:
        if not self.starts_at < self.ends_at <= self.starts_at + LONGEST:
            raise ValueError("it ends after it begins, within a month")
        return self


class ActivityChange(ActivityIn):
    """All of it, and the version that was read."""

    version: int


class CancelIn(_Strict):
    reason: Note = ""


class MinutesIn(_Strict):
    """``version``: the one that was read, so that nobody writes over another's minutes."""

    text: Minutes
    version: int


class DueIn(_Strict):
    item: Title
    person_id: UUID
    due_on: Day


class DoneIn(_Strict):
    done: bool


class GroupOut(BaseModel):
    """What everybody may know who may know of it; ``part`` is the reader's own, if any."""

    id: UUID
    kind: GroupKind
    name: str
    about: str
    subject: str
    stage: str
    grade: str
    visibility: GroupVisibility
    home: str
    heads: list[str]
    members: int
    part: Role | None


class GroupPage(BaseModel):
    """``mine`` are all of one's own; ``listed`` those that may be asked for, the newest first."""

    mine: list[GroupOut]
    listed: list[GroupOut]
    next: UUID | None


class MemberOut(BaseModel):
    person_id: UUID
    name: str
    schools: list[str]
    part: Role
    since: date | None
    until: date | None = None


class JoiningOut(BaseModel):
    id: UUID
    person_id: UUID
    name: str
    way: JoiningWay
    role: Role
    note: str


class GroupLinkOut(BaseModel):
    id: UUID
    address: str
    expires_at: datetime


class DueOut(BaseModel):
    id: UUID
    item: str
    person_id: UUID
    name: str
    due_on: date
    done_at: datetime | None


class ActivityOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    group_id: UUID
    kind: ActivityKind
    title: str
    starts_at: datetime
    ends_at: datetime
    place: str
    lesson_id: UUID | None
    agenda: str
    minutes: str
    cancelled_at: datetime | None
    cancelled_because: str
    version: int


class ActivityFull(ActivityOut):
    dues: list[DueOut]


class ActivityPage(BaseModel):
    """The latest first."""

    items: list[ActivityOut]
    next: datetime | None


class GroupFull(GroupOut):
    """``people`` are for members and those who oversee the group, ``coming`` for members,
    ``joinings`` and ``links`` for heads; empty for others.
    """

    people: list[MemberOut]
    former: list[MemberOut]
    coming: list[ActivityOut]
    joinings: list[JoiningOut]
    links: list[GroupLinkOut]


class CalendarOut(BaseModel):
    """The whole address; who has it reads the calendar."""

    address: str
