"""What the API says of organisations."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict

from tongke_platform.organisations.models import OrganisationKind


class OrganisationOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    code: str
    name: str
    kind: OrganisationKind
