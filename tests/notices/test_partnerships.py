"""The other side of a partnership is told of every step, and nobody else."""

import pytest

from tests.makers import Makers, Someone
from tongke_platform.accounts import service as accounts
from tongke_platform.frame import Frame
from tongke_platform.notices import service as inbox
from tongke_platform.partnerships import service
from tongke_platform.partnerships.models import Act
from tongke_platform.people.roles import Role


async def kinds(frame: Frame, someone: Someone) -> list[str]:
    """What somebody has been told, the oldest first."""
    async with frame.database.read() as session:
        return [one.kind for one in reversed(await inbox.inbox(session, someone.id))]


@pytest.mark.parametrize("act", [Act.PAUSE, Act.END])
async def test_every_step(make: Makers, frame: Frame, act: Act) -> None:
    lead, partner = await make.school(), await make.school()
    ours = await make.person(lead, Role.PRINCIPAL)
    theirs = await make.person(partner, Role.SCHOOL_ADMIN)
    teacher = await make.person(partner)
    made = await make.partnership(lead, partner)
    async with frame.database.write() as session:
        by = await accounts.principal_of(session, ours.id, frame.today())
        assert by is not None
        await service.change(frame, session, by, made.id, act, reason="停电")
    told = await kinds(frame, theirs)
    assert told[0] == "partnership.proposed"
    assert "partnership.accepted" in told
    assert told[-1] == f"partnership.{act}{'d' if act is Act.PAUSE else 'ed'}"
    assert await kinds(frame, ours) == ["partnership.accepted"]
    assert await kinds(frame, teacher) == []


async def test_it_says_who_and_leads_there(make: Makers, frame: Frame) -> None:
    lead, partner = await make.school(), await make.school()
    theirs = await make.person(partner, Role.PRINCIPAL)
    made = await make.partnership(lead, partner, accepted=False, name="山水结对")
    async with frame.database.read() as session:
        [notice] = await inbox.inbox(session, theirs.id)
    assert notice.params["school"] == lead.name
    assert notice.params["partnership"] == "山水结对"
    assert notice.link == f"/admin/partnerships/{made.id}"
    assert notice.organisation_id == partner.id
