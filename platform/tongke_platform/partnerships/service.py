"""Rules of partnerships: proposed, accepted by every side, paused, resumed, ended."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from tongke_platform.database import ReadSession, WriteSession, utc_now
from tongke_platform.errors import N_, Conflict, Forbidden, Invalid, NotFound
from tongke_platform.frame import Frame
from tongke_platform.organisations.closing import when_closed
from tongke_platform.organisations.models import SCHOOLS, Organisation
from tongke_platform.partnerships import rights, telling
from tongke_platform.partnerships.models import (
    UNITS,
    Act,
    Answer,
    Part,
    Partnership,
    PartnershipKind,
    PartnershipPromise,
    PartnershipSide,
    PartnershipState,
    PartnershipStep,
)
from tongke_platform.partnerships.repository import (
    LentRightRepository,
    PartnershipRepository,
    PromiseRepository,
    SchoolRepository,
    SideRepository,
    StepRepository,
)
from tongke_platform.partnerships.schemas import PartnershipIn
from tongke_platform.people.models import Entrustment
from tongke_platform.rights import Principal, Rule

CHANGED = "partnership.changed"
FOUND_AT_ONCE = 20

_S, _A = PartnershipState, Act
# The state machine: what may be done in which state, and what it leads to. The acceptance that
# makes a partnership active is the last one; see ``answer``.
NEXT: dict[tuple[PartnershipState, Act], PartnershipState] = {
    (_S.PROPOSED, _A.ACCEPT): _S.PROPOSED,
    (_S.PROPOSED, _A.DECLINE): _S.DECLINED,
    (_S.PROPOSED, _A.WITHDRAW): _S.WITHDRAWN,
    (_S.ACTIVE, _A.PAUSE): _S.PAUSED,
    (_S.PAUSED, _A.RESUME): _S.ACTIVE,
    (_S.ACTIVE, _A.END): _S.ENDED,
    (_S.PAUSED, _A.END): _S.ENDED,
}
RULE_OF: dict[Act, Rule] = {
    _A.ACCEPT: rights.ANSWER,
    _A.DECLINE: rights.ANSWER,
    _A.WITHDRAW: rights.PROPOSE,
    _A.PAUSE: rights.MANAGE,
    _A.RESUME: rights.MANAGE,
    _A.END: rights.MANAGE,
}


async def unanswered(session: ReadSession, by: Principal, now: datetime) -> int:
    """How many proposed ones wait for an answer they may give."""
    return await PartnershipRepository(session).unanswered(by)


async def get(session: ReadSession, principal: Principal, key: UUID) -> Partnership:
    """With promises and history. Raises NotFound for who may not know of it."""
    found = await PartnershipRepository(session).full(principal, key)
    if found is None:
        raise NotFound(N_("There is no such partnership."), code="no_partnership")
    return found


async def page(
    session: ReadSession,
    principal: Principal,
    *,
    state: PartnershipState | None = None,
    before: UUID | None = None,
    limit: int = 50,
    q: str = "",
) -> tuple[Sequence[Partnership], UUID | None]:
    """The newest first, and what comes ``before`` the next page; ``q`` is a piece of the name."""
    found = await PartnershipRepository(session).page(
        principal, state=state, before=before, limit=limit + 1, q=q
    )
    shown = found[:limit]
    return shown, shown[-1].id if len(found) > limit else None


async def covering(
    session: ReadSession,
    giving: Organisation,
    taking: Organisation,
    *,
    subject: str,
    grade: str,
    day: date,
) -> Partnership | None:
    """The partnership along which a lesson may travel on ``day``."""
    found = await PartnershipRepository(session).between(giving, taking, day)
    fits = (one for one in found if _in(subject, one.subjects) and _in(grade, one.grades))
    return next(fits, None)


def _in(word: str, scope: Sequence[str]) -> bool:
    return not scope or word in scope


async def schools_called(
    session: ReadSession, principal: Principal, words: str
) -> Sequence[Organisation]:
    """Whom one can propose a partnership to. Raises Forbidden."""
    if not rights.PROPOSE.allows_anywhere(principal):
        raise Forbidden
    words = words.strip().replace("\0", "")
    return await SchoolRepository(session).called(words, FOUND_AT_ONCE) if words else []


async def own_schools(session: ReadSession, principal: Principal) -> Sequence[Organisation]:
    """The first ones they may propose a partnership for."""
    clause = rights.PROPOSE.clause(principal)
    return await SchoolRepository(session).where(clause, FOUND_AT_ONCE)


async def schools(session: ReadSession, keys: Sequence[UUID]) -> dict[UUID, Organisation]:
    return {one.id: one for one in await SchoolRepository(session).by_ids(keys)}


async def propose(
    frame: Frame, session: WriteSession, by: Principal, wanted: PartnershipIn
) -> Partnership:
    """The proposer's own school has accepted. Raises Invalid, Forbidden."""
    partners = list(dict.fromkeys(wanted.partner_ids))
    found = await schools(session, [wanted.lead_id, *partners])
    sides = [found[key] for key in (wanted.lead_id, *partners) if key in found]
    _check(frame, by, wanted, sides, wanted_sides=1 + len(partners))
    made = await PartnershipRepository(session).add(
        Partnership(
            name=wanted.name or sides[0].name,
            proposed_by_id=by.id,
            closes_at=end_of_day(wanted.ends_on, frame.settings.zone),
            **wanted.model_dump(exclude={"name", "lead_id", "partner_ids", "promises"}),
        )
    )
    own = next((s for s in sides if rights.works_at(by, rights.ANSWER, s)), None)
    for number, place in enumerate(sides):
        await SideRepository(session).add(
            PartnershipSide(
                partnership_id=made.id,
                organisation_id=place.id,
                part=Part.PARTNER if number else Part.LEAD,
                answer=Answer.ACCEPTED if place is own else Answer.WAITING,
                answered_by_id=by.id if place is own else None,
                answered_at=frame.now() if place is own else None,
            )
        )
    for promise in wanted.promises:
        await PromiseRepository(session).add(
            PartnershipPromise(
                partnership_id=made.id, unit=UNITS[promise.kind], **promise.model_dump()
            )
        )
    place = own or rights.acts_for(by, rights.PROPOSE, sides)[0]
    await _record(session, made, _A.PROPOSE, by, place.id, "", frame.now())
    _announce(frame, session, made.id)
    return await get(session, by, made.id)


def _check(
    frame: Frame,
    by: Principal,
    wanted: PartnershipIn,
    sides: Sequence[Organisation],
    wanted_sides: int,
) -> None:
    if len(sides) != wanted_sides:
        raise Invalid(N_("One of the schools does not exist or is closed."), code="no_school")
    if not rights.acts_for(by, rights.PROPOSE, sides):
        raise Forbidden(N_("One of the sides must be a school of yours."), code="not_your_school")
    if any(one.kind not in SCHOOLS for one in sides[1:]):
        raise Invalid(N_("Only schools can be partners."), code="no_school")
    if wanted.ends_on is not None and wanted.ends_on < frame.today():
        raise Invalid(N_("The last day is over already."), code="wrong_days")
    entrusted = wanted.kind is PartnershipKind.ENTRUSTED
    if bool(wanted.rights) is not entrusted or set(wanted.rights) - set(rights.entrustable()):
        raise Invalid(
            N_("Entrusted management names the rights it lends; other partnerships lend none."),
            code="wrong_rights",
        )


async def answer(
    frame: Frame,
    session: WriteSession,
    by: Principal,
    key: UUID,
    act: Act,
    *,
    side_id: UUID | None = None,
    reason: str = "",
) -> Partnership:
    """Accept or decline for one side; the last to accept puts it in force.

    Raises NotFound, Forbidden, Conflict ``wrong_state`` or ``answered``, Invalid ``which_side``.
    """
    found = await _to_change(session, by, key, act)
    waiting = [one for one in found.sides if one.answer is Answer.WAITING]
    place = _side(by, rights.ANSWER, [one.organisation for one in found.sides], side_id)
    side = next((one for one in waiting if one.organisation_id == place.id), None)
    if side is None and side_id is None:
        may = rights.acts_for(by, rights.ANSWER, [one.organisation for one in waiting])
        side = next((one for one in waiting if may and one.organisation_id == may[0].id), None)
    if side is None:
        raise Conflict(N_("This side has answered already."), code="answered")
    side.answer = Answer.ACCEPTED if act is Act.ACCEPT else Answer.DECLINED
    side.answered_by_id, side.answered_at = by.id, frame.now()
    found.state = NEXT[found.state, act]
    if all(one.answer is Answer.ACCEPTED for one in found.sides):
        found.state = PartnershipState.ACTIVE
        await _lend(session, found)
    await _record(session, found, act, by, side.organisation_id, reason, frame.now())
    _announce(frame, session, key)
    return await get(session, by, key)


async def change(
    frame: Frame,
    session: WriteSession,
    by: Principal,
    key: UUID,
    act: Act,
    *,
    reason: str,
    side_id: UUID | None = None,
) -> Partnership:
    """Withdraw, pause, resume or end. What one side has paused another cannot resume.

    Raises NotFound, Forbidden, Conflict ``wrong_state``.
    """
    found = await _to_change(session, by, key, act)
    places = [one.organisation for one in found.sides]
    if act is Act.RESUME:
        places = [one for one in places if one.id == found.paused_for_id]
    place = _side(by, RULE_OF[act], places, side_id)
    last = end_of_day(found.ends_on, frame.settings.zone)
    await _take(session, found, act, frame.now(), frame.today(), last=last)
    found.paused_for_id = place.id if act is Act.PAUSE else None
    await _record(session, found, act, by, place.id, reason, frame.now())
    _announce(frame, session, key)
    return await get(session, by, key)


@when_closed
async def end_all(
    session: WriteSession,
    gone: Organisation,
    into: Organisation | None,
    day: date,
    by: Principal,
) -> None:
    """A school that is closed or merged has no partnerships: proposals fall, the others end."""
    reason = into.name if into else ""
    for key in await PartnershipRepository(session).open_ids_of(gone.id):
        found = await PartnershipRepository(session).to_change(key)
        act = Act.END if found and (found.state, Act.END) in NEXT else Act.WITHDRAW
        if found is not None and (found.state, act) in NEXT:
            await _take(session, found, act, utc_now(), by.today)
            await _record(session, found, act, by, gone.id, reason, utc_now())


def open_acts(by: Principal, found: Partnership) -> list[Act]:
    """What this person may do with it now."""
    waiting = [one.organisation for one in found.sides if one.answer is Answer.WAITING]
    places = {
        Act.ACCEPT: waiting,
        Act.DECLINE: waiting,
        Act.RESUME: [
            o.organisation for o in found.sides if o.organisation_id == found.paused_for_id
        ],
    }
    everyone = [one.organisation for one in found.sides]
    return [
        act
        for act, rule in RULE_OF.items()
        if (found.state, act) in NEXT and rights.acts_for(by, rule, places.get(act, everyone))
    ]


async def _to_change(session: WriteSession, by: Principal, key: UUID, act: Act) -> Partnership:
    """The locked row, for who may do this to it at all and in a state it can be done in."""
    found = await PartnershipRepository(session).to_change(key)
    if found is None or not rights.may_see(by, found):
        raise NotFound(N_("There is no such partnership."), code="no_partnership")
    places = [one.organisation for one in found.sides]
    if not rights.acts_for(by, RULE_OF[act], places):
        raise Forbidden
    if (found.state, act) not in NEXT:
        raise Conflict(
            N_("This cannot be done with the partnership as it is now."), code="wrong_state"
        )
    return found


def _side(
    by: Principal, rule: Rule, places: Sequence[Organisation], side_id: UUID | None
) -> Organisation:
    """Whom they act for: the side named, or the first they may act for."""
    may = rights.acts_for(by, rule, places)
    named = [one for one in may if side_id in (None, one.id)]
    if not named:
        raise Forbidden
    return named[0]


async def _take(
    session: WriteSession,
    found: Partnership,
    act: Act,
    now: datetime,
    today: date,
    *,
    last: datetime | None = None,
) -> None:
    """The step itself, with what it does to lessons and to lent rights.

    ``last``: the end of the last day, for one that goes on.
    """
    found.state = NEXT[found.state, act]
    found.closes_at = last if act is Act.RESUME else min(now, found.closes_at or now)
    for lent in await LentRightRepository(session).of_partnership(found.id):
        lent.suspended_at = None if act is Act.RESUME else lent.suspended_at or now
        if act is Act.END:
            lent.ends_on = min(today, lent.ends_on or today)


async def _lend(session: WriteSession, found: Partnership) -> None:
    for place in found.partners:
        for rule in found.rights:
            await LentRightRepository(session).add(
                Entrustment(
                    manager_id=found.lead.id,
                    organisation_id=place.id,
                    rule=rule,
                    partnership_id=found.id,
                    starts_on=found.starts_on,
                    ends_on=found.ends_on,
                )
            )


async def _record(
    session: WriteSession,
    found: Partnership,
    act: Act,
    by: Principal,
    organisation_id: UUID,
    reason: str,
    now: datetime,
) -> None:
    step = await StepRepository(session).add(
        PartnershipStep(
            partnership_id=found.id,
            act=act,
            state=found.state,
            at=now,
            by_id=by.id,
            organisation_id=organisation_id,
            reason=reason,
        )
    )
    await telling.stepped(session, by, step)


def _announce(frame: Frame, session: WriteSession, key: UUID) -> None:
    session.after_commit(lambda: frame.events.publish(CHANGED, partnership=str(key)))


def end_of_day(day: date | None, zone: ZoneInfo) -> datetime | None:
    """The first moment after a local day."""
    if day is None or day == date.max:
        return None
    following = day + timedelta(days=1)
    return datetime(following.year, following.month, following.day, tzinfo=zone)
