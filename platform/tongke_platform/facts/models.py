"""Facts, who they are about, and their daily sums. Both databases refuse to change a fact."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from tongke_platform.database import Record


class FactRecord(Record):
    """Something that happened at ``occurred_at``, known since ``recorded_at``.

    Ids are kept without foreign keys: a fact outlives what it tells of. ``person`` is a pseudonym.
    ``school_id`` is whose doing it is, ``counterpart_id`` the school at the other end. ``quantity``
    is a whole number of ``unit``; a fact that ``reverses`` another carries its negative.
    """

    __tablename__ = "facts"
    __table_args__ = (
        Index("ix_facts_school_id_id", "school_id", "id"),
        Index("ix_facts_counterpart_id_id", "counterpart_id", "id"),
        Index("ix_facts_kind_occurred_at", "kind", "occurred_at"),
        Index("ix_facts_kind_id", "kind", "id"),
        Index("ix_facts_subject_id_kind", "subject_id", "kind"),
    )

    key: Mapped[str] = mapped_column(String(200), unique=True)
    kind: Mapped[str] = mapped_column(String(64))
    version: Mapped[int]
    occurred_at: Mapped[datetime] = mapped_column(index=True)
    recorded_at: Mapped[datetime]
    school_id: Mapped[UUID | None]
    counterpart_id: Mapped[UUID | None]
    partnership_id: Mapped[UUID | None]
    person: Mapped[UUID | None]
    room_id: Mapped[UUID | None]
    subject_type: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[UUID | None]
    quantity: Mapped[int] = mapped_column(BigInteger)
    unit: Mapped[str] = mapped_column(String(32))
    source: Mapped[str] = mapped_column(String(64))
    reverses_id: Mapped[UUID | None] = mapped_column(ForeignKey("facts.id"), unique=True)


class PendingFact(Record):
    """A fact that is in no sum yet, under the fact's own id; written and removed with them."""

    __tablename__ = "facts_pending"


class FactPerson(Record):
    """The key from a person to the pseudonym in facts; without it nobody can tell any more."""

    __tablename__ = "fact_people"

    person_id: Mapped[UUID] = mapped_column(
        ForeignKey("people.id", ondelete="CASCADE"), unique=True
    )
    pseudonym: Mapped[UUID] = mapped_column(unique=True)


class Rollup(Record):
    """The facts of one day in the schools' zone that agree in all of this; reversals subtract.

    ``id`` follows from the rest, so that sums made anew keep their addresses.
    """

    __tablename__ = "fact_rollups"
    __table_args__ = (
        Index("ix_fact_rollups_day_id", "day", "id"),
        Index("ix_fact_rollups_kind_day_id", "kind", "day", "id"),
        Index("ix_fact_rollups_school_id_day", "school_id", "day"),
        Index("ix_fact_rollups_counterpart_id_day", "counterpart_id", "day"),
    )

    day: Mapped[date]
    kind: Mapped[str] = mapped_column(String(64))
    version: Mapped[int]
    unit: Mapped[str] = mapped_column(String(32))
    school_id: Mapped[UUID | None]
    counterpart_id: Mapped[UUID | None]
    partnership_id: Mapped[UUID | None]
    room_id: Mapped[UUID | None]
    quantity: Mapped[int] = mapped_column(BigInteger)
    count: Mapped[int] = mapped_column(BigInteger)


class RollupState(Record):
    """One row, locked by whoever makes sums; ``zone`` is the one their days were cut in."""

    __tablename__ = "fact_rollup_states"

    name: Mapped[str] = mapped_column(String(16), unique=True)
    zone: Mapped[str] = mapped_column(String(64))
    rebuilt_at: Mapped[datetime | None]
