"""Acts that can still be taken back."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from tongke_platform.database import Record


class Undo(Record):
    """How to take an act back, for as long as that is safe; only by the one who did it."""

    __tablename__ = "undos"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    act: Mapped[str] = mapped_column(String(64))
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    done_at: Mapped[datetime | None]
