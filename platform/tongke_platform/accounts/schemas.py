"""What the API says of accounts."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from tongke_platform.accounts.models import Role

Username = Annotated[str, StringConstraints(pattern=r"^[\w.@+-]{1,64}$", strip_whitespace=True)]


class Credentials(BaseModel):
    username: Username
    password: str = Field(min_length=1, max_length=256)


class SchoolOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    code: str
    name: str
    region: str


class AccountOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    username: str
    display_name: str
    role: Role
    school: SchoolOut | None
