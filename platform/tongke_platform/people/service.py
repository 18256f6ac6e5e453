"""Rules of people and their posts."""

from datetime import date
from uuid import UUID

from tongke_platform.database import WriteSession
from tongke_platform.errors import N_, Conflict, Invalid
from tongke_platform.organisations.models import Organisation, Region
from tongke_platform.people.models import Membership, NameKind, Person, SignInName
from tongke_platform.people.repository import (
    MembershipRepository,
    PersonRepository,
    SignInNameRepository,
)
from tongke_platform.people.roles import SCOPES, Role, Scope

_PHONE_DIGITS = range(7, 16)


def normal_name(value: str) -> str:
    """As sign-in names are compared: no spaces or dashes in a phone number, mail in small letters."""
    text = value.strip().replace("\0", "")
    digits = text.replace(" ", "").replace("-", "").removeprefix("+86")
    if digits.isdecimal() and digits.isascii():
        return digits
    return text.lower() if "@" in text else text


def kind_of_name(value: str) -> NameKind:
    """What a name looks like; a staff number of digits must be said to be one."""
    if "@" in value:
        return NameKind.MAIL
    if value.isdecimal() and len(value) in _PHONE_DIGITS:
        return NameKind.PHONE
    return NameKind.NAME


async def create_person(session: WriteSession, *, display_name: str, username: str) -> Person:
    """A person with one sign-in name. Raises Conflict ``name_taken``."""
    person = await PersonRepository(session).add(Person(display_name=display_name))
    await add_name(session, person, username)
    return person


async def add_name(
    session: WriteSession,
    person: Person,
    value: str,
    *,
    kind: NameKind | None = None,
    organisation_code: str = "",
) -> SignInName:
    """Raises Conflict ``name_taken``, Invalid ``empty_name``."""
    value = normal_name(value)
    if not value:
        raise Invalid(N_("A sign-in name cannot be empty."), code="empty_name")
    if await PersonRepository(session).by_name(value, organisation_code):
        raise Conflict(N_("Somebody else signs in with this name."), code="name_taken")
    return await SignInNameRepository(session).add(
        SignInName(
            person_id=person.id,
            kind=kind or kind_of_name(value),
            value=value,
            organisation_code=organisation_code,
        )
    )


async def appoint(
    session: WriteSession,
    person: Person,
    role: Role,
    *,
    organisation: Organisation | None = None,
    region: Region | None = None,
    scope_id: UUID | None = None,
    post: str = "",
    starts_on: date | None = None,
    ends_on: date | None = None,
    granted_by: UUID | None = None,
) -> Membership:
    """Give a person a role. Raises Invalid ``wrong_scope`` when it cannot be held there."""
    scope = _scope(role, organisation, region, scope_id)
    if scope not in SCOPES[role]:
        raise Invalid(N_("This role cannot be held there."), code="wrong_scope")
    if starts_on and ends_on and ends_on < starts_on:
        raise Invalid(N_("The last day lies before the first."), code="wrong_days")
    return await MembershipRepository(session).add(
        Membership(
            person_id=person.id,
            role=role,
            scope=scope,
            organisation_id=organisation.id if organisation else None,
            region_id=region.id if region else None,
            scope_id=scope_id,
            post=post,
            starts_on=starts_on,
            ends_on=ends_on,
            granted_by_id=granted_by,
        )
    )


def _scope(
    role: Role, organisation: Organisation | None, region: Region | None, scope_id: UUID | None
) -> Scope:
    if organisation is not None:
        return Scope.ORGANISATION
    if region is not None:
        return Scope.REGION
    if scope_id is not None:
        return Scope.GROUP if Scope.GROUP in SCOPES[role] else Scope.LESSON
    return Scope.PLATFORM
