"""What the API says of classrooms, and what may be sent."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from tongke_platform.organisations.schemas import Name80, OrganisationOut, Wanted


class RoomIn(Wanted):
    name: Name80
    class_size: int = Field(0, ge=0, le=500)
    class_id: UUID | None = None


class RoomChange(Wanted):
    """Only what is sent changes."""

    name: Name80 | None = None
    class_size: int | None = Field(None, ge=0, le=500)
    class_id: UUID | None = None


class RoomOut(BaseModel):
    """Without its address, which opens it."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    class_size: int
    class_id: UUID | None
    revoked_at: datetime | None
    school: OrganisationOut


class RoomList(BaseModel):
    items: list[RoomOut]
    next: str
    total: int
