"""API shapes of classroom PCs."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Code = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[0-9]{6}$")]


class ApprovalIn(BaseModel):
    """``code``: the six digits the PC shows."""

    model_config = ConfigDict(extra="forbid")

    code: Code = Field(examples=["042917"])
    room_id: UUID


class ApprovalOut(BaseModel):
    room_id: UUID
    room: str
    agent: str


class DeviceOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    agent: str
    first_seen: datetime
    last_seen: datetime


class AddressOut(BaseModel):
    """``address`` is a path and a secret: whoever has it is the classroom. None: revoked."""

    address: str | None
