"""What the API says of facts and their sums."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class FactOut(BaseModel):
    """Persons are left out: a pseudonym would still tell one from another."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    key: str
    kind: str
    version: int
    label: str = ""
    occurred_at: datetime
    recorded_at: datetime
    school_id: UUID | None
    counterpart_id: UUID | None
    partnership_id: UUID | None
    room_id: UUID | None
    subject_type: str
    subject_id: UUID | None
    quantity: int
    unit: str
    source: str
    reverses_id: UUID | None


class FactsOut(BaseModel):
    """The newest first; ``next`` is the ``before`` of the page after this one."""

    facts: list[FactOut]
    next: UUID | None


class RollupOut(BaseModel):
    """``facts`` is the address of what the quantity is made of."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    day: date
    kind: str
    version: int
    label: str = ""
    unit: str
    school_id: UUID | None
    counterpart_id: UUID | None
    partnership_id: UUID | None
    room_id: UUID | None
    quantity: int
    count: int
    facts: str = ""


class RollupsOut(BaseModel):
    """The last day first; ``next`` is the ``before`` of the page after this one."""

    rollups: list[RollupOut]
    next: UUID | None
