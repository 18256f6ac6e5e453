"""What the other sides are told of a partnership's steps."""

from tongke_platform import notices
from tongke_platform.database import WriteSession
from tongke_platform.notices.kinds import (
    PARTNERSHIP_ACCEPTED,
    PARTNERSHIP_DECLINED,
    PARTNERSHIP_ENDED,
    PARTNERSHIP_PAUSED,
    PARTNERSHIP_PROPOSED,
    PARTNERSHIP_RESUMED,
)
from tongke_platform.partnerships.models import Act, PartnershipStep
from tongke_platform.partnerships.repository import PartnershipRepository
from tongke_platform.people.roles import Role
from tongke_platform.rights import Principal

TOLD = frozenset({Role.PRINCIPAL, Role.SCHOOL_ADMIN})
KIND_OF = {
    Act.PROPOSE: PARTNERSHIP_PROPOSED,
    Act.ACCEPT: PARTNERSHIP_ACCEPTED,
    Act.DECLINE: PARTNERSHIP_DECLINED,
    Act.WITHDRAW: PARTNERSHIP_DECLINED,
    Act.PAUSE: PARTNERSHIP_PAUSED,
    Act.RESUME: PARTNERSHIP_RESUMED,
    Act.END: PARTNERSHIP_ENDED,
}


async def stepped(session: WriteSession, by: Principal, step: PartnershipStep) -> None:
    """In the transaction of the step, to every side but the one that took it."""
    found = await PartnershipRepository(session).by_id(step.partnership_id)
    assert found is not None, "the step is one of its own"
    sides = {one.organisation_id: one.organisation for one in found.sides}
    own = sides.get(step.organisation_id) if step.organisation_id else None
    acting = own.name if own else ""
    for key in sides:
        if key == step.organisation_id:
            continue
        await notices.tell_school(
            session,
            school_id=key,
            roles=TOLD,
            day=by.today,
            kind=KIND_OF[step.act],
            params={
                "by": by.name,
                "school": acting,
                "partnership": found.name,
            },
            link=f"/admin/partnerships/{found.id}",
            key=f"partnership:{step.id}",
        )
