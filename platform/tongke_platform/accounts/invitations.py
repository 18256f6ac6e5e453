"""Inviting people by link: into a post, by those who may give it."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from tongke_platform.accounts import service
from tongke_platform.accounts.models import Invitation
from tongke_platform.accounts.own import clean_name
from tongke_platform.accounts.repository import InvitationRepository
from tongke_platform.accounts.rights import INVITE, may_invite
from tongke_platform.accounts.strength import check_password
from tongke_platform.audit import service as audit
from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.errors import N_, Conflict, Forbidden, Invalid, NotFound
from tongke_platform.frame import Frame
from tongke_platform.organisations.models import Organisation, Region
from tongke_platform.organisations.repository import OrganisationRepository, RegionRepository
from tongke_platform.people import service as people
from tongke_platform.people.models import Person
from tongke_platform.people.repository import PersonRepository
from tongke_platform.people.roles import Role
from tongke_platform.rights import Principal

LIFE = timedelta(days=14)
GONE = N_("This invitation is not good any more. Please ask for a new one.")
NO_INVITATION = N_("There is no such invitation.")


@dataclass(frozen=True)
class Wanted:
    name: str
    role: Role
    organisation_id: UUID | None = None
    region_id: UUID | None = None
    post: str = ""


async def invite(
    session: WriteSession, frame: Frame, by: Principal, wanted: Wanted
) -> tuple[str, Invitation]:
    """The link's token, shown once. Raises Forbidden, NotFound for places that are not known."""
    place, region = await _where(session, by, wanted)
    if not may_invite(by, wanted.role, place, region.path if region else None):
        raise Forbidden(N_("You cannot invite anybody into this post."), code="no_invite")
    if place is not None and place.closed_on is not None and place.closed_on <= frame.today():
        raise Conflict(N_("This organisation is closed."), code="closed")
    token = secrets.token_urlsafe(32)
    record = Invitation(
        token_hash=service.hash_token(token),
        name=clean_name(wanted.name),
        role=wanted.role,
        organisation_id=place.id if place else None,
        region_id=region.id if region else None,
        post=clean_name(wanted.post) if wanted.post.strip() else "",
        invited_by_id=by.id,
        expires_at=frame.now() + LIFE,
    )
    invitations = InvitationRepository(session)
    await invitations.add(record)
    found = await invitations.by_token(record.token_hash)
    assert found is not None, "it was just made"
    audit.record(session, by, "invitation.made", found, place, {"role": wanted.role})
    return token, found


async def _where(
    session: ReadSession, by: Principal, wanted: Wanted
) -> tuple[Organisation | None, Region | None]:
    if wanted.organisation_id is not None and wanted.region_id is not None:
        raise Invalid(N_("Please choose a school or a region, not both."), code="two_places")
    place = region = None
    if wanted.organisation_id is not None:
        place = await OrganisationRepository(session).by_id(wanted.organisation_id)
        if place is None or not INVITE.allows(by, place):
            raise NotFound(N_("There is no such organisation."), code="no_organisation")
    if wanted.region_id is not None:
        region = await RegionRepository(session).by_id(wanted.region_id)
        if region is None or not INVITE.allows_anywhere(by):
            raise NotFound(N_("There is no such region."), code="no_region")
    return place, region


async def listed(
    session: ReadSession, by: Principal, *, before: UUID | None = None, limit: int = 50,
    open_at: datetime | None = None,
) -> Sequence[Invitation]:  # fmt: skip
    """The newest first, those of organisations the asker may invite to and the asker's own.

    ``open_at``: only those that could be taken at that moment. Raises Forbidden.
    """
    if not INVITE.allows_anywhere(by):
        raise Forbidden
    return await InvitationRepository(session).readable(
        INVITE.clause(by),
        everywhere=INVITE.allows_everywhere(by),
        by=by.id,
        before=before,
        limit=limit,
        open_at=open_at,
    )


async def unanswered(session: ReadSession, by: Principal, now: datetime) -> int:
    """How many of those ``listed`` shows are open still."""
    return await InvitationRepository(session).open(
        INVITE.clause(by), everywhere=INVITE.allows_everywhere(by), by=by.id, now=now
    )


async def places(session: ReadSession, by: Principal, *, limit: int) -> Sequence[Organisation]:
    """Where the asker may invite to."""
    return await InvitationRepository(session).places(INVITE.clause(by), limit)


async def one(session: ReadSession, by: Principal, key: UUID) -> Invitation:
    """Raises NotFound."""
    found = await InvitationRepository(session).by_id(key)
    if found is None or not _may_see(by, found):
        raise NotFound(NO_INVITATION, code="no_invitation")
    return found


async def revoke(session: WriteSession, frame: Frame, by: Principal, key: UUID) -> Invitation:
    """Raises NotFound, Conflict when it was used already."""
    found = await one(session, by, key)
    if not await InvitationRepository(session).revoke(key, frame.now()):
        raise Conflict(N_("This invitation was used or revoked already."), code="used")
    audit.record(session, by, "invitation.revoked", found, found.organisation_id)
    return found


def _may_see(by: Principal, found: Invitation) -> bool:
    if INVITE.allows_everywhere(by):
        return True
    if not INVITE.allows_anywhere(by):
        return False
    if found.invited_by_id == by.id:
        return True
    return found.organisation is not None and INVITE.allows(by, found.organisation)


async def opened(session: ReadSession, frame: Frame, token: str) -> Invitation:
    """What a link offers, while it does. Raises NotFound ``invitation_gone``."""
    found = await InvitationRepository(session).by_token(service.hash_token(token))
    good = (
        found is not None
        and found.used_at is None
        and found.revoked_at is None
        and found.expires_at > frame.now()
        and await _inviter_may(session, frame, found)
    )
    if found is None or not good:
        raise NotFound(GONE, code="invitation_gone")
    return found


async def _inviter_may(session: ReadSession, frame: Frame, found: Invitation) -> bool:
    """Whether who invited could still do so: a post that ended takes its open invitations along."""
    if found.invited_by_id is None:
        return False
    inviter = await service.principal_of(session, found.invited_by_id, frame.today())
    if inviter is None or inviter.person.deactivated_at or inviter.person.erased_at:
        return False
    path = found.region.path if found.region else None
    return may_invite(inviter, found.role, found.organisation, path)


async def join(
    frame: Frame, token: str, *, display_name: str, username: str, password: str
) -> Person:
    """A new person with the post. Raises NotFound ``invitation_gone``, Conflict ``name_taken``,
    Invalid ``bad_name``, ``weak_password``, ``empty_name``.
    """
    shown = clean_name(display_name)
    hashed = await frame.passwords.hash(check_password(password, shown, username))
    async with frame.database.write() as session:
        found = await _taken(session, frame, token)
        person = await people.create_person(session, display_name=shown, username=username)
        await service.set_password(session, person, hashed, frame.now())
        await _appoint(session, found, person)
    return person


async def accept(frame: Frame, token: str, by: Principal) -> Invitation:
    """Give the post to who is signed in. Raises NotFound ``invitation_gone``."""
    async with frame.database.write() as session:
        found = await _taken(session, frame, token)
        person = await PersonRepository(session).by_id(by.id)
        assert person is not None, "who asks is there"
        await _appoint(session, found, person)
    return found


async def _taken(session: WriteSession, frame: Frame, token: str) -> Invitation:
    found = await opened(session, frame, token)
    if not await InvitationRepository(session).use(found.id, frame.now()):
        raise NotFound(GONE, code="invitation_gone")
    return found


async def _appoint(session: WriteSession, found: Invitation, person: Person) -> None:
    await people.appoint(
        session,
        person,
        found.role,
        organisation=found.organisation,
        region=found.region,
        post=found.post,
        granted_by=found.invited_by_id,
    )
    await InvitationRepository(session).used_by(found.id, person.id)
    audit.record(session, None, "invitation.used", found, found.organisation_id)
