"""API shapes of package imports."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from tongke_courses.lessons.schemas import NO_NUL
from tongke_courses.packages.models import PackageImport, PackageState

Short = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40, pattern=NO_NUL)
]
# What the file does not say and nobody has said: for the course's teachers to fill in.
UNSAID = "未注明"


class PackageIn(BaseModel):
    """``upload_id`` of a whole upload of one's own; ``school_id`` unset: the school one acts for.
    ``again``: make another course although this file was brought in before.
    """

    model_config = ConfigDict(extra="forbid")

    upload_id: UUID
    school_id: UUID | None = None
    subject: Short = UNSAID
    grade: Short = UNSAID
    again: bool = False


class SkippedOut(BaseModel):
    what: str
    why: str


class PackageOut(BaseModel):
    """``done`` of ``total`` items were looked at; ``imported`` lessons and materials have a place."""

    id: UUID
    state: PackageState
    name: str
    kind: str
    course_id: UUID | None
    total: int
    done: int
    imported: int
    skipped: list[SkippedOut] = Field(default_factory=list)
    trouble: str
    created_at: datetime
    finished_at: datetime | None


def package_out(found: PackageImport, say: Callable[[str], str]) -> PackageOut:
    return PackageOut(
        id=found.id,
        state=found.state,
        name=found.name,
        kind=found.kind,
        course_id=found.course_id,
        total=found.total,
        done=found.position,
        imported=found.imported,
        skipped=[SkippedOut(what=what, why=say(why)) for what, why in found.skipped],
        trouble=say(found.trouble) if found.trouble else "",
        created_at=found.created_at,
        finished_at=found.finished_at,
    )
