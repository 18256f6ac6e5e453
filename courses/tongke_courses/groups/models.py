"""Groups, how one comes into them, and their activities. Members are posts held in the group."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tongke_courses.lessons.models import Lesson
from tongke_platform.database import EnumString, Record
from tongke_platform.organisations.models import Organisation, Region, new_secret
from tongke_platform.people.models import Person
from tongke_platform.people.roles import Role


class GroupKind(StrEnum):
    RESEARCH_GROUP = "research_group"
    PLANNING_GROUP = "planning_group"
    MASTER_STUDIO = "master_studio"


class GroupVisibility(StrEnum):
    """``LISTED``: everybody with an account finds it and may ask to join. ``BY_LINK``: who has one of
    its links joins. ``HIDDEN``: only by invitation. The last two do not exist for others.
    """

    LISTED = "listed"
    BY_LINK = "by_link"
    HIDDEN = "hidden"


class Group(Record):
    """At home in an organisation or in a region, never both; ``about`` is plain text."""

    __tablename__ = "teacher_groups"
    __table_args__ = (Index("ix_teacher_groups_visibility_id", "visibility", "id"),)

    kind: Mapped[GroupKind] = mapped_column(EnumString(GroupKind))
    name: Mapped[str] = mapped_column(String(120))
    about: Mapped[str] = mapped_column(Text, default="")
    subject: Mapped[str] = mapped_column(String(40), default="")
    stage: Mapped[str] = mapped_column(String(40), default="")
    grade: Mapped[str] = mapped_column(String(40), default="")
    visibility: Mapped[GroupVisibility] = mapped_column(EnumString(GroupVisibility))
    organisation_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    region_id: Mapped[UUID | None] = mapped_column(ForeignKey("regions.id"), index=True)
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))

    organisation: Mapped[Organisation | None] = relationship(lazy="raise")
    region: Mapped[Region | None] = relationship(lazy="raise")

    @property
    def home(self) -> str:
        """The name of its school, university, bureau or region."""
        place = self.organisation or self.region
        return place.name if place else ""


class JoiningWay(StrEnum):
    REQUEST = "request"
    INVITATION = "invitation"


class JoiningState(StrEnum):
    WAITING = "waiting"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class GroupJoining(Record):
    """A request waits for a head, an invitation for its person; ``role`` is what they become."""

    __tablename__ = "group_joinings"
    __table_args__ = (Index("ix_group_joinings_group_id_state", "group_id", "state"),)

    group_id: Mapped[UUID] = mapped_column(ForeignKey("teacher_groups.id", ondelete="CASCADE"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    way: Mapped[JoiningWay] = mapped_column(EnumString(JoiningWay))
    role: Mapped[Role] = mapped_column(EnumString(Role))
    state: Mapped[JoiningState] = mapped_column(
        EnumString(JoiningState), default=JoiningState.WAITING
    )
    note: Mapped[str] = mapped_column(String(500), default="")
    invited_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))
    answered_by_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("people.id", ondelete="SET NULL")
    )
    answered_at: Mapped[datetime | None]

    group: Mapped[Group] = relationship(lazy="raise")
    person: Mapped[Person] = relationship(lazy="raise", foreign_keys=[person_id])


class GroupLink(Record):
    """Whoever opens it becomes a member. ``token`` is its only key."""

    __tablename__ = "group_links"

    group_id: Mapped[UUID] = mapped_column(
        ForeignKey("teacher_groups.id", ondelete="CASCADE"), index=True
    )
    token: Mapped[str] = mapped_column(String(64), unique=True, default=new_secret)
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))

    group: Mapped[Group] = relationship(lazy="raise")


class ActivityKind(StrEnum):
    COLLECTIVE_PLANNING = "collective_planning"
    SAME_LESSON = "same_lesson"
    LESSON_REFINING = "lesson_refining"
    DEMONSTRATION = "demonstration"
    DISCUSSION = "discussion"
    CALIBRATION = "calibration"


class GroupActivity(Record):
    """``version`` counts its changes, for forms that two have open and for calendars (SEQUENCE)."""

    __tablename__ = "group_activities"
    __table_args__ = (
        Index("ix_group_activities_group_id_starts_at", "group_id", "starts_at"),
        Index("ix_group_activities_starts_at", "starts_at"),
    )

    group_id: Mapped[UUID] = mapped_column(ForeignKey("teacher_groups.id", ondelete="CASCADE"))
    kind: Mapped[ActivityKind] = mapped_column(EnumString(ActivityKind))
    title: Mapped[str] = mapped_column(String(200))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    place: Mapped[str] = mapped_column(String(200), default="")
    lesson_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("lessons.id", ondelete="SET NULL"), index=True
    )
    agenda: Mapped[str] = mapped_column(Text, default="")
    minutes: Mapped[str] = mapped_column(Text, default="")
    minutes_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))
    minutes_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    cancelled_because: Mapped[str] = mapped_column(String(500), default="")
    version: Mapped[int] = mapped_column(default=1)
    changed_at: Mapped[datetime]
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))

    group: Mapped[Group] = relationship(lazy="raise")
    lesson: Mapped[Lesson | None] = relationship(lazy="raise")
    minutes_by: Mapped[Person | None] = relationship(lazy="raise", foreign_keys=[minutes_by_id])
    dues: Mapped[list["GroupDue"]] = relationship(
        lazy="raise", order_by="GroupDue.id", back_populates="activity"
    )


class GroupDue(Record):
    """What somebody brings to an activity, until the end of a day."""

    __tablename__ = "group_dues"
    __table_args__ = (Index("ix_group_dues_due_on_done_at", "due_on", "done_at"),)

    activity_id: Mapped[UUID] = mapped_column(
        ForeignKey("group_activities.id", ondelete="CASCADE"), index=True
    )
    item: Mapped[str] = mapped_column(String(200))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    due_on: Mapped[date]
    done_at: Mapped[datetime | None]
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))

    activity: Mapped[GroupActivity] = relationship(lazy="raise", back_populates="dues")
    person: Mapped[Person] = relationship(lazy="raise", foreign_keys=[person_id])


class GroupCalendar(Record):
    """A member's own address of the group's calendar. ``token`` is its only key."""

    __tablename__ = "group_calendars"
    __table_args__ = (UniqueConstraint("group_id", "person_id"),)

    group_id: Mapped[UUID] = mapped_column(ForeignKey("teacher_groups.id", ondelete="CASCADE"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    token: Mapped[str] = mapped_column(String(64), unique=True, default=new_secret)
