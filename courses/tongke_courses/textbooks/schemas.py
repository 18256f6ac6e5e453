"""API shapes of the textbook tree."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from tongke_courses.textbooks.models import NodeKind

NO_NUL = r"^[^\x00]*$"
Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120, pattern=NO_NUL)
]
Position = Annotated[int, Field(ge=0, le=10_000)]


class NodeOut(BaseModel):
    """``title`` is a volume's whole title, empty for others."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    parent_id: UUID | None
    kind: NodeKind
    name: str
    title: str
    position: int


class NodeFull(NodeOut):
    """``ancestors`` from the root down, without the node itself."""

    ancestors: list[NodeOut]
    children: list[NodeOut]


class NodeIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    parent_id: UUID
    kind: Literal[NodeKind.UNIT, NodeKind.PERIOD]
    name: Name
    position: Position = 0


class NodeChange(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    position: Position | None = None


class ContentsIn(BaseModel):
    """A line each: units, and below them, indented or named ``第n课``, their periods."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, StringConstraints(max_length=60_000)]


class PointOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    subject: str
    name: str


class PointIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Name


class AlikeOut(BaseModel):
    """``line`` from the root down to the node."""

    point: PointOut
    node: NodeOut
    line: list[NodeOut]


class ClassTextbookOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    subject: str
    volume: NodeOut
    reached: NodeOut | None


class ClassTextbookIn(BaseModel):
    """The subject is the volume's; ``reached_id`` a unit or period of it."""

    model_config = ConfigDict(extra="forbid")

    volume_id: UUID
    reached_id: UUID | None = None
