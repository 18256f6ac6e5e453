"""Courses with their units and teachers, classes that follow, links for home, approvals."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tongke_courses.lessons.models import Lesson
from tongke_courses.lessons.visibility import Visibility
from tongke_courses.textbooks.models import TextbookNode
from tongke_platform.database import EnumString, Record, utc_now
from tongke_platform.organisations.models import Organisation, SchoolClass, new_secret
from tongke_platform.people.models import Person


class CourseState(StrEnum):
    """``ARRIVING``: a package is still being brought in; nobody sees it before it is whole."""

    ARRIVING = "arriving"
    DRAFT = "draft"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class Licence(StrEnum):
    """What others may do with materials. ``SCHOOLS``: schools of this platform may download and use
    them in lessons; ``VIEW``: they may be watched here, not taken home. Whom each lets download says
    ``materials.rights.why_not``.
    """

    SCHOOLS = "schools"
    VIEW = "view"
    CC_BY = "cc-by"
    CC_BY_NC = "cc-by-nc"
    CC_BY_NC_SA = "cc-by-nc-sa"
    CC0 = "cc0"


class CoursePart(StrEnum):
    LEAD = "lead"
    CO = "co"


class Course(Record):
    """Led by a school. ``subject``, ``grade``, ``edition`` are names as people say them (``数学``,
    ``三年级``, ``人教版``); ``textbook_id`` is the volume or edition they stand for, when it is known.

    ``version`` counts changes: who saves on top of an older one is told. ``capacity``: how many
    classes may follow, None is any number.
    """

    __tablename__ = "courses"
    __table_args__ = (
        Index("ix_courses_school_id_id", "school_id", "id"),
        Index("ix_courses_state_published_at_id", "state", "published_at", "id"),
    )

    school_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    title: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(String(8000), default="")
    stage: Mapped[str] = mapped_column(String(40), default="")
    subject: Mapped[str] = mapped_column(String(40))
    grade: Mapped[str] = mapped_column(String(40))
    edition: Mapped[str] = mapped_column(String(80), default="")
    textbook_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("textbook_nodes.id", ondelete="SET NULL"), index=True
    )
    term: Mapped[str] = mapped_column(String(40), default="")
    capacity: Mapped[int | None]
    state: Mapped[CourseState] = mapped_column(EnumString(CourseState), default=CourseState.DRAFT)
    visibility: Mapped[Visibility] = mapped_column(
        EnumString(Visibility), default=Visibility.PARTNERSHIP
    )
    licence: Mapped[Licence] = mapped_column(EnumString(Licence), default=Licence.SCHOOLS)
    credits: Mapped[str] = mapped_column(String(1000), default="")
    cover_id: Mapped[UUID | None] = mapped_column(ForeignKey("stored_files.id"))
    version: Mapped[int] = mapped_column(default=1)
    published_at: Mapped[datetime | None]
    changed_at: Mapped[datetime] = mapped_column(default=utc_now)
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))

    school: Mapped[Organisation] = relationship(lazy="raise")
    textbook: Mapped[TextbookNode | None] = relationship(lazy="raise")
    teachers: Mapped[list["CourseTeacher"]] = relationship(
        lazy="raise", order_by="CourseTeacher.id"
    )
    units: Mapped[list["CourseUnit"]] = relationship(
        lazy="raise", order_by="(CourseUnit.position, CourseUnit.id)"
    )

    @property
    def cover(self) -> str:
        """Where its picture is had, empty without one."""
        return f"/courses/{self.id}/cover" if self.cover_id is not None else ""


class CourseTeacher(Record):
    __tablename__ = "course_teachers"
    __table_args__ = (UniqueConstraint("course_id", "person_id"),)

    course_id: Mapped[UUID] = mapped_column(ForeignKey("courses.id", ondelete="CASCADE"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    part: Mapped[CoursePart] = mapped_column(EnumString(CoursePart), default=CoursePart.CO)

    person: Mapped[Person] = relationship(lazy="raise")


class CourseUnit(Record):
    __tablename__ = "course_units"
    __table_args__ = (Index("ix_course_units_course_id_position", "course_id", "position"),)

    course_id: Mapped[UUID] = mapped_column(ForeignKey("courses.id", ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(String(200))
    position: Mapped[int] = mapped_column(default=0)
    textbook_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("textbook_nodes.id", ondelete="SET NULL")
    )


class CourseFollow(Record):
    """A class follows a course: its lessons appear in that class's day, from ``since`` on."""

    __tablename__ = "course_follows"
    __table_args__ = (UniqueConstraint("course_id", "class_id"),)

    course_id: Mapped[UUID] = mapped_column(ForeignKey("courses.id", ondelete="CASCADE"))
    class_id: Mapped[UUID] = mapped_column(
        ForeignKey("school_classes.id", ondelete="CASCADE"), index=True
    )
    since: Mapped[date]
    ended_on: Mapped[date | None]
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))

    course: Mapped[Course] = relationship(lazy="raise")
    school_class: Mapped[SchoolClass] = relationship(lazy="raise")


class ClassLink(Record):
    """A link or QR code for pupils at home: replays and materials of a course (or one lesson) for a
    class, without names. ``token`` is its only key.
    """

    __tablename__ = "class_links"

    token: Mapped[str] = mapped_column(String(64), unique=True, default=new_secret)
    class_id: Mapped[UUID] = mapped_column(
        ForeignKey("school_classes.id", ondelete="CASCADE"), index=True
    )
    course_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("courses.id", ondelete="CASCADE"), index=True
    )
    lesson_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("lessons.id", ondelete="CASCADE"), index=True
    )
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))

    school_class: Mapped[SchoolClass] = relationship(lazy="raise")
    course: Mapped[Course | None] = relationship(lazy="raise")
    lesson: Mapped[Lesson | None] = relationship(lazy="raise")


class LessonVoice(Record):
    """A classroom's voice or picture is in a lesson's recording."""

    __tablename__ = "lesson_voices"
    __table_args__ = (UniqueConstraint("lesson_id", "room_id"),)

    lesson_id: Mapped[UUID] = mapped_column(ForeignKey("lessons.id", ondelete="CASCADE"))
    room_id: Mapped[UUID] = mapped_column(ForeignKey("rooms.id", ondelete="CASCADE"), index=True)


class ApprovalState(StrEnum):
    ASKED = "asked"
    APPROVED = "approved"
    REFUSED = "refused"


class PublicApproval(Record):
    """A school whose class is heard or seen in a lesson says whether it may become public."""

    __tablename__ = "public_approvals"
    __table_args__ = (UniqueConstraint("lesson_id", "school_id"),)

    lesson_id: Mapped[UUID] = mapped_column(ForeignKey("lessons.id", ondelete="CASCADE"))
    school_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), index=True)
    state: Mapped[ApprovalState] = mapped_column(
        EnumString(ApprovalState), default=ApprovalState.ASKED
    )
    answered_at: Mapped[datetime | None]
    answered_by_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("people.id", ondelete="SET NULL")
    )
    reason: Mapped[str] = mapped_column(String(500), default="")

    lesson: Mapped[Lesson] = relationship(lazy="raise")
    school: Mapped[Organisation] = relationship(lazy="raise")
