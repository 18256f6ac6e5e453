"""The lessons a form of a group offers to choose from."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from tongke_courses.groups.lesson_repository import TaughtRepository
from tongke_courses.lessons.models import Lesson
from tongke_courses.lessons.repository import LessonRepository
from tongke_platform.database import ReadSession
from tongke_platform.frame import Frame
from tongke_platform.rights import Principal

SHOWN = 20
# Some of these are not for whoever plans.
LOOKED_AT = 100
MOST_WORDS = 5
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True)
class Choice:
    """``coming`` and ``held`` with the nearest first; ``found`` counts what the search found.
    ``chosen`` is among them. ``hidden``: the lesson that is chosen now is not for the reader.
    """

    coming: Sequence[Lesson]
    held: Sequence[Lesson]
    chosen: UUID | None = None
    hidden: bool = False
    found: int = 0


def key_in(text: str) -> UUID | None:
    """Of an address or an id, however it was pasted."""
    found = _UUID.search(text)
    return UUID(found[0]) if found else None


async def offered(
    session: ReadSession, frame: Frame, by: Principal, group_id: UUID, q: str, chosen: UUID | None
) -> Choice:
    """Lessons of the group's members that ``by`` may watch, and the one at a pasted address."""
    lists = await _found(session, frame, by, group_id, q)
    found = [one for part in lists for one in part]
    if q and len(found) == 1 and chosen is None:
        chosen = found[0].id
    if chosen is None or chosen in {one.id for one in found}:
        return Choice(*lists, chosen, found=len(found))
    lesson = await _readable(session, by, chosen)
    if lesson is None:
        return Choice(*lists, chosen, hidden=True, found=len(found))
    coming, held = lists
    if _is_coming(frame, lesson):
        coming = [lesson, *coming]
    else:
        held = [lesson, *held]
    return Choice(coming, held, chosen, found=len(found))


def _is_coming(frame: Frame, lesson: Lesson) -> bool:
    return lesson.planned_start is None or lesson.planned_start >= frame.now()


async def _found(
    session: ReadSession, frame: Frame, by: Principal, group_id: UUID, q: str
) -> tuple[list[Lesson], list[Lesson]]:
    pasted = key_in(q)
    if pasted is not None:
        lesson = await _readable(session, by, pasted)
        both = [lesson] if lesson else []
        return ([], both) if lesson and not _is_coming(frame, lesson) else (both, [])
    now, words = frame.now(), q.split()[:MOST_WORDS]
    taught = TaughtRepository(session)
    lists = [
        await taught.of_members(group_id, by.today, now, words, coming=coming, limit=LOOKED_AT)
        for coming in (True, False)
    ]
    keys = [one.id for part in lists for one in part]
    may = await LessonRepository(session).readable_among(by, keys)
    coming, held = ([one for one in part if one.id in may][:SHOWN] for part in lists)
    return coming, held


async def _readable(session: ReadSession, by: Principal, key: UUID) -> Lesson | None:
    may = await LessonRepository(session).readable_among(by, [key])
    return await TaughtRepository(session).by_id(key) if key in may else None
