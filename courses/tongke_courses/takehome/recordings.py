"""A lesson's recording as one ``lesson.mp4``: how large it is, who may take it home, and its bytes.

What is told of one is kept once the archive has it whole: such a recording never changes.
"""

import asyncio
import hashlib
import logging
import zlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from uuid import UUID

from tongke_courses.catalogue.models import Licence
from tongke_courses.lessons.models import Lesson, LessonState
from tongke_courses.lessons.repository import LessonRepository
from tongke_courses.materials.rights import why_not
from tongke_courses.materials.store import media_store, trouble_of
from tongke_courses.takehome.contents import Contents, LeftOut, LessonPart, TakenRecording
from tongke_courses.takehome.members import RECORDING
from tongke_courses.takehome.models import LessonRecording
from tongke_courses.takehome.repository import RecordingRepository
from tongke_platform.errors import N_
from tongke_platform.frame import Frame
from tongke_platform.rights import Principal
from tongke_streaming.archive import journal
from tongke_streaming.archive.film import Film, Silent, plan_film
from tongke_streaming.archive.history import read_history
from tongke_streaming.archive.store import StoreError

log = logging.getLogger(__name__)

# What the replay shows. Classrooms that were heard are sources of their own, and stay.
SOURCE = "lead"
NOT_YET = N_("The recording is not put away yet. Please try again later.")
_PLANS = 8
_BATCH = 500


class Lost(FileNotFoundError):
    """The store has no longer what a recording is made of."""


async def add_to(frame: Frame, principal: Principal | None, contents: Contents) -> None:
    """The recordings of those lessons that are over and that the principal may watch."""
    parts = {part.lesson.id: part for part in contents.lessons if _over(part.lesson)}
    if not parts:
        return
    async with frame.database.read() as session:
        # Of a course only lessons are there that may be watched.
        seen = (
            await LessonRepository(session).readable_among(principal, list(parts))
            if contents.course is None
            else set(parts)
        )
        known = await RecordingRepository(session).of_lessons(list(parts))
    asked = [key for key in parts if key in seen and key not in known]
    for key, found in zip(
        asked, await asyncio.gather(*(_look(frame, k) for k in asked)), strict=True
    ):
        if found is not None:
            known[key] = found
    for key in (key for key in parts if key in seen):
        _add(parts[key], known.get(key), contents.licence, principal)


def _over(lesson: Lesson) -> bool:
    return lesson.state is LessonState.ENDED and lesson.started_at is not None


def _add(
    part: LessonPart, row: LessonRecording | None, licence: Licence, principal: Principal | None
) -> None:
    if row is not None and not row.size:
        return
    why = why_not(licence, of_school=principal is not None) or ("" if row is not None else NOT_YET)
    if row is None or why:
        part.left_out.append(LeftOut(f"{part.lesson.title} · {RECORDING}", why))
        return
    part.recording = _taken(row)


def _taken(row: LessonRecording) -> TakenRecording:
    return TakenRecording(
        row.lesson_id, row.digest, row.size, row.duration_ms, row.sha256 or "", row.crc32 or 0
    )


async def _look(frame: Frame, lesson_id: UUID) -> LessonRecording | None:
    """What the store has of a lesson, kept from now on; None while it has not all."""
    try:
        found = await _history(frame, lesson_id)
    except StoreError:
        return None
    if found is None:
        return None
    film = await asyncio.to_thread(_planned, lesson_id, found)
    row = LessonRecording(
        lesson_id=lesson_id,
        digest=film.digest if film is not None else "",
        size=film.size if film is not None else 0,
        duration_ms=film.duration_ms if film is not None else 0,
    )
    async with frame.database.write() as session:
        await RecordingRepository(session).keep(row)
    return row


async def _history(frame: Frame, lesson_id: UUID) -> bytes | None:
    return await media_store(frame).get(str(lesson_id), journal.NAME)


def _planned(lesson_id: UUID, data: bytes) -> Film | None:
    """None where nothing can be made of it."""
    try:
        return plan_film(read_history(journal.read_records(data)), SOURCE)
    except ValueError as error:
        log.warning("lesson %s: no film can be made of its recording: %s", lesson_id, error)
        return None


async def count(frame: Frame, contents: Contents) -> None:
    """The hashes of recordings that nobody has counted yet, which reads them once.

    Kept one by one: who gives up waiting and comes back goes on from here. Raises Lost, StoreTrouble.
    """
    for part in contents.lessons:
        if part.recording is not None and not part.recording.sha256:
            part.recording = await _counted(frame, part.recording)


async def count_one(frame: Frame, lesson_id: UUID, alive: Callable[[], None]) -> bool:
    """As ``count``, of one lesson; ``alive`` is called as it gets on. False while the archive has not
    all of it. Raises Lost, StoreTrouble.
    """
    async with frame.database.read() as session:
        row = (await RecordingRepository(session).of_lessons([lesson_id])).get(lesson_id)
    row = row or await _look(frame, lesson_id)
    if row is None:
        return False
    if row.size and not row.sha256:
        await _counted(frame, _taken(row), alive)
    return True


async def _counted(
    frame: Frame, taken: TakenRecording, alive: Callable[[], None] = lambda: None
) -> TakenRecording:
    sha256, crc32 = hashlib.sha256(), 0
    async for data in await open_range(frame, taken, 0, taken.size):
        crc32 = await asyncio.to_thread(_take, sha256, data, crc32)
        alive()
    made = replace(taken, sha256=sha256.hexdigest(), crc32=crc32)
    async with frame.database.write() as session:
        await RecordingRepository(session).counted(
            taken.lesson_id, taken.digest, made.sha256, crc32
        )
    return made


def _take(sha256: "hashlib._Hash", data: bytes, crc32: int) -> int:
    sha256.update(data)
    return zlib.crc32(data, crc32)


async def _film_of(frame: Frame, taken: TakenRecording) -> Film:
    data = await _history(frame, taken.lesson_id)
    if data is not None:
        film = await asyncio.to_thread(_planned, taken.lesson_id, data)
        if film is not None and film.digest == taken.digest:
            return film
    raise Lost(str(taken.lesson_id))


class _Plans:
    """The films asked for lately: who goes on with a download does so many times."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, Film] = OrderedDict()

    async def get(self, frame: Frame, taken: TakenRecording) -> Film:
        """Raises Lost, StoreError."""
        film = self._held.get(taken.digest)
        if film is None:
            film = self._held[taken.digest] = await _film_of(frame, taken)
        self._held.move_to_end(taken.digest)
        while len(self._held) > _PLANS:
            self._held.popitem(last=False)
        return film


_plans = _Plans()


async def open_range(
    frame: Frame, taken: TakenRecording, start: int, end: int
) -> AsyncIterator[bytes]:
    """Bytes ``start`` up to, not with, ``end``. The first are there when this returns: what is
    missing is known before an answer begins. Raises Lost, StoreTrouble.
    """
    found = _bytes(frame, taken, start, end)
    first = await anext(found, b"")
    return _after(first, found)


async def _after(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if first:
        yield first
    async for data in rest:
        yield data


async def _bytes(frame: Frame, taken: TakenRecording, start: int, end: int) -> AsyncIterator[bytes]:
    store, lesson = media_store(frame), str(taken.lesson_id)
    try:
        film = await _plans.get(frame, taken)
        for piece, low, high in film.between(start, end):
            if isinstance(piece, bytes):
                yield piece[low:high]
            elif isinstance(piece, Silent):
                yield piece.made()[low:high]
            else:
                data = await store.get(lesson, piece.name)
                if data is None:
                    raise Lost(piece.name)
                yield (await asyncio.to_thread(piece.made_of, data))[low:high]
    except StoreError as error:
        raise trouble_of(error) from error
    except ValueError as error:
        raise Lost(str(error)) from error
