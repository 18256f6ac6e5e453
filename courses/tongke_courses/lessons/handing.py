"""A planned lesson is handed to another teacher of its school."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from tongke_courses.lessons import service, telling
from tongke_courses.lessons.models import Lesson, LessonState
from tongke_courses.lessons.repository import LessonRepository
from tongke_courses.lessons.rights import ASSIGN
from tongke_platform.audit import service as audit
from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.errors import N_, Conflict, Forbidden, Invalid, NotFound
from tongke_platform.frame import Frame
from tongke_platform.people.models import Person
from tongke_platform.rights import Principal
from tongke_platform.undo.service import takes_back

SHOWN = 100
ACT = "lesson.handed"
NOT_PLANNED = N_("This lesson has begun or is over: it keeps its teacher.")
NO_TEACHER = N_("Please choose somebody who works at the lead school on that day.")


async def to_come(
    session: ReadSession, by: Principal, now: datetime, *, unled: bool, q: str = ""
) -> Sequence[Lesson]:
    """Lessons ``by`` may hand on, those without a teacher first. Raises Forbidden."""
    if not ASSIGN.allows_anywhere(by):
        raise Forbidden
    return await LessonRepository(session).to_come(
        ASSIGN.clause(by), now, unled=unled, q=q, limit=SHOWN
    )


async def waiting(session: ReadSession, by: Principal, now: datetime) -> int:
    return await LessonRepository(session).count_unled(ASSIGN.clause(by), now)


async def to_hand(session: ReadSession, key: UUID, by: Principal) -> Lesson:
    """Raises NotFound, Forbidden."""
    lesson = await service.get(session, key)
    ASSIGN.check(by, lesson.school)
    return lesson


async def teachers(session: ReadSession, frame: Frame, lesson: Lesson) -> Sequence[Person]:
    """Who could teach it, by name; not who does."""
    day = (lesson.planned_start or frame.now()).astimezone(frame.settings.zone).date()
    found = await LessonRepository(session).teachers(lesson.school_id, day)
    return [one for one in found if one.id != lesson.teacher_id]


async def hand(
    frame: Frame, session: WriteSession, key: UUID, teacher_id: UUID, by: Principal
) -> tuple[Lesson, dict[str, Any]]:
    """The lesson, and what ``lessons.hand`` needs to take it back.

    Raises NotFound, Forbidden, Conflict ``not_planned``, Invalid ``no_teacher``.
    """
    await to_hand(session, key, by)
    lesson = await LessonRepository(session).to_change(key)
    if lesson is None:
        raise NotFound
    if lesson.state is not LessonState.PLANNED:
        raise Conflict(NOT_PLANNED, code="not_planned")
    if teacher_id not in {one.id for one in await teachers(session, frame, lesson)}:
        raise Invalid(NO_TEACHER, code="no_teacher")
    kept = {"lesson": str(key), "teacher": str(lesson.teacher_id)}
    detail = {"title": lesson.title, "from_person_id": lesson.teacher_id, "person_id": teacher_id}
    audit.record(session, by, ACT, lesson, lesson.school_id, detail)
    lesson.teacher_id, lesson.unled_at = teacher_id, None
    await session.flush()
    lesson = await service.fresh(session, key)
    await telling.handed(session, lesson, by)
    service.announce(frame, session, key)
    return lesson, kept


@takes_back("lessons.hand")
async def _back(session: WriteSession, by: Principal, data: dict[str, Any]) -> None:
    """Whoever had it has it again, even when they have left: the next look marks it."""
    lesson = await LessonRepository(session).to_change(UUID(data["lesson"]))
    if lesson is None:
        raise NotFound
    ASSIGN.check(by, lesson.school)
    if lesson.state is not LessonState.PLANNED:
        raise Conflict(NOT_PLANNED, code="not_planned")
    lesson.teacher_id = UUID(data["teacher"])
    await session.flush()
    session.tell(service.CHANGED, lesson=str(lesson.id))
