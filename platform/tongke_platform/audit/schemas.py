"""What the API says of the log."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class EntryOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    at: datetime
    person_id: UUID | None
    person: str | None = None
    acting_for_id: UUID | None
    address: str
    via: str
    act: str
    subject_type: str
    subject_id: UUID | None
    organisation_id: UUID | None
    organisation: str | None = None
    detail: dict[str, Any]


class EntriesOut(BaseModel):
    """The newest first; ``next`` is the ``before`` of the page after this one."""

    entries: list[EntryOut]
    next: UUID | None
