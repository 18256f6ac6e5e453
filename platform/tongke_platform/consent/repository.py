"""All SQL about the ledger, its links and its paper forms."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, CursorResult, delete, or_, select, tuple_, update
from sqlalchemy.orm import aliased

from tongke_platform.classes.repository import going_on, in_class
from tongke_platform.consent.models import (
    ConsentAct,
    ConsentEvent,
    ConsentForm,
    ConsentLink,
    LinkKind,
)
from tongke_platform.consent.purposes import Purpose
from tongke_platform.database import Repository
from tongke_platform.organisations.models import ClassEntry, Organisation, SchoolClass
from tongke_platform.paging import count


class LedgerRepository(Repository[ConsentEvent]):
    model = ConsentEvent

    async def of_pupils(
        self, pupils: Sequence[UUID], purpose: Purpose | None = None
    ) -> Sequence[ConsentEvent]:
        """The oldest first."""
        found = self.base().where(ConsentEvent.pupil_id.in_(pupils))
        if purpose is not None:
            found = found.where(ConsentEvent.purpose == purpose)
        return await self.all(found.order_by(ConsentEvent.at, ConsentEvent.id))

    async def pupils_of(self, classes: Sequence[UUID], day: date) -> Sequence[tuple[UUID, UUID]]:
        """Class and pupil of everybody who is in these classes on ``day``."""
        found = await self.session.execute(
            select(ClassEntry.class_id, ClassEntry.pupil_id).where(
                ClassEntry.class_id.in_(classes), in_class(day)
            )
        )
        return [(class_id, pupil_id) for class_id, pupil_id in found.all()]

    async def missing(
        self, places: ColumnElement[bool], purpose: Purpose, version: str, day: date
    ) -> int:
        """Pupils in classes of these places whose newest event does not allow it on ``day``."""
        statement = (
            select(ClassEntry.pupil_id)
            .distinct()
            .join(SchoolClass, SchoolClass.id == ClassEntry.class_id)
            .join(Organisation, Organisation.id == SchoolClass.organisation_id)
            .where(places, in_class(day), going_on(day), ~allowed(purpose, version, day))
        )
        return await count(self.session, statement)


def allowed(purpose: Purpose, version: str, day: date) -> ColumnElement[bool]:
    """Whether the newest event of ClassEntry's pupil allows it; ``service.holds`` says the same."""
    later = aliased(ConsentEvent)
    newer = select(later.id).where(
        later.pupil_id == ConsentEvent.pupil_id,
        later.purpose == purpose,
        tuple_(later.at, later.id) > tuple_(ConsentEvent.at, ConsentEvent.id),
    )
    return (
        select(ConsentEvent.id)
        .where(
            ConsentEvent.pupil_id == ClassEntry.pupil_id,
            ConsentEvent.purpose == purpose,
            ConsentEvent.act == ConsentAct.GIVEN,
            ConsentEvent.text == version,
            or_(ConsentEvent.until.is_(None), ConsentEvent.until >= day),
            ~newer.exists(),
        )
        .correlate(ClassEntry)
        .exists()
    )


def class_lacking(purpose: Purpose, version: str, day: date) -> ColumnElement[bool]:
    """SchoolClass has a pupil on ``day`` for whom ``allowed`` is not so."""
    return SchoolClass.id.in_(
        select(ClassEntry.class_id).where(in_class(day), ~allowed(purpose, version, day))
    )


class LinkRepository(Repository[ConsentLink]):
    model = ConsentLink

    async def by_token(self, token_hash: str, kind: LinkKind) -> ConsentLink | None:
        return await self.one_or_none(
            self.base().where(ConsentLink.token_hash == token_hash, ConsentLink.kind == kind)
        )

    async def use(self, key: UUID, now: datetime) -> bool:
        """False when somebody was faster."""
        found = await self.session.execute(
            update(ConsentLink)
            .where(ConsentLink.id == key, ConsentLink.used_at.is_(None))
            .values(used_at=now)
        )
        return cast("CursorResult[Any]", found).rowcount == 1

    async def waiting(self, pupils: Sequence[UUID], now: datetime) -> set[UUID]:
        """Pupils whose guardians were asked and have not answered."""
        found = await self.session.execute(
            select(ConsentLink.pupil_id).where(
                ConsentLink.pupil_id.in_(pupils),
                ConsentLink.kind == LinkKind.ASK,
                ConsentLink.used_at.is_(None),
                ConsentLink.expires_at > now,
            )
        )
        return {*found.scalars()}

    async def forget(self, before: datetime) -> int:
        """Remove links that were over before that moment; how many."""
        found = await self.session.execute(
            delete(ConsentLink).where(ConsentLink.expires_at < before)
        )
        return cast("CursorResult[Any]", found).rowcount


class FormRepository(Repository[ConsentForm]):
    model = ConsentForm

    async def of_pupil(self, pupil_id: UUID) -> Sequence[ConsentForm]:
        """The newest first."""
        return await self.all(
            self.base().where(ConsentForm.pupil_id == pupil_id).order_by(ConsentForm.id.desc())
        )
