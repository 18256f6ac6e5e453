"""API shapes of archives."""

from pydantic import BaseModel


class LeftOutOut(BaseModel):
    title: str
    why: str


class ArchiveSize(BaseModel):
    """``bytes`` of the archive as it will be sent, ``files`` of the materials and recordings in it."""

    bytes: int
    files: int
    left_out: list[LeftOutOut]
