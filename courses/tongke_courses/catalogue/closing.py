"""A school closes or merges: none of its courses is left without a school that answers for it.

Merged, the successor leads them, with all that belongs to them: units, teachers, classes that follow,
links. Lessons that were held stay those of the school that gave them; those to come go along. Closed,
what was published is withdrawn: no class begins to follow, those that do find what they had.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from tongke_courses.catalogue import coming, indexing, settling
from tongke_courses.catalogue.models import Course, CourseState
from tongke_courses.catalogue.repository import CourseRepository
from tongke_courses.catalogue.syllabus_repository import SyllabusRepository
from tongke_courses.lessons import indexing as lesson_indexing
from tongke_courses.materials import indexing as material_indexing
from tongke_platform.database import WriteSession, utc_now
from tongke_platform.organisations.closing import when_closed, when_reopened
from tongke_platform.organisations.models import Organisation
from tongke_platform.rights import Principal

KEPT = "courses"


def install() -> None:
    """Called by the assembly, any number of times."""
    when_closed(close)
    when_reopened(reopen)


async def close(
    session: WriteSession, gone: Organisation, into: Organisation | None, day: date, by: Principal
) -> dict[str, Any]:
    courses = await CourseRepository(session).led_by(gone.id)
    if into is not None:
        lessons = await _lead(session, courses, gone.id, into.id)
        return {KEPT: {"went": _texts([one.id for one in courses]), "lessons": _texts(lessons)}}
    published = [one for one in courses if one.state is CourseState.PUBLISHED]
    await _move(session, published, CourseState.WITHDRAWN)
    return {KEPT: {"withdrawn": _texts([one.id for one in published])}}


async def reopen(session: WriteSession, gone: Organisation, data: dict[str, Any]) -> None:
    """What was done to them since stays: only what is still as it was left goes back."""
    kept = data.get(KEPT, {})
    repository = CourseRepository(session)
    withdrawn = await repository.led_by(gone.id, _keys(kept.get("withdrawn", [])))
    await _move(
        session,
        [one for one in withdrawn if one.state is CourseState.WITHDRAWN],
        CourseState.PUBLISHED,
    )
    if went := _keys(kept.get("went", [])):
        into = UUID(data["into"])
        courses = await repository.led_by(into, went)
        await _lead(session, courses, into, gone.id, _keys(kept["lessons"]))


async def _lead(
    session: WriteSession,
    courses: Sequence[Course],
    before: UUID,
    after: UUID,
    lessons: Sequence[UUID] | None = None,
) -> Sequence[UUID]:
    """Another school leads them; the lessons to come that went along, at most ``lessons``."""
    for one in courses:
        one.school_id = after
        _touch(one)
    await session.flush()
    keys = [one.id for one in courses]
    went = await SyllabusRepository(session).hand_over(keys, before, after, lessons)
    await lesson_indexing.refresh(session, *went)
    await material_indexing.lessons_changed(session, went)
    await _tell(session, courses)
    return went


async def _move(session: WriteSession, courses: Sequence[Course], state: CourseState) -> None:
    for one in courses:
        one.state = state
        _touch(one)
        await settling.settle_course(session, one.id)
    await _tell(session, courses)


def _touch(course: Course) -> None:
    course.version += 1
    course.changed_at = utc_now()


async def _tell(session: WriteSession, courses: Sequence[Course]) -> None:
    """The search learns of it; what is to come finds its way to the classes that follow anew."""
    for one in courses:
        await indexing.course_changed(session, one.id)
        if one.state is CourseState.PUBLISHED:
            coming.course_leads_anew(session.sync_session, one.id)


def _texts(keys: Sequence[UUID]) -> list[str]:
    return [str(one) for one in keys]


def _keys(texts: Sequence[str]) -> list[UUID]:
    return [UUID(one) for one in texts]
