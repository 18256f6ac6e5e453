"""What the API says of who is signed in, and what it is told."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from tongke_platform.fields import Plain
from tongke_platform.organisations.schemas import OrganisationOut
from tongke_platform.people.roles import Role, Scope

Name = Annotated[str, Field(min_length=1, max_length=96)]
Password = Annotated[str, Field(min_length=1, max_length=256)]


class Strict(BaseModel):
    """Fields that are not asked for are refused, never stored."""

    model_config = ConfigDict(extra="forbid")


class Credentials(Strict):
    """``code`` is that of the second step; ``shared`` ends the session after two idle hours."""

    username: Name
    password: Password
    code: str = Field(default="", max_length=32)
    shared: bool = False


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


class MeIn(Strict):
    display_name: Plain | None = Field(default=None, min_length=1, max_length=80)
    language: str | None = Field(default=None, max_length=8)


class PasswordIn(Strict):
    old: str = Field(default="", max_length=256)
    new: Password


class ActingForIn(Strict):
    organisation_id: UUID | None


class SessionOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    device: str
    address: str
    shared: bool
    created_at: datetime
    last_seen_at: datetime | None
    expires_at: datetime


class TokenIn(Strict):
    label: Plain = Field(min_length=1, max_length=80)
    scopes: list[str] = Field(min_length=1, max_length=20)
    days: int | None = Field(default=None, ge=1, le=3650)


class TokenOut(BaseModel):
    """``scopes`` None is everything its owner may do."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    label: str
    scopes: list[str] | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class TokenMade(TokenOut):
    token: str = Field(description="Shown this once.")


class ResetCodeOut(BaseModel):
    code: str = Field(description="Shown this once.")
    expires_at: datetime


class InvitationIn(Strict):
    """At an organisation, in a region, or (neither) on the whole platform."""

    name: Plain = Field(min_length=1, max_length=80)
    role: Role
    organisation_id: UUID | None = None
    region_id: UUID | None = None
    post: Plain = Field(default="", max_length=80)


class InvitationOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    role: Role
    organisation: OrganisationOut | None
    region_id: UUID | None
    post: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None


class InvitationMade(InvitationOut):
    address: str = Field(description="The link, shown this once.")


class InvitationPage(BaseModel):
    """``next`` is the value of ``before`` for the following page."""

    items: list[InvitationOut]
    next: UUID | None
