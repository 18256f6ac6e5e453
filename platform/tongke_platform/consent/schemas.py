"""What the API says of consent."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from tongke_platform.consent.models import ConsentAct, ConsentWay
from tongke_platform.consent.purposes import Purpose


class PupilConsentOut(BaseModel):
    """``agreed``: the purposes that hold today, with their last days."""

    pupil_id: UUID
    name: str
    agreed: dict[Purpose, date | None]


class EventOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    purpose: Purpose
    act: ConsentAct
    way: ConsentWay
    at: datetime
    until: date | None
    guardian: str
    relation: str
    form_id: UUID | None


class LedgerOut(PupilConsentOut):
    """``events``: the newest first."""

    events: list[EventOut]
