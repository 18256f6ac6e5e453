"""Lessons to come whose teacher has left: found, told once, and forgotten when somebody leads them.

Posts, accounts and years of a teacher belong to slices that know no lessons; so nobody asks here who
did what: whenever rights change, and now and then, all lessons to come are looked through.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from tongke_courses.lessons import telling
from tongke_courses.lessons.models import Lesson
from tongke_courses.lessons.repository import LessonRepository
from tongke_platform.database import ReadSession
from tongke_platform.frame import Frame
from tongke_platform.rounds import Rounds

EVERY_S = 600.0


async def look_through(frame: Frame) -> int:
    """Mark and tell what has no teacher any more; how many lessons that are new to it."""
    async with frame.database.read() as session:
        left, back = await _found(session, frame)
    if not left and not back:
        return 0
    async with frame.database.write() as session:
        lessons = LessonRepository(session)
        await lessons.led_again(back)
        new = await lessons.unled(left, frame.now())
        for group in _by_teacher(new):
            await telling.unled(session, group, frame.today(), frame.settings.zone)
        return len(new)


async def _found(session: ReadSession, frame: Frame) -> tuple[list[UUID], list[UUID]]:
    """Lessons that lost their teacher, and marked ones that have one again."""
    lessons = LessonRepository(session)
    lasts = await lessons.lasts(frame.now(), frame.today())
    left, back = [], []
    for one in await lessons.in_doubt(frame.now(), [key for key, last in lasts.items() if last]):
        last = lasts.get((one.teacher_id, one.school_id))
        gone = last is not None and last < _day(one, frame.settings.zone)
        if gone and one.unled_at is None:
            left.append(one.id)
        elif not gone and one.unled_at is not None:
            back.append(one.id)
    return left, back


def _day(lesson: Lesson, zone: ZoneInfo) -> date:
    return lesson.starts_at.astimezone(zone).date()


def _by_teacher(lessons: Iterable[Lesson]) -> Iterable[Sequence[Lesson]]:
    groups: dict[tuple[UUID, UUID], list[Lesson]] = defaultdict(list)
    for one in lessons:
        groups[one.school_id, one.teacher_id].append(one)
    return groups.values()


def rounds(frame: Frame) -> Rounds:
    return Rounds("lessons without a teacher", lambda: look_through(frame), EVERY_S)
