"""What people change about their own account."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from tongke_platform.accounts import second, service
from tongke_platform.accounts.limiter import Limit
from tongke_platform.accounts.models import ApiToken, LinkedIdentity, LoginSession
from tongke_platform.accounts.repository import (
    CREDENTIALS_ENDED,
    ApiTokenRepository,
    CredentialRepository,
    IdentityRepository,
    LoginRepository,
    RecoveryCodeRepository,
)
from tongke_platform.accounts.scopes import check_asked
from tongke_platform.accounts.strength import check_password, normal_password
from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.errors import N_, Conflict, Invalid, NotFound
from tongke_platform.frame import Frame
from tongke_platform.people.models import Person
from tongke_platform.people.repository import PersonRepository
from tongke_platform.rights import Principal

OWN_PASSWORD = Limit("own-password", burst=5, refill_s=60)
MAX_NAME = 80
MAX_TOKENS = 50
NOTHING = N_("There is nothing at this address.")


@dataclass(frozen=True)
class Account:
    """Everything the page of an account shows. ``current`` is the session that asks."""

    person: Person
    sessions: Sequence[LoginSession]
    tokens: Sequence[ApiToken]
    identities: Sequence[LinkedIdentity]
    current: LoginSession | None
    has_password: bool
    second_on: bool
    recovery_left: int


async def account_of(session: ReadSession, frame: Frame, by: Principal, cookie: str) -> Account:
    person = await PersonRepository(session).full(by.id)
    assert person is not None, "who asks is there"
    logins, now = LoginRepository(session), frame.now()
    return Account(
        person=person,
        sessions=await logins.of(by.id, now),
        tokens=await ApiTokenRepository(session).of(by.id, now),
        identities=await IdentityRepository(session).of(by.id),
        current=await logins.by_token(service.hash_token(cookie)) if cookie else None,
        has_password=await CredentialRepository(session).of(by.id) is not None,
        second_on=await second.is_on(session, by.id),
        recovery_left=await RecoveryCodeRepository(session).left(by.id),
    )


def clean_name(name: str) -> str:
    """A name as it is shown: composed characters, nothing invisible. Raises Invalid ``bad_name``."""
    text = unicodedata.normalize("NFKC", name[: 4 * MAX_NAME])
    shown = "".join(one for one in text if one == " " or unicodedata.category(one)[0] not in "CZ")
    shown = " ".join(shown.split())
    if not shown or len(shown) > MAX_NAME or len(name) > 4 * MAX_NAME:
        raise Invalid(N_("Please enter a name of at most 80 characters."), code="bad_name")
    return shown


async def change_person(
    session: WriteSession, by: Principal, *, display_name: str | None, language: str | None
) -> Person:
    """Raises Invalid ``bad_name`` or ``bad_language``."""
    person = await PersonRepository(session).by_id(by.id)
    assert person is not None, "who asks is there"
    if display_name is not None:
        person.display_name = clean_name(display_name)
    if language is not None:
        if language not in {"", "zh_CN", "en"}:
            raise Invalid(N_("This language is not known."), code="bad_language")
        person.language = language
    await session.flush()
    return person


async def change_password(
    frame: Frame, by: Principal, address: str, old: str, new: str, keep: str
) -> None:
    """Other sessions than that of the cookie ``keep`` end. ``old`` is not asked of those who have none.

    Raises Invalid ``wrong_password``, Invalid ``weak_password``, TooMany.
    """
    await frame.limiter.take(OWN_PASSWORD, f"{by.id} {address}")
    async with frame.database.read() as session:
        person = await PersonRepository(session).full(by.id)
        credential = await CredentialRepository(session).of(by.id)
    assert person is not None, "who asks is there"
    if credential is not None and not await frame.passwords.verify(
        credential.password_hash, normal_password(old)
    ):
        raise Invalid(N_("The old password is not right."), code="wrong_password")
    own = [person.display_name, *(name.value for name in person.names)]
    hashed = await frame.passwords.hash(check_password(new, *own))
    async with frame.database.write() as session:
        await service.set_password(session, person, hashed, frame.now())
        await LoginRepository(session).remove_of(
            by.id, keep=service.hash_token(keep) if keep else ""
        )


async def act_for(
    session: WriteSession, by: Principal, cookie: str, organisation_id: UUID | None
) -> None:
    """Choose the school this session acts for. Raises Invalid ``no_post_there``, Conflict."""
    if organisation_id is not None and organisation_id not in by.organisation_ids:
        raise Invalid(N_("You hold no post there."), code="no_post_there")
    login = await LoginRepository(session).by_token(service.hash_token(cookie))
    if login is None or login.person_id != by.id:
        raise Conflict(N_("Only a browser that is signed in can choose this."), code="no_session")
    login.acting_for_id = organisation_id


async def mark_strong(session: WriteSession, by: Principal, cookie: str) -> None:
    """This session has shown the second step: administrators' rights count in it again."""
    login = await LoginRepository(session).by_token(service.hash_token(cookie))
    if login is not None and login.person_id == by.id:
        login.strong = True


async def session_of(session: ReadSession, frame: Frame, by: Principal, key: UUID) -> LoginSession:
    """One's own that is still good. Raises NotFound."""
    found = await LoginRepository(session).by_id(key)
    if found is None or found.person_id != by.id or found.expires_at <= frame.now():
        raise NotFound(NOTHING)
    return found


async def end_session(session: WriteSession, by: Principal, key: UUID) -> None:
    """Raises NotFound."""
    if not await LoginRepository(session).remove_of(by.id, only=key):
        raise NotFound(NOTHING)


async def end_others(session: WriteSession, by: Principal, cookie: str) -> int:
    """How many ended."""
    keep = service.hash_token(cookie) if cookie else ""
    return await LoginRepository(session).remove_of(by.id, keep=keep)


async def make_token(
    session: WriteSession,
    frame: Frame,
    by: Principal,
    *,
    label: str,
    scopes: Sequence[str],
    days: int | None,
) -> tuple[str, ApiToken]:
    """The token, shown once. Raises Invalid ``no_scope``, Conflict ``many_tokens``."""
    tokens = ApiTokenRepository(session)
    if len(await tokens.of(by.id, frame.now())) >= MAX_TOKENS:
        raise Conflict(N_("Please revoke a token first: there are very many."), code="many_tokens")
    expires_at = frame.now() + timedelta(days=days) if days else None
    token = await service.create_api_token(
        session, by.id, label=clean_name(label), scopes=check_asked(scopes), expires_at=expires_at
    )
    found = await tokens.by_hash(service.hash_token(token))
    assert found is not None, "it was just made"
    return token, found


async def token_of(session: ReadSession, by: Principal, key: UUID) -> ApiToken:
    """One's own that was not revoked. Raises NotFound."""
    found = await ApiTokenRepository(session).by_id(key)
    if found is None or found.person_id != by.id or found.revoked_at is not None:
        raise NotFound(NOTHING)
    return found


async def revoke_token(session: WriteSession, frame: Frame, by: Principal, key: UUID) -> None:
    """Raises NotFound."""
    found = await token_of(session, by, key)
    found.revoked_at = frame.now()
    session.tell(CREDENTIALS_ENDED, hashes=[found.token_hash])


async def switch_off_second(frame: Frame, by: Principal, address: str, code: str) -> None:
    """Only with a code: who finds a screen unlocked cannot. Raises Invalid ``wrong_code``."""
    if not await second.check(frame, by.id, address, code):
        raise Invalid(N_("This code is not right."), code="wrong_code")
    async with frame.database.write() as session:
        await second.switch_off(session, by.id)


async def unlink(session: WriteSession, by: Principal, key: UUID) -> None:
    """Raises NotFound, Conflict when nothing else is left to sign in with."""
    identities = IdentityRepository(session)
    if (
        await CredentialRepository(session).of(by.id) is None
        and len(await identities.of(by.id)) == 1
    ):
        raise Conflict(N_("Please set a password first."), code="last_way_in")
    if not await identities.remove(by.id, key):
        raise NotFound(NOTHING)
