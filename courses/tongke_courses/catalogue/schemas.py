"""API shapes of courses, units, approvals, links and shelves."""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from tongke_courses.catalogue.models import ApprovalState, CoursePart, CourseState, Licence
from tongke_courses.lessons.models import LessonState
from tongke_courses.lessons.schemas import NO_NUL, Label, TeacherOut, Title
from tongke_courses.lessons.visibility import Visibility
from tongke_platform.fields import Instant
from tongke_platform.organisations.schemas import OrganisationOut

NO_CONTROL = r"^[^\x00]*$"
Words = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=8000, pattern=NO_CONTROL)
]
Short = Annotated[str, StringConstraints(strip_whitespace=True, max_length=40, pattern=NO_NUL)]
Edition = Annotated[str, StringConstraints(strip_whitespace=True, max_length=80, pattern=NO_NUL)]
Credits = Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000, pattern=NO_NUL)]
Reason = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=NO_NUL)
]
Capacity = Annotated[int, Field(ge=1, le=100_000)]


class CourseIn(BaseModel):
    """``school_id`` unset: the school one acts for. ``visibility`` holds once it is published."""

    school_id: UUID | None = None
    title: Title
    description: Words = ""
    stage: Short = ""
    subject: Label
    grade: Label
    edition: Edition = ""
    textbook_id: UUID | None = None
    term: Short = ""
    capacity: Capacity | None = None
    visibility: Visibility = Visibility.PARTNERSHIP
    licence: Licence = Licence.SCHOOLS
    credits: Credits = ""


class CourseChange(BaseModel):
    """Only what is sent is changed. ``version`` is the one it was read at; If-Match says the same."""

    version: int | None = None
    title: Title | None = None
    description: Words | None = None
    stage: Short | None = None
    subject: Label | None = None
    grade: Label | None = None
    edition: Edition | None = None
    textbook_id: UUID | None = None
    term: Short | None = None
    capacity: Capacity | None = None
    visibility: Visibility | None = None
    licence: Licence | None = None
    credits: Credits | None = None

    @model_validator(mode="after")
    def _null_is_for_what_may_be_empty(self) -> Self:
        for name in self.model_fields_set - {"textbook_id", "capacity", "version"}:
            if getattr(self, name) is None:
                raise ValueError(f"{name} cannot be null")
        return self

    def fields(self) -> dict[str, object]:
        return self.model_dump(exclude_unset=True, exclude={"version"})


class CourseTeacherOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    person: TeacherOut
    part: CoursePart


class FitOut(BaseModel):
    """How it suits a class. ``progress``: periods still to come until the class is there, negative
    when it has passed it; ``size_bytes`` of its materials. Null: not known.
    """

    model_config = ConfigDict(from_attributes=True)

    edition: Literal["same", "other", "unknown"]
    progress: int | None
    size_bytes: int | None


class CourseOut(BaseModel):
    """``cover``: the address of its picture, empty without one."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    school: OrganisationOut
    title: str
    description: str
    stage: str
    subject: str
    grade: str
    edition: str
    textbook_id: UUID | None
    term: str
    capacity: int | None
    state: CourseState
    visibility: Visibility
    licence: Licence
    credits: str
    cover_id: UUID | None
    cover: str
    version: int
    published_at: datetime | None
    changed_at: datetime
    teachers: list[CourseTeacherOut]
    followers: int = 0
    fit: FitOut | None = None


class UnitOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    title: str
    position: int
    textbook_id: UUID | None


class CourseFull(CourseOut):
    units: list[UnitOut]
    may_edit: bool = False
    may_manage: bool = False


class FacetValue(BaseModel):
    """``value`` is what a filter takes; ``label`` what a school is called, else the same."""

    value: str
    label: str
    count: int


class CoursePage(BaseModel):
    """``next`` is the ``before`` of the following page. ``facets`` on the first page alone."""

    items: list[CourseOut]
    next: UUID | None
    facets: dict[str, list[FacetValue]] | None = None


class UnitIn(BaseModel):
    title: Title
    textbook_id: UUID | None = None


class UnitChange(BaseModel):
    """``was``: the title it was read with; another one meanwhile is a conflict."""

    title: Title
    was: str | None = None


class OrderIn(BaseModel):
    ids: list[UUID] = Field(max_length=1000)


class LessonOrderIn(BaseModel):
    """The lessons of a unit (null: of none), in this order; those of other units move here."""

    unit_id: UUID | None = None
    ids: list[UUID] = Field(max_length=1000)


class TeacherIn(BaseModel):
    part: CoursePart = CoursePart.CO


class AttachIn(BaseModel):
    lesson_id: UUID
    unit_id: UUID | None = None


class CourseLessonOut(BaseModel):
    """A lesson as a course lists it."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    title: str
    description: str
    unit_id: UUID | None
    position: int
    teacher: TeacherOut
    planned_start: datetime | None
    planned_minutes: int
    state: LessonState
    ended_at: datetime | None
    visibility: Visibility
    wanted_visibility: Visibility | None
    textbook_id: UUID | None
    fit: FitOut | None = None


class ClassOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    organisation: OrganisationOut


class FollowOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    course_id: UUID
    school_class: ClassOut
    since: date
    ended_on: date | None


class ApprovalLesson(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    title: str
    subject: str
    grade: str
    school: OrganisationOut
    teacher: TeacherOut
    started_at: datetime | None
    visibility: Visibility


class ApprovalOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    lesson: ApprovalLesson
    school: OrganisationOut
    state: ApprovalState
    answered_at: datetime | None
    reason: str


class ApprovalPage(BaseModel):
    items: list[ApprovalOut]
    next: UUID | None


class RefusalIn(BaseModel):
    reason: Reason


class ClassLinkIn(BaseModel):
    """Of a course, of one lesson, or, with neither, of all courses the class follows."""

    class_id: UUID
    course_id: UUID | None = None
    lesson_id: UUID | None = None
    expires_at: Instant | None = None


class NamedOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    title: str


class ClassLinkOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    school_class: ClassOut
    course: NamedOut | None
    lesson: NamedOut | None
    token: str
    expires_at: datetime
    revoked_at: datetime | None
    path: str = ""


class ClassLinkPage(BaseModel):
    items: list[ClassLinkOut]
    next: UUID | None


class HomeLesson(BaseModel):
    id: UUID
    title: str
    subject: str
    grade: str
    teacher: str
    course: str
    unit: str
    ended_at: datetime | None
    minutes: int
    replay: str
    replay_page: str


class HomeOut(BaseModel):
    """What a class link opens, without anybody's name but the teachers'."""

    title: str
    description: str
    school: str
    class_name: str
    expires_at: datetime
    lessons: list[HomeLesson]


class ShelfOut(BaseModel):
    """Each list with the first ones; ``*_next`` is the ``before`` of what follows."""

    own: list[CourseOut] = []
    own_next: UUID | None = None
    followed: list[CourseOut] = []
    followed_next: UUID | None = None
    delivered: list[CourseLessonOut] = []
    delivered_next: UUID | None = None
