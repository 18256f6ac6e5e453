"""API shapes of lessons and rooms."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from tongke_courses.lessons.models import LessonState
from tongke_courses.lessons.visibility import Visibility
from tongke_platform.fields import Instant
from tongke_platform.organisations.schemas import OrganisationOut

NO_NUL = r"^[^\x00]*$"

Title = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=NO_NUL)
]
Label = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40, pattern=NO_NUL)
]
Description = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=8000, pattern=NO_NUL)
]
SourceName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]


class Addresses(BaseModel):
    """Paths on the web server; ``topic`` is what live pages open on the wire."""

    whip: str
    whep: str
    hls: str
    replay: str
    topic: str


def topic_of(lesson_id: str) -> str:
    return f"lesson:{lesson_id}"


def addresses(lesson_id: UUID) -> Addresses:
    return Addresses(
        whip=f"/live/{lesson_id}/whip",
        whep=f"/live/{lesson_id}/whep",
        hls=f"/live/{lesson_id}/hls/index.m3u8",
        replay=f"/replay/{lesson_id}/index.m3u8",
        topic=topic_of(str(lesson_id)),
    )


class LessonIn(BaseModel):
    """``teacher_id`` unset: whoever creates it leads it. ``invite``: see DeliveryIn.

    A lesson of a course is taught by one of its teachers, for its school, and may have no time yet.
    ``visibility`` unset: that of the course, without a course the classrooms'.
    """

    title: Title
    subject: Label
    grade: Label
    planned_start: Instant | None = None
    planned_minutes: int = Field(default=40, ge=1, le=24 * 60)
    description: Description = ""
    course_id: UUID | None = None
    unit_id: UUID | None = None
    textbook_id: UUID | None = None
    visibility: Visibility | None = None
    teacher_id: UUID | None = None
    room_ids: list[UUID] = Field(default_factory=list, max_length=500)
    invite: bool = False

    @model_validator(mode="after")
    def _of_a_course_or_with_a_time(self) -> Self:
        if self.course_id is None and self.planned_start is None:
            raise ValueError("a lesson of no course needs planned_start")
        if self.course_id is None and self.unit_id is not None:
            raise ValueError("unit_id needs course_id")
        return self


class LessonChange(BaseModel):
    """Only what is sent is changed. ``planned_start`` null takes the time, ``unit_id`` null the unit;
    ``visibility`` null is that of the course.
    """

    title: Title | None = None
    description: Description | None = None
    planned_start: Instant | None = None
    planned_minutes: int | None = Field(None, ge=1, le=24 * 60)
    unit_id: UUID | None = None
    textbook_id: UUID | None = None
    visibility: Visibility | None = None

    @model_validator(mode="after")
    def _null_is_for_what_may_be_empty(self) -> Self:
        for name in self.model_fields_set & {"title", "description", "planned_minutes"}:
            if getattr(self, name) is None:
                raise ValueError(f"{name} cannot be null")
        return self

    def fields(self) -> dict[str, Any]:
        return self.model_dump(exclude_unset=True)


class DeliveryIn(BaseModel):
    """``invite``: rooms that no partnership leads to are invited by name; they may decline."""

    room_ids: list[UUID] = Field(min_length=1, max_length=500)
    invite: bool = False


class TeacherIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    teacher_id: UUID


class TeacherOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    display_name: str


class LessonOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    title: str
    subject: str
    grade: str
    school: OrganisationOut
    teacher: TeacherOut
    planned_start: datetime | None
    planned_minutes: int
    state: LessonState
    started_at: datetime | None
    ended_at: datetime | None
    addresses: Addresses
    may_lead: bool = False
    description: str = ""
    course_id: UUID | None = None
    unit_id: UUID | None = None
    position: int = 0
    textbook_id: UUID | None = None
    visibility: Visibility
    wanted_visibility: Visibility | None = None


class LessonEnded(LessonOut):
    """``replay_ready`` False: the recording is still being closed, at most some seconds more."""

    replay_ready: bool


class RoomOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    class_size: int
    school: OrganisationOut


class InvitedLesson(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    title: str
    subject: str
    grade: str
    school: OrganisationOut
    teacher: TeacherOut
    planned_start: datetime
    planned_minutes: int


class InvitationOut(BaseModel):
    """A room that was invited by name; ``declined_at`` is null as long as it stands."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    lesson: InvitedLesson
    room: RoomOut
    invited_at: datetime
    invited_by: TeacherOut | None
    declined_at: datetime | None


class TokenIn(BaseModel):
    act: Literal["publish", "watch"]
    source: SourceName = "lead"
    label: str = Field("", max_length=80, pattern=NO_NUL)


class TokenOut(BaseModel):
    token: str
    expires_at: datetime
    url: str
