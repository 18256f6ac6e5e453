"""What the API says of who is signed in."""

from uuid import UUID

from pydantic import BaseModel, Field

from tongke_platform.organisations.schemas import OrganisationOut
from tongke_platform.people.roles import Role, Scope


class Credentials(BaseModel):
    username: str = Field(min_length=1, max_length=96)
    password: str = Field(min_length=1, max_length=256)


class PostOut(BaseModel):
    role: Role
    scope: Scope
    organisation: OrganisationOut | None
    scope_id: UUID | None = None


class Me(BaseModel):
    """``school`` is the organisation acted for now."""

    id: UUID
    display_name: str
    posts: list[PostOut]
    school: OrganisationOut | None
