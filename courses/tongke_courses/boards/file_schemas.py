"""API shapes of a group's files."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, StringConstraints

from tongke_courses.boards import files
from tongke_courses.boards.models import GroupFile
from tongke_courses.lessons.schemas import NO_NUL
from tongke_courses.materials.looking import kind_of, shown_inline
from tongke_courses.materials.models import MaterialKind
from tongke_platform.people.roles import Role
from tongke_platform.rights import Principal

FileName = Annotated[str, StringConstraints(strip_whitespace=True, max_length=255, pattern=NO_NUL)]


class GroupFileIn(BaseModel):
    """Of one's own upload. ``name`` unset: as it was sent. ``in_post``: it is to be shown in a post, and
    nobody is told of it by itself.
    """

    model_config = ConfigDict(extra="forbid")

    upload_id: UUID
    name: FileName = ""
    in_post: bool = False


class GroupFileOut(BaseModel):
    """``href`` gives the file; ``size`` in bytes. ``inline``: a browser shows it in place, a picture as
    one. ``small``: where a smaller picture of ``width`` × ``height`` pixels is, of a picture. ``by`` is
    None for what nobody's name stands beside any more.
    """

    id: UUID
    group_id: UUID
    post_id: UUID | None
    name: str
    kind: MaterialKind
    media_type: str
    size: int
    at: datetime
    by_id: UUID | None
    by: str | None
    href: str
    inline: bool
    small: str | None
    width: int | None
    height: int | None
    may_remove: bool


class GroupFilePage(BaseModel):
    """The newest first; ``next`` is the ``before`` of the following page."""

    items: list[GroupFileOut]
    next: UUID | None
    may_add: bool


def href_of(file: GroupFile) -> str:
    return f"/groups/{file.group_id}/files/{file.id}"


def small_of(href: str) -> str:
    return f"{href}?small=1"


def file_out(file: GroupFile, by: Principal, part: Role) -> GroupFileOut:
    return GroupFileOut(
        id=file.id,
        group_id=file.group_id,
        post_id=file.post_id,
        name=file.name,
        kind=kind_of(file.file.media_type),
        media_type=file.file.media_type,
        size=file.file.size,
        at=file.created_at,
        by_id=file.by_id,
        by=file.by.display_name if file.by else None,
        href=href_of(file),
        inline=shown_inline(file.file.media_type),
        small=small_of(href_of(file)) if file.small_id else None,
        width=file.width,
        height=file.height,
        may_remove=files.may_remove(by, part, file),
    )
