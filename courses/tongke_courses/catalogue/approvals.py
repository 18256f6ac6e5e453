"""Rules of approvals: a school whose class is heard or seen says whether a lesson may be public."""

from collections.abc import Sequence
from uuid import UUID

from tongke_courses.catalogue import settling, telling
from tongke_courses.catalogue.models import ApprovalState, PublicApproval
from tongke_courses.catalogue.rights import APPROVE
from tongke_courses.catalogue.voice_repository import ApprovalRepository, SettleRepository
from tongke_platform.consent.purposes import Purpose
from tongke_platform.consent.withdrawing import when_withdrawn
from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.errors import N_, Forbidden, NotFound
from tongke_platform.frame import Frame
from tongke_platform.organisations.models import Pupil
from tongke_platform.rights import Principal

# What guardians agreed to that a public recording stands on.
CONSENTS = frozenset({Purpose.RECORDING, Purpose.SHARE_REPLAY})


async def page(
    session: ReadSession,
    by: Principal,
    *,
    state: ApprovalState | None = None,
    before: UUID | None = None,
    limit: int = 50,
) -> tuple[Sequence[PublicApproval], UUID | None]:
    """Of the principal's schools, the newest first. Raises Forbidden."""
    if not APPROVE.allows_anywhere(by):
        raise Forbidden
    found = await ApprovalRepository(session).page(by, state=state, before=before, limit=limit + 1)
    return found[:limit], found[limit - 1].id if len(found) > limit else None


async def get(session: ReadSession, by: Principal, key: UUID) -> PublicApproval:
    """Raises NotFound: what others are asked is nobody's business."""
    return _there(await ApprovalRepository(session).seen(by, key))


def _there(found: PublicApproval | None) -> PublicApproval:
    if found is None:
        raise NotFound(N_("Nothing like that was asked of your school."), code="no_approval")
    return found


async def approve(frame: Frame, session: WriteSession, by: Principal, key: UUID) -> PublicApproval:
    """Also after a refusal; twice is no error. Raises NotFound."""
    return await _answer(frame, session, by, key, ApprovalState.APPROVED, "")


async def refuse(
    frame: Frame, session: WriteSession, by: Principal, key: UUID, reason: str
) -> PublicApproval:
    """After a yes it takes that back, and the lesson is public no longer from the moment this is
    committed. Twice is no error. Raises NotFound.
    """
    return await _answer(frame, session, by, key, ApprovalState.REFUSED, reason)


async def _answer(
    frame: Frame,
    session: WriteSession,
    by: Principal,
    key: UUID,
    state: ApprovalState,
    reason: str,
) -> PublicApproval:
    approvals = ApprovalRepository(session)
    seen = _there(await approvals.seen(by, key))
    # The lesson first, then the answer: the order in which voices are written and lessons settle.
    await SettleRepository(session).locked_ids([seen.lesson_id])
    found = _there(await approvals.to_change(by, key))
    if found.state is not state:
        found.state, found.reason = state, reason
        found.answered_at, found.answered_by_id = frame.now(), by.id
        await settling.settle(session, found.lesson_id)
        await telling.approval_answered(session, found)
    return await _again(session, by, key)


async def _again(session: WriteSession, by: Principal, key: UUID) -> PublicApproval:
    session.expire_all()
    return _there(await ApprovalRepository(session).seen(by, key))


async def of_lesson(session: ReadSession, lesson_id: UUID) -> Sequence[PublicApproval]:
    """For those who may change the lesson: whose yes it has, whose is missing."""
    return await ApprovalRepository(session).of_lesson(lesson_id)


@when_withdrawn
async def consent_withdrawn(
    session: WriteSession, frame: Frame, pupil: Pupil, purpose: Purpose
) -> None:
    """The yes of the school falls for lessons in which the pupil's class is heard or seen: they
    are public no longer until the school has looked and agreed again.
    """
    if purpose not in CONSENTS:
        return
    approvals = ApprovalRepository(session)
    lessons = await approvals.lessons_with_voice_of(pupil.id)
    # The lessons first, as everywhere.
    await SettleRepository(session).locked_ids(lessons)
    await settling.ask_again(session, await approvals.with_voice_of(pupil.id))
    await settling.settle_all(session, lessons)
