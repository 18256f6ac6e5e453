"""What lists and posts show of a picture: a smaller one, made when it is brought."""

from dataclasses import dataclass
from uuid import UUID

from tongke_courses.materials.models import StoredFile
from tongke_courses.materials.store import FileStore
from tongke_platform import pictures
from tongke_platform.frame import Frame


@dataclass(frozen=True)
class Small:
    """A file of the store that is a picture of ``width`` × ``height`` pixels."""

    id: UUID
    width: int
    height: int

    @property
    def columns(self) -> dict[str, UUID | int]:
        """Of a group's file."""
        return {"small_id": self.id, "width": self.width, "height": self.height}


async def of(frame: Frame, stored: StoredFile) -> Small | None:
    """None for what is no picture, moves, or is larger than a photo. Raises StoreTrouble."""
    if not stored.media_type.startswith("image/") or stored.size > pictures.MAX_BYTES:
        return None
    store = FileStore(frame)
    try:
        pieces = await store.open_range(stored.key, 0, stored.size)
        made = await pictures.small(b"".join([piece async for piece in pieces]))
    except FileNotFoundError:
        return None
    if made is None:
        return None
    kept = await store.put_bytes(made.data)
    return Small(kept.id, made.width, made.height)
