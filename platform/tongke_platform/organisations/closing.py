"""The end of an organisation: closed, or merged into another. Its row and every reference stay."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Protocol
from uuid import UUID

from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.errors import N_, Conflict, Invalid
from tongke_platform.organisations import service
from tongke_platform.organisations.models import ChangeKind, Organisation, OrganisationKind
from tongke_platform.organisations.repository import (
    BelongingsRepository,
    ChangeRepository,
    OrganisationRepository,
)
from tongke_platform.organisations.rights import MANAGE
from tongke_platform.people import posting
from tongke_platform.people.models import Membership
from tongke_platform.people.repository import MembershipRepository
from tongke_platform.rights import Principal
from tongke_platform.undo.service import takes_back

EARLIEST = timedelta(days=366)
CLOSED = "organisation.closed"


class Listener(Protocol):
    """Ends what a slice keeps of an organisation that closes; ``into`` goes on with it.

    What it answers (JSON, keys of its own) is given to those of ``when_reopened``.
    """

    def __call__(
        self,
        session: WriteSession,
        gone: Organisation,
        into: Organisation | None,
        day: date,
        by: Principal,
    ) -> Awaitable[dict[str, Any] | None]: ...


# Takes back what a listener did; given all that was kept.
Reopened = Callable[[WriteSession, Organisation, dict[str, Any]], Awaitable[None]]
_listeners: list[Listener] = []
_reopened: list[Reopened] = []


def when_closed(listener: Listener) -> Listener:
    """Call ``listener`` in the transaction that closes or merges an organisation; once, however often
    it is said.
    """
    if listener not in _listeners:
        _listeners.append(listener)
    return listener


def when_reopened(listener: Reopened) -> Reopened:
    """Call ``listener`` in the transaction that takes a closing or merger back; once as well."""
    if listener not in _reopened:
        _reopened.append(listener)
    return listener


async def _closed(
    session: WriteSession, gone: Organisation, into: Organisation | None, day: date, by: Principal
) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for listener in _listeners:
        kept |= await listener(session, gone, into, day, by) or {}
    return kept


async def close(
    session: WriteSession, gone: Organisation, *, day: date, by: Principal, reason: str = ""
) -> dict[str, Any]:
    """``gone`` as ``organisation_to_change`` gives it; ``day`` is the last one.

    Open posts end then. What ``organisations.close`` needs to take it back.
    Raises Conflict ``has_points``, ``last_admin``, Invalid ``wrong_days``.
    """
    _check_day(day, by)
    if await OrganisationRepository(session).open_children(gone.id):
        raise Conflict(
            N_("It still manages teaching points. Please give them another centre first."),
            code="has_points",
        )
    posts = await MembershipRepository(session).going_on_at(gone.id, day)
    kept = {"organisation": str(gone.id), **posting.ended(posts)}
    await posting.end(session, posts, day, by)
    gone.closed_on = day
    session.tell(CLOSED, organisation=str(gone.id))
    await ChangeRepository(session).write(
        gone, ChangeKind.CLOSED, day, after={"reason": reason} if reason else None, by_id=by.id
    )
    return kept | await _closed(session, gone, None, day, by)


def _check_day(day: date, by: Principal) -> None:
    if not by.today - EARLIEST <= day <= by.today:
        raise Invalid(
            N_("Please choose today, or a day of the last twelve months."), code="wrong_days"
        )


@dataclass(frozen=True)
class Merger:
    """What would go along, before anything does."""

    posts: Sequence[Membership]
    rooms: int
    classes: int
    pupils: int
    points: int


async def preview(session: ReadSession, gone: Organisation, day: date) -> Merger:
    belongings = BelongingsRepository(session)
    return Merger(
        posts=await MembershipRepository(session).going_on_at(gone.id, day),
        rooms=len(await belongings.rooms(gone.id)),
        classes=len(await belongings.classes(gone.id)),
        pupils=len(await belongings.pupils(gone.id)),
        points=len(await OrganisationRepository(session).open_children(gone.id)),
    )


async def merge(
    session: WriteSession,
    gone: Organisation,
    into: Organisation,
    *,
    day: date,
    by: Principal,
    reason: str = "",
) -> dict[str, Any]:
    """People, rooms, classes, pupils and teaching points of ``gone`` go to ``into`` on ``day``.

    Lessons held stay those of ``gone``, and its successor watches them. What
    ``organisations.merge`` needs to take it back.
    Raises Conflict ``closed``, Forbidden, Invalid ``wrong_days``, ``merge_itself``,
    ``wrong_kind``.
    """
    _check_day(day, by)
    _check_into(gone, into, by)
    posts = await MembershipRepository(session).going_on_at(gone.id, day)
    kept = {"organisation": str(gone.id), "into": str(into.id), **posting.ended(posts)}
    made = await _follow(session, posts, into, day)
    await posting.end(session, posts, day, by)
    belongings = await BelongingsRepository(session).hand_over(gone, into)
    gone.closed_on, gone.merged_into_id = day, into.id
    session.tell(CLOSED, organisation=str(gone.id), into=str(into.id))
    changes = ChangeRepository(session)
    after = {"reason": reason} if reason else None
    for one, other in ((gone, into), (into, gone)):
        await changes.write(
            one, ChangeKind.MERGED, day, after=after, other_id=other.id, by_id=by.id
        )
    kept |= await _closed(session, gone, into, day, by)
    return {**posting.moved(kept, made), "belongings": belongings}


def _check_into(gone: Organisation, into: Organisation, by: Principal) -> None:
    MANAGE.check(by, into)
    service.check_open(into)
    if into.id == gone.id:
        raise Invalid(N_("An organisation cannot be merged into itself."), code="merge_itself")
    if into.parent_id == gone.id:
        raise Invalid(
            N_("A school cannot be merged into a teaching point it manages."), code="wrong_kind"
        )
    bureau = OrganisationKind.BUREAU
    if (gone.kind is bureau) != (into.kind is bureau):
        raise Invalid(N_("A bureau and a school cannot become one."), code="wrong_kind")


async def _follow(
    session: WriteSession, posts: Sequence[Membership], into: Organisation, day: date
) -> list[Membership]:
    """The same posts at the successor, but for those somebody holds there already."""
    memberships = MembershipRepository(session)
    there = await memberships.going_on_at(into.id, day)
    held = {(post.person_id, post.role) for post in there}
    made = []
    for post in posts:
        if (post.person_id, post.role) in held:
            continue
        begins = max(day, post.starts_on) if post.starts_on else day
        follower = Membership(
            person_id=post.person_id,
            role=post.role,
            scope=post.scope,
            organisation_id=into.id,
            post=post.post,
            starts_on=begins,
            ends_on=post.ends_on,
            granted_by_id=post.granted_by_id,
        )
        made.append(await memberships.add(follower))
    return made


async def _reopen(session: WriteSession, by: Principal, data: dict[str, Any]) -> Organisation:
    organisations = OrganisationRepository(session)
    gone = await organisations.to_change(UUID(data["organisation"]))
    assert gone is not None, "a closed organisation keeps its row"
    MANAGE.check(by, gone)
    gone.closed_on = gone.merged_into_id = None
    await ChangeRepository(session).write(gone, ChangeKind.REOPENED, by.today, by_id=by.id)
    return gone


@takes_back("organisations.close")
async def _take_back_closing(session: WriteSession, by: Principal, data: dict[str, Any]) -> None:
    gone = await _reopen(session, by, data)
    await posting.restore(session, by, data)
    for listener in _reopened:
        await listener(session, gone, data)


@takes_back("organisations.merge")
async def _take_back_merger(session: WriteSession, by: Principal, data: dict[str, Any]) -> None:
    gone = await _reopen(session, by, data)
    await posting.restore(session, by, data)
    await BelongingsRepository(session).give_back(gone, data["belongings"])
    for listener in _reopened:
        await listener(session, gone, data)
