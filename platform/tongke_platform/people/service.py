"""Rules of people and their posts."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.errors import N_, Conflict, Forbidden, Invalid, NotFound
from tongke_platform.organisations.models import Organisation, Region
from tongke_platform.people import rights
from tongke_platform.people.models import Membership, NameKind, Person, SignInName
from tongke_platform.people.repository import (
    MembershipRepository,
    PersonRepository,
    SignInNameRepository,
)
from tongke_platform.people.roles import SCOPES, Role, Scope
from tongke_platform.rights import Principal

NO_PERSON = N_("There is no such person.")
MAX_NAME = 64
_PHONE_DIGITS = range(7, 16)


def normal_name(value: str) -> str:
    """As sign-in names are compared: no spaces or dashes in a phone number, mail in small letters.

    Letters and digits that look the same in another width are the same (Unicode's NFKC).
    """
    text = unicodedata.normalize("NFKC", value[:200]).strip().replace("\0", "")
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
    if len(value) > MAX_NAME or not value.isprintable():
        raise Invalid(N_("This sign-in name is too long or has odd characters."), code="bad_name")
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


@dataclass(frozen=True)
class Known:
    """A person as ``by`` may see them: posts that they may see, and how many others there are."""

    person: Person
    posts: Sequence[Membership]
    elsewhere: int
    names: Sequence[SignInName]
    may_change: bool


async def seen(session: ReadSession, key: UUID, by: Principal) -> Known:
    """Raises NotFound, also for somebody ``by`` has nothing to do with."""
    person = await PersonRepository(session).by_id(key)
    posts = await MembershipRepository(session).of(key)
    shown = [post for post in posts if rights.may_see(by, post)]
    if person is None or person.erased_at is not None:
        raise NotFound(NO_PERSON, code="no_person")
    if not shown and by.id != key and not rights.READ.allows_everywhere(by):
        raise NotFound(NO_PERSON, code="no_person")
    changeable = _manages(by, posts)
    names = await SignInNameRepository(session).of(key)
    known = names if changeable or by.id == key else [_covered(name) for name in names]
    return Known(person, shown, len(posts) - len(shown), known, changeable)


def _manages(by: Principal, posts: Sequence[Membership]) -> bool:
    """Every post that holds or will; who holds none belongs to where they were last."""
    posts = rights.weighing(posts)
    now = [post for post in posts if post.ends_on is None or post.ends_on >= by.today]
    return bool(now or posts) and rights.may_change(by, now or posts)


def covered(value: str) -> str:
    """138****0001."""
    return value[:3] + "****" + value[-4:] if len(value) > 7 else "****"


def _covered(name: SignInName) -> SignInName:
    """Not the row itself: a copy no session knows."""
    value = name.value if name.kind is NameKind.STAFF else covered(name.value)
    return SignInName(
        id=name.id, kind=name.kind, value=value, organisation_code=name.organisation_code
    )


async def to_change(session: WriteSession, key: UUID, by: Principal) -> Person:
    """Locked. Raises NotFound, Forbidden ``not_above``."""
    known = await seen(session, key, by)
    if not known.may_change:
        raise Forbidden(rights.NOT_ABOVE, code="not_above")
    person = await PersonRepository(session).to_change(key)
    if person is None:
        raise NotFound(NO_PERSON, code="no_person")
    return person


async def rename(session: WriteSession, person: Person, name: str) -> None:
    """``person`` as ``to_change`` gives it, here and below."""
    person.display_name = name
    await session.flush()


async def remove_name(session: WriteSession, person: Person, key: UUID) -> None:
    """Raises NotFound, Conflict ``last_name``."""
    names = SignInNameRepository(session)
    of_person = await names.of(person.id)
    found = next((one for one in of_person if one.id == key), None)
    if found is None:
        raise NotFound
    if len(of_person) == 1:
        raise Conflict(N_("Nobody could sign in without a name."), code="last_name")
    await names.remove(found)


async def deactivate(session: WriteSession, person: Person, now: datetime, by: Principal) -> None:
    """They may not sign in any more; their posts and what they did stay.

    Raises Conflict ``oneself``.
    """
    if person.id == by.id:
        raise Conflict(N_("You cannot shut yourself out."), code="oneself")
    person.deactivated_at = person.deactivated_at or now
    await session.flush()


async def reactivate(session: WriteSession, person: Person) -> None:
    person.deactivated_at = None
    await session.flush()
