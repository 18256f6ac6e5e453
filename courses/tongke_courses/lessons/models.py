"""Lessons, and the rooms they reach."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tongke_courses.lessons.visibility import Visibility
from tongke_platform.database import EnumString, Record
from tongke_platform.organisations.models import Organisation, Room, new_secret
from tongke_platform.partnerships.models import Partnership
from tongke_platform.people.models import Person


class LessonState(StrEnum):
    PLANNED = "planned"
    LIVE = "live"
    ENDED = "ended"


class Lesson(Record):
    """``school`` and ``teacher`` lead it. ``media_key`` is its unguessable media path.

    A lesson of a course may have no ``planned_start`` yet. ``wanted_visibility`` None: that of the
    course; ``visibility`` is what holds, which is less while the course is no longer, or not yet,
    published, or a school has not agreed that its class becomes public.
    ``unled_at``: since when it is known that the teacher will not be there to teach it.
    """

    __tablename__ = "lessons"
    __table_args__ = (
        Index("ix_lessons_school_id_planned_start", "school_id", "planned_start"),
        Index("ix_lessons_course_id_position", "course_id", "position"),
        # What ``reaching`` asks of a lesson, without reading the lesson.
        Index("ix_lessons_reach", "id", "course_id", "state", "started_at", "ended_at"),
    )

    title: Mapped[str] = mapped_column(String(200))
    subject: Mapped[str] = mapped_column(String(40))
    grade: Mapped[str] = mapped_column(String(40))
    school_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    teacher_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    planned_start: Mapped[datetime | None] = mapped_column(index=True)
    planned_minutes: Mapped[int]
    state: Mapped[LessonState] = mapped_column(
        EnumString(LessonState), default=LessonState.PLANNED, index=True
    )
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    unled_at: Mapped[datetime | None] = mapped_column(index=True)
    media_key: Mapped[str] = mapped_column(String(64), unique=True, default=new_secret)
    description: Mapped[str] = mapped_column(String(8000), default="", server_default="")
    course_id: Mapped[UUID | None] = mapped_column(ForeignKey("courses.id", ondelete="SET NULL"))
    unit_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("course_units.id", ondelete="SET NULL"), index=True
    )
    position: Mapped[int] = mapped_column(default=0, server_default="0")
    textbook_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("textbook_nodes.id", ondelete="SET NULL"), index=True
    )
    wanted_visibility: Mapped[Visibility | None] = mapped_column(EnumString(Visibility))
    visibility: Mapped[Visibility] = mapped_column(
        EnumString(Visibility), default=Visibility.ROOMS, server_default=Visibility.ROOMS.value
    )

    school: Mapped[Organisation] = relationship(lazy="raise")
    teacher: Mapped[Person] = relationship(lazy="raise")
    deliveries: Mapped[list["LessonRoom"]] = relationship(
        lazy="raise", back_populates="lesson", order_by="LessonRoom.id"
    )

    @property
    def starts_at(self) -> datetime:
        """Of a lesson that has a time, as every lesson of a day has. Raises ValueError."""
        if self.planned_start is None:
            raise ValueError(f"lesson {self.id} has no time yet")
        return self.planned_start

    @property
    def planned_end(self) -> datetime:
        """Raises ValueError for a lesson without a time."""
        return self.starts_at + timedelta(minutes=self.planned_minutes)

    @property
    def rooms(self) -> list[Room]:
        """The rooms it is delivered to; only of a lesson loaded by LessonRepository."""
        return [delivery.room for delivery in self.deliveries if delivery.declined_at is None]

    def held_under(self, partnership: Partnership) -> bool:
        """It was over before the partnership was; ``repository.held`` says the same."""
        last = partnership.closes_at
        held = self.state is LessonState.ENDED and self.started_at is not None
        return held and last is not None and self.ended_at is not None and self.ended_at <= last


class LessonRoom(Record):
    """A lesson is delivered to a room: of its own school, along a partnership, or by invitation.

    An invitation can be declined by the room's school.
    """

    __tablename__ = "lesson_rooms"
    __table_args__ = (
        UniqueConstraint("lesson_id", "room_id"),
        Index("ix_lesson_rooms_reach", "room_id", "declined_at", "partnership_id", "lesson_id"),
    )

    lesson_id: Mapped[UUID] = mapped_column(ForeignKey("lessons.id", ondelete="CASCADE"))
    room_id: Mapped[UUID] = mapped_column(ForeignKey("rooms.id", ondelete="CASCADE"))

    partnership_id: Mapped[UUID | None] = mapped_column(ForeignKey("partnerships.id"), index=True)
    invited_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))
    invited_at: Mapped[datetime | None]
    declined_by_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("people.id", ondelete="SET NULL")
    )
    declined_at: Mapped[datetime | None]

    lesson: Mapped[Lesson] = relationship(lazy="raise", back_populates="deliveries")
    room: Mapped[Room] = relationship(lazy="raise")
    partnership: Mapped[Partnership | None] = relationship(lazy="raise")
    invited_by: Mapped[Person | None] = relationship(lazy="raise", foreign_keys=[invited_by_id])
