"""Archives as they are served: their size first, then any range of their bytes."""

import asyncio
import hashlib
import zlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tongke_courses.materials.models import StoredFile
from tongke_courses.materials.store import FileStore
from tongke_courses.takehome import recordings
from tongke_courses.takehome.contents import Contents
from tongke_courses.takehome.members import Member, sums
from tongke_courses.takehome.repository import ChecksumRepository
from tongke_courses.takehome.spool import Spooled
from tongke_courses.takehome.stored_zip import Entry, Span, StoredZip
from tongke_platform.errors import N_, NotFound
from tongke_platform.frame import Frame

AT_ONCE = 256 << 10
LOST = N_("A file of this archive is not there any more. Please try again later.")


@dataclass(frozen=True)
class Archive:
    """``etag`` (quoted) says which members these are."""

    members: Sequence[Member]
    zip: StoredZip
    etag: str

    @property
    def size(self) -> int:
        return self.zip.size


def size_of(members: Sequence[Member]) -> int:
    """In bytes; no file is read for it."""
    return StoredZip([Entry(one.path, one.size) for one in members]).size


def etag_of(members: Sequence[Member]) -> str:
    return f'"{hashlib.sha256(sums(members).data).hexdigest()[:40]}"'


async def archive_of(frame: Frame, members: Sequence[Member]) -> Archive:
    """Counts the checksums nobody has counted yet, which reads those files once.

    Raises NotFound ``file_lost``, StoreTrouble.
    """
    known = await _checksums(frame, [one.stored for one in members if one.stored is not None])
    entries = [Entry(one.path, one.size, _checksum(one, known)) for one in members]
    return Archive(members, StoredZip(entries), etag_of(members))


def _checksum(member: Member, known: Mapping[str, int]) -> int:
    if member.recording is not None:
        return member.recording.crc32
    if member.spooled is not None:
        return member.spooled.crc32
    return known[member.sha256] if member.stored is not None else zlib.crc32(member.data)


async def _checksums(frame: Frame, files: Sequence[StoredFile]) -> dict[str, int]:
    wanted = {one.sha256: one for one in files}
    async with frame.database.read() as session:
        known = await ChecksumRepository(session).known([*wanted])
    store = FileStore(frame)
    try:
        for sha256, stored in wanted.items():
            if sha256 not in known:
                # Kept one by one: who gives up waiting and comes back goes on from here.
                counted = await _count(store, stored)
                async with frame.database.write() as writing:
                    await ChecksumRepository(writing).keep({sha256: counted})
                known[sha256] = counted
    except FileNotFoundError:
        raise NotFound(LOST, code="file_lost") from None
    return known


async def _count(store: FileStore, stored: StoredFile) -> int:
    found = 0
    async for data in await store.open_range(stored.key, 0, stored.size):
        found = await asyncio.to_thread(zlib.crc32, data, found)
    return found


async def stream(frame: Frame, archive: Archive, start: int, end: int) -> AsyncIterator[bytes]:
    """Bytes ``start`` up to, not with, ``end``."""
    for piece in archive.zip.pieces(start, end):
        if isinstance(piece, Span):
            member = archive.members[piece.entry]
            async for data in await _open(frame, member, piece.start, piece.end):
                yield data
        else:
            yield piece


async def _open(frame: Frame, member: Member, start: int, end: int) -> AsyncIterator[bytes]:
    """Raises FileNotFoundError, StoreTrouble."""
    if member.recording is not None:
        return await recordings.open_range(frame, member.recording, start, end)
    if member.stored is not None:
        return await FileStore(frame).open_range(member.stored.key, start, end)
    if member.spooled is not None:
        return _from_spool(member.spooled, start, end)
    return _at_hand(member.data[start:end])


async def _at_hand(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def _from_spool(spooled: Spooled, start: int, end: int) -> AsyncIterator[bytes]:
    for at in range(start, end, AT_ONCE):
        upto = min(at + AT_ONCE, end)
        first = spooled.start
        yield await asyncio.to_thread(spooled.spool.read, first + at, first + upto)


async def count_recordings(frame: Frame, contents: Contents) -> None:
    """Before the members of an archive are made. Raises NotFound ``file_lost``, StoreTrouble."""
    try:
        await recordings.count(frame, contents)
    except FileNotFoundError:
        raise NotFound(LOST, code="file_lost") from None


async def fetch(frame: Frame, member: Member, into: Path) -> None:
    """A local copy. Raises NotFound ``file_lost``, StoreTrouble."""
    try:
        with into.open("wb") as file:
            async for data in await _open(frame, member, 0, member.size):
                await asyncio.to_thread(file.write, data)
    except FileNotFoundError:
        raise NotFound(LOST, code="file_lost") from None
