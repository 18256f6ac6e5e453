"""API shapes of uploads and materials."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints, model_validator

from tongke_courses.catalogue.models import Licence
from tongke_courses.lessons.schemas import NO_NUL, Title
from tongke_courses.materials.models import MaterialKind

Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000, pattern=NO_NUL)]
Note = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500, pattern=NO_NUL)]
Url = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000, pattern=NO_NUL)]


class UploadOut(BaseModel):
    """``ready``: whole and looked at, to be used as a material; ``trouble``: why it never will be."""

    id: UUID
    name: str
    size: int
    received: int
    expires_at: datetime
    ready: bool
    kind: MaterialKind | None
    media_type: str
    trouble: str


class MaterialIn(BaseModel):
    """Of one's own upload, or a link. ``title`` unset: the file's name, or the link's host.
    ``licence`` unset: that of the course.
    """

    upload_id: UUID | None = None
    url: Url = ""
    title: Title | None = None
    licence: Licence | None = None
    credits: Words = ""

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.upload_id is None) == (not self.url):
            raise ValueError("either upload_id or url")
        return self


class MaterialChange(BaseModel):
    """What is not named stays. ``licence`` null: that of the course."""

    title: Title | None = None
    licence: Licence | None = None
    credits: Words | None = None
    position: int | None = Field(None, ge=0, le=100_000)


class VersionIn(BaseModel):
    upload_id: UUID
    note: Note = ""


class VersionOut(BaseModel):
    """``href`` gives the file; ``size`` in bytes."""

    id: UUID
    number: int
    name: str
    size: int
    media_type: str
    sha256: str
    note: str
    at: datetime
    by: str | None
    href: str


class MaterialOut(BaseModel):
    """``licence`` is what holds, its own or that of the course. ``size`` and ``name`` are those of the
    current version; a link has none. ``may_download`` false: for who asks it is watched in place only.
    """

    id: UUID
    lesson_id: UUID | None
    course_id: UUID | None
    kind: MaterialKind
    title: str
    name: str
    size: int
    media_type: str
    licence: Licence
    credits: str
    position: int
    updated_at: datetime
    url: str
    href: str
    version_id: UUID | None
    inline: bool
    may_download: bool
    may_edit: bool
    removed: bool


class MaterialWithVersions(MaterialOut):
    """``versions``: the newest first; all of them for those who edit, else the current one."""

    versions: list[VersionOut]
