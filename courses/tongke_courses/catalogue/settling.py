"""``settle``: what a lesson's visibility is now, after anything it comes from has changed.

Whoever changes one of those things writes it first and settles then: the lesson's row is locked
before the others' changes are read, so that of two who change different things at the same time the
second sees both (an approval and a publication, say).
"""

from collections.abc import Iterable
from uuid import UUID

from tongke_courses.catalogue import telling
from tongke_courses.catalogue.models import ApprovalState, LessonVoice, PublicApproval
from tongke_courses.catalogue.visible import asked, effective
from tongke_courses.catalogue.voice_repository import (
    ApprovalRepository,
    SettleRepository,
    Standing,
    VoiceRepository,
)
from tongke_courses.lessons import indexing as lesson_indexing
from tongke_courses.lessons.models import Lesson
from tongke_courses.lessons.visibility import Visibility
from tongke_courses.materials import indexing as material_indexing
from tongke_platform.database import WriteSession, utc_now

# Somebody may not watch any more: everything open is asked again.
NARROWED = "catalogue.narrowed"


async def settle(session: WriteSession, lesson: Lesson | UUID) -> None:
    """Of one lesson; a lesson that is loaded says the new visibility afterwards."""
    await settle_all(session, [lesson if isinstance(lesson, UUID) else lesson.id])


async def settle_course(session: WriteSession, course_id: UUID) -> None:
    """Of every lesson of a course."""
    await settle_all(session, await SettleRepository(session).of_course(course_id))


async def settle_all(session: WriteSession, keys: Iterable[UUID]) -> None:
    """Asks the schools whose yes is missing, and tells when somebody may not watch any more."""
    await session.flush()
    repository = SettleRepository(session)
    locked = await repository.locked_ids(keys)
    heard, answers = await repository.heard(locked), await repository.answers(locked)
    changed: dict[Visibility, list[UUID]] = {}
    for one in await repository.standing(locked):
        said, schools = answers.get(one.id, {}), heard.get(one.id, set())
        if asked(one.wanted, one.course, one.state) is Visibility.PUBLIC:
            await _ask(session, one.id, schools - said.keys())
        found = _now(one, schools, said)
        if found is not one.visibility:
            changed.setdefault(found, []).append(one.id)
        if found.rank < one.visibility.rank:
            session.tell(NARROWED, lesson=str(one.id))
    for visibility, lessons in changed.items():
        await repository.set_visibility(lessons, visibility)
    await lesson_indexing.refresh(session, *locked)
    await material_indexing.lessons_changed(session, locked)


def _now(one: Standing, schools: set[UUID], said: dict[UUID, ApprovalState]) -> Visibility:
    agreed = all(said.get(school) is ApprovalState.APPROVED for school in schools)
    return effective(one.wanted, one.course, one.state, agreed=agreed)


async def _ask(session: WriteSession, lesson_id: UUID, schools: set[UUID]) -> None:
    approvals = ApprovalRepository(session)
    for school in sorted(schools):
        made = await approvals.add(PublicApproval(lesson_id=lesson_id, school_id=school))
        found = await approvals.by_id(made.id)
        assert found is not None, "just added"
        await telling.approval_asked(session, found)


async def heard(session: WriteSession, lesson_id: UUID, room_id: UUID) -> None:
    """A classroom's voice or picture is in the lesson from now on; idempotent.

    A public lesson is public no longer until that school has agreed: also one that has agreed to
    another of its classes.
    """
    await SettleRepository(session).locked_ids([lesson_id])
    voices = VoiceRepository(session)
    if not await voices.there(lesson_id, room_id):
        await voices.add(LessonVoice(lesson_id=lesson_id, room_id=room_id))
        await ask_again(session, await ApprovalRepository(session).agreed(lesson_id, room_id))
        await settle_all(session, [lesson_id])


async def ask_again(session: WriteSession, found: Iterable[PublicApproval]) -> None:
    """What was agreed to is not what it was. ``found`` are locked, and so are their lessons."""
    for one in found:
        one.state, one.answered_at = ApprovalState.ASKED, utc_now()
        one.answered_by_id, one.reason = None, ""
        await telling.approval_asked(session, one)
