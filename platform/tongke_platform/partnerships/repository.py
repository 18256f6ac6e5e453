"""All SQL about partnerships."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import aliased, joinedload, selectinload

from tongke_platform.database import Repository
from tongke_platform.organisations.models import SCHOOLS, Organisation, OrganisationKind
from tongke_platform.paging import contains, count
from tongke_platform.partnerships.models import (
    Answer,
    Part,
    Partnership,
    PartnershipKind,
    PartnershipPromise,
    PartnershipSide,
    PartnershipState,
    PartnershipStep,
)
from tongke_platform.partnerships.rights import ANSWER, SEE
from tongke_platform.people.models import Entrustment
from tongke_platform.rights import Principal

OVER = (PartnershipState.DECLINED, PartnershipState.WITHDRAWN, PartnershipState.ENDED)


# Made once: what an alias has is worked out anew for each, for every statement about lessons.
_GIVER, _TAKER = aliased(PartnershipSide), aliased(PartnershipSide)


def in_force(day: Any) -> ColumnElement[bool]:
    """The same as ``Partnership.in_force``, on a date or a parameter of the statement."""
    return and_(
        Partnership.state == PartnershipState.ACTIVE,
        Partnership.starts_on <= day,
        or_(Partnership.ends_on.is_(None), Partnership.ends_on >= day),
    )


def givers_to(takers: Select[Any], day: Any) -> Select[Any]:
    """The ids of the schools that may teach one of ``takers`` (a statement of ids) on ``day``.

    A teaching point takes and gives with the school that manages it, which is for the caller to add.
    """
    return (
        select(_GIVER.organisation_id)
        .join(_TAKER, _TAKER.partnership_id == _GIVER.partnership_id)
        .join(Partnership, Partnership.id == _GIVER.partnership_id)
        .where(
            in_force(day),
            _TAKER.organisation_id.in_(takers),
            _GIVER.id != _TAKER.id,
            or_(_GIVER.part == Part.LEAD, Partnership.kind == PartnershipKind.JOINT),
        )
    )


class PartnershipRepository(Repository[Partnership]):
    """Every partnership read here has its sides with their schools loaded."""

    model = Partnership

    def base(self) -> Select[Any]:
        return select(Partnership).options(
            selectinload(Partnership.sides).joinedload(PartnershipSide.organisation)
        )

    def readable(self, principal: Principal) -> Select[Any]:
        """The same rule as ``rights.may_see``."""
        if SEE.allows_everywhere(principal):
            return self.base()
        mine = (
            select(PartnershipSide.partnership_id)
            .join(Organisation, Organisation.id == PartnershipSide.organisation_id)
            .where(SEE.clause(principal))
        )
        return self.base().where(Partnership.id.in_(mine))

    async def page(
        self,
        principal: Principal,
        *,
        state: PartnershipState | None,
        before: UUID | None,
        limit: int,
        q: str = "",
    ) -> Sequence[Partnership]:
        """The newest first, those older than ``before``."""
        statement = self.readable(principal)
        if state is not None:
            statement = statement.where(Partnership.state == state)
        if q:
            statement = statement.where(contains(Partnership.name, q))
        if before is not None:
            statement = statement.where(Partnership.id < before)
        return await self.all(statement.order_by(Partnership.id.desc()).limit(limit))

    async def unanswered(self, principal: Principal) -> int:
        """How many proposed ones wait for the answer of a side they may answer for."""
        waiting = (
            select(PartnershipSide.partnership_id)
            .join(Organisation, Organisation.id == PartnershipSide.organisation_id)
            .where(PartnershipSide.answer == Answer.WAITING, ANSWER.clause(principal))
        )
        return await count(
            self.session,
            select(Partnership.id).where(
                Partnership.state == PartnershipState.PROPOSED, Partnership.id.in_(waiting)
            ),
        )

    async def full(self, principal: Principal, key: UUID) -> Partnership | None:
        """With promises and history."""
        statement = self.readable(principal).where(Partnership.id == key)
        return await self.one_or_none(
            statement.options(
                selectinload(Partnership.sides).joinedload(PartnershipSide.answered_by),
                selectinload(Partnership.promises),
                selectinload(Partnership.steps).options(
                    joinedload(PartnershipStep.by), joinedload(PartnershipStep.organisation)
                ),
            ).execution_options(populate_existing=True)
        )

    async def to_change(self, key: UUID) -> Partnership | None:
        """Whoever comes second reads what the first has written."""
        return await self.locked(self.base().where(Partnership.id == key))

    async def between(
        self, giving: Organisation, taking: Organisation, day: date
    ) -> Sequence[Partnership]:
        """Those in force along which ``giving`` may teach ``taking``, the oldest first."""
        giver, taker = aliased(PartnershipSide), aliased(PartnershipSide)
        statement = (
            self.base()
            .join(giver, giver.partnership_id == Partnership.id)
            .join(taker, taker.partnership_id == Partnership.id)
            .where(
                in_force(day),
                giver.organisation_id.in_(_house(giving)),
                taker.organisation_id.in_(_house(taking)),
                giver.id != taker.id,
                or_(giver.part == Part.LEAD, Partnership.kind == PartnershipKind.JOINT),
            )
        )
        return await self.all(statement.order_by(Partnership.id))

    async def open_ids_of(self, organisation_id: UUID) -> Sequence[UUID]:
        """Those of a school that are not over."""
        statement = (
            select(Partnership.id)
            .join(PartnershipSide, PartnershipSide.partnership_id == Partnership.id)
            .where(
                PartnershipSide.organisation_id == organisation_id,
                Partnership.state.not_in(OVER),
            )
        )
        return (await self.session.execute(statement.order_by(Partnership.id))).scalars().all()


def _house(place: Organisation) -> list[UUID]:
    """A teaching point belongs to the school that manages it."""
    return [one for one in (place.id, place.parent_id) if one is not None]


class SideRepository(Repository[PartnershipSide]):
    model = PartnershipSide


class PromiseRepository(Repository[PartnershipPromise]):
    model = PartnershipPromise


class StepRepository(Repository[PartnershipStep]):
    model = PartnershipStep


class LentRightRepository(Repository[Entrustment]):
    model = Entrustment

    async def of_partnership(self, key: UUID) -> Sequence[Entrustment]:
        return await self.all(self.base().where(Entrustment.partnership_id == key))


class SchoolRepository(Repository[Organisation]):
    """Schools as partners are looked for: open ones, of any region."""

    model = Organisation

    def base(self) -> Select[Any]:
        kinds = [*SCHOOLS, OrganisationKind.UNIVERSITY]
        return (
            select(Organisation)
            .options(joinedload(Organisation.region))
            .where(Organisation.kind.in_(kinds), Organisation.closed_on.is_(None))
        )

    async def by_ids(self, keys: Sequence[UUID]) -> Sequence[Organisation]:
        return await self.all(self.base().where(Organisation.id.in_(keys)))

    async def called(self, words: str, limit: int) -> Sequence[Organisation]:
        """By code, or by a piece of the name."""
        found = or_(Organisation.code == words, Organisation.name.contains(words, autoescape=True))
        return await self.all(self.base().where(found).order_by(Organisation.name).limit(limit))

    async def where(self, clause: ColumnElement[bool], limit: int) -> Sequence[Organisation]:
        return await self.all(self.base().where(clause).order_by(Organisation.name).limit(limit))
