"""JSON API of the ledger: what guardians agreed to, by class and by pupil."""

from uuid import UUID

from fastapi import APIRouter

from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.classes.repository import PupilRepository
from tongke_platform.consent import service
from tongke_platform.consent.models import ConsentEvent
from tongke_platform.consent.purposes import Purpose
from tongke_platform.consent.rights import READ
from tongke_platform.consent.schemas import EventOut, LedgerOut, PupilConsentOut
from tongke_platform.frame import Reading
from tongke_platform.organisations.models import Pupil

router = APIRouter(prefix="/api", tags=["consent"])


def _standing(pupil: Pupil, agreed: dict[Purpose, ConsentEvent]) -> PupilConsentOut:
    until = {purpose: event.until for purpose, event in agreed.items()}
    return PupilConsentOut(pupil_id=pupil.id, name=pupil.name, agreed=until)


@router.get("/classes/{class_id}/consent")
async def of_class(
    class_id: UUID, session: Reading, principal: RequiredPrincipal
) -> list[PupilConsentOut]:
    """Everybody on the list today."""
    found = await service.class_for(session, principal, class_id)
    listed = await PupilRepository(session).of_class(found.id, principal.today)
    keys = [pupil.id for pupil, _ in listed]
    agreed = await service.standing(session, keys, principal.today)
    return [_standing(pupil, agreed[pupil.id]) for pupil, _ in listed]


@router.get("/pupils/{pupil_id}/consent")
async def of_pupil(pupil_id: UUID, session: Reading, principal: RequiredPrincipal) -> LedgerOut:
    pupil = await service.pupil_for(session, principal, READ, pupil_id)
    agreed = await service.standing(session, [pupil.id], principal.today)
    events = await service.history(session, pupil)
    return LedgerOut(
        **_standing(pupil, agreed[pupil.id]).model_dump(),
        events=[EventOut.model_validate(one) for one in events],
    )
