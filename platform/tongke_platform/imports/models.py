"""An import from its preview to its result; nothing of it is kept longer than it is needed."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tongke_platform.database import EnumString, Record
from tongke_platform.organisations.models import Organisation


class ImportKind(StrEnum):
    PEOPLE = "people"
    ONEROSTER = "oneroster"


class ImportState(StrEnum):
    PREVIEW = "preview"
    RUNNING = "running"
    DONE = "done"


class Outcome(StrEnum):
    """What a row does: to be compared with the database again when it is written."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    WRONG = "wrong"


class Import(Record):
    """``counts`` by outcome; ``written`` rows of them are done, up to line ``position``.

    ``organisation_id`` is the school whose people it brings; None: the file names schools itself.
    Its rows are removed at ``expires_at``.
    """

    __tablename__ = "imports"
    __table_args__ = (Index("ix_imports_by_id_id", "by_id", "id"),)

    kind: Mapped[ImportKind] = mapped_column(EnumString(ImportKind), default=ImportKind.PEOPLE)
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    organisation_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    file_name: Mapped[str] = mapped_column(String(120))
    state: Mapped[ImportState] = mapped_column(EnumString(ImportState), default=ImportState.PREVIEW)
    counts: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    to_write: Mapped[int] = mapped_column(default=0)
    written: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    position: Mapped[int] = mapped_column(default=0)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]

    organisation: Mapped[Organisation | None] = relationship(lazy="raise")

    def count(self, outcome: Outcome) -> int:
        return self.counts.get(outcome.value, 0)

    @property
    def rows(self) -> int:
        return sum(self.counts.values())


class ImportRow(Record):
    """A row of the file: ``data`` in normal form, ``changes`` [[what, before, after], …].

    ``problems`` are ``cells.Problem`` as JSON.
    """

    __tablename__ = "import_rows"
    __table_args__ = (UniqueConstraint("import_id", "line"),)

    import_id: Mapped[UUID] = mapped_column(ForeignKey("imports.id", ondelete="CASCADE"))
    line: Mapped[int]
    outcome: Mapped[Outcome] = mapped_column(EnumString(Outcome))
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    changes: Mapped[list[Any]] = mapped_column(JSON, default=list)
    problems: Mapped[list[Any]] = mapped_column(JSON, default=list)
