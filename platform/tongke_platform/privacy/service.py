"""Rules of personal data: who may have it given out, and erased after days to think."""

from datetime import timedelta
from uuid import UUID

from tongke_platform.audit import service as log
from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.errors import N_, Conflict, Forbidden
from tongke_platform.frame import Frame
from tongke_platform.people import service as people
from tongke_platform.people.repository import MembershipRepository
from tongke_platform.people.roles import Role
from tongke_platform.privacy import exports, repository
from tongke_platform.privacy.models import Erasure
from tongke_platform.privacy.repository import ErasureRepository
from tongke_platform.privacy.rights import MANAGE
from tongke_platform.rights import Principal

GRACE = timedelta(days=7)


async def check_managed(session: WriteSession, by: Principal, person_id: UUID) -> None:
    """Raises NotFound, Forbidden."""
    if not MANAGE.allows_anywhere(by):
        raise Forbidden
    await people.to_change(session, person_id, by)


async def pending(session: ReadSession, person_id: UUID) -> Erasure | None:
    return await ErasureRepository(session).pending(person_id)


async def ask(
    session: WriteSession, frame: Frame, by: Principal, person_id: UUID, reason: str = ""
) -> Erasure:
    """Due after ``GRACE``; asked again, it stays as it is.

    Raises Invalid ``no_reason``, Conflict ``last_administrator``.
    """
    said = exports.reason_of(reason, person_id != by.id)
    erasures = ErasureRepository(session)
    if (found := await erasures.pending(person_id)) is not None:
        return found
    await _check_not_last(session, frame, person_id)
    made = Erasure(person_id=person_id, asked_by_id=by.id, reason=said, due_at=frame.now() + GRACE)
    await erasures.add(made)
    log.record(session, by, "erasure.asked", made, detail={"person_id": person_id, "reason": said})
    return made


async def _check_not_last(session: WriteSession, frame: Frame, person_id: UUID) -> None:
    posts = MembershipRepository(session)
    today = frame.today()
    held = [
        one
        for one in await posts.of(person_id)
        if one.role is Role.ADMIN and (one.ends_on is None or one.ends_on >= today)
    ]
    if held and await posts.administrators(today) <= 1:
        raise Conflict(
            N_("The platform needs an administrator: appoint another one first."),
            code="last_administrator",
        )


async def call_off(session: WriteSession, frame: Frame, by: Principal, person_id: UUID) -> None:
    """Nothing happens when nothing was asked for."""
    found = await ErasureRepository(session).pending(person_id)
    if found is not None:
        found.cancelled_at = frame.now()
        await session.flush()
        log.record(session, by, "erasure.cancelled", found, detail={"person_id": person_id})


async def due(frame: Frame) -> int:
    """How many would be erased now."""
    async with frame.database.read() as session:
        return len(await ErasureRepository(session).due(frame.now()))


async def run_due(frame: Frame) -> int:
    """Erase who is due; how many. One transaction each: one that fails holds up no other."""
    async with frame.database.read() as session:
        due = [one.id for one in await ErasureRepository(session).due(frame.now())]
    done = 0
    for key in due:
        async with frame.database.write() as session:
            found = await ErasureRepository(session).by_id(key)
            if found is None or found.done_at or found.cancelled_at:
                continue
            try:
                await _check_not_last(session, frame, found.person_id)
            except Conflict:
                continue
            await repository.erase(session, found.person_id, frame.now(), frame.today())
            await exports.forget(session, frame, found.person_id)
            found.done_at, found.reason = frame.now(), ""
            await session.flush()
            log.record(session, None, "erasure.done", found)
            done += 1
    return done
