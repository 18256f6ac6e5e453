"""Rules of signing in: passwords, sessions, API tokens, and the principal they make."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from tongke_platform.accounts.browsers import Visitor, browser_words
from tongke_platform.accounts.models import ApiToken, Credential, LoginSession
from tongke_platform.accounts.passwords import Passwords
from tongke_platform.accounts.repository import (
    ApiTokenRepository,
    CredentialRepository,
    LoginRepository,
)
from tongke_platform.accounts.strength import normal_password
from tongke_platform.audit.origin import known
from tongke_platform.database import Database, ReadSession, WriteSession
from tongke_platform.errors import N_, Unauthorized
from tongke_platform.people.models import Membership, Person
from tongke_platform.people.repository import EntrustmentRepository, PersonRepository
from tongke_platform.people.service import normal_name
from tongke_platform.rights import STAFF, UNKNOWN_WAY, Entrusted, Post, Principal, Role, Way

ADMINISTRATORS = frozenset({Role.ADMIN, Role.BUREAU_ADMIN, Role.SCHOOL_ADMIN})
SHARED_IDLE = timedelta(hours=2)
# What was begun with a login goes on after it has run out, until it is ended: a lesson at most.
OVER_FOR = timedelta(days=1)
SEEN_EVERY = timedelta(minutes=10)


def hash_token(token: str) -> str:
    """SHA-256 in hex; enough for a token of 256 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()


async def set_password(
    session: WriteSession, person: Person, password_hash: str, now: datetime
) -> None:
    """``password_hash`` comes from ``Passwords.hash``, awaited before the transaction begins."""
    credentials = CredentialRepository(session)
    found = await credentials.of(person.id)
    if found is None:
        await credentials.add(
            Credential(person_id=person.id, password_hash=password_hash, changed_at=now)
        )
    else:
        found.password_hash, found.changed_at = password_hash, now


async def create_api_token(
    session: WriteSession,
    person_id: UUID,
    *,
    label: str = "",
    scopes: Sequence[str] | None = None,
    expires_at: datetime | None = None,
) -> str:
    """The token itself, which is shown once and stored only as its hash."""
    token = secrets.token_urlsafe(32)
    record = ApiToken(
        token_hash=hash_token(token),
        person_id=person_id,
        label=label,
        scopes=None if scopes is None else sorted(scopes),
        expires_at=expires_at,
    )
    await ApiTokenRepository(session).add(record)
    return token


async def check_password(
    session: ReadSession, passwords: Passwords, username: str, password: str
) -> Person:
    """Raises Unauthorized ``wrong_login``, the same for an unknown name and a wrong password.

    A staff number that several schools use is written ``number@school-code``.
    """
    person = await person_named(session, username)
    credential = await CredentialRepository(session).of(person.id) if person else None
    fits = await passwords.verify(
        credential.password_hash if credential else None, normal_password(password)
    )
    if person is None or not fits:
        raise Unauthorized(N_("The name or the password is not right."), code="wrong_login")
    return person


async def person_named(session: ReadSession, username: str) -> Person | None:
    """Who signs in with this name, if it is one usable person."""
    people = PersonRepository(session)
    found = await people.by_name(normal_name(username))
    if not found and "@" in username:
        number, _, code = username.strip().rpartition("@")
        found = await people.by_name(normal_name(number), code)
    usable = [one for one in found if one.deactivated_at is None and one.erased_at is None]
    return usable[0] if len(usable) == 1 else None


async def log_in(
    session: WriteSession,
    person_id: UUID,
    *,
    now: datetime,
    lifetime: timedelta,
    visitor: Visitor | None = None,
    shared: bool = False,
    strong: bool = True,
) -> str:
    """The value of the cookie. A ``shared`` computer's session ends after ``SHARED_IDLE``."""
    logins = LoginRepository(session)
    await logins.remove_expired(person_id, now - OVER_FOR)
    token = secrets.token_urlsafe(32)
    record = LoginSession(
        token_hash=hash_token(token),
        person_id=person_id,
        expires_at=now + (SHARED_IDLE if shared else lifetime),
        last_seen_at=now,
        shared=shared,
        strong=strong,
    )
    if visitor is not None:
        record.device = browser_words(visitor.user_agent)
        record.address = visitor.address[:64]
    await logins.add(record)
    return token


async def note_login(database: Database, login: LoginSession, address: str, now: datetime) -> None:
    """Write down, every ten minutes at most, where a session is used."""
    before = now - SEEN_EVERY
    if login.last_seen_at is not None and login.last_seen_at >= before:
        return
    until = now + SHARED_IDLE if login.shared else None
    async with database.write() as session:
        await LoginRepository(session).seen(login.id, address[:64], now, before, until)


async def note_token(database: Database, token: ApiToken, now: datetime) -> None:
    before = now - SEEN_EVERY
    if token.last_used_at is not None and token.last_used_at >= before:
        return
    async with database.write() as session:
        await ApiTokenRepository(session).used(token.id, now, before)


async def log_out(session: WriteSession, token: str) -> None:
    await LoginRepository(session).remove(hash_token(token))


async def login_of_cookie(
    session: ReadSession, token: str, now: datetime, today: date
) -> tuple[Principal, LoginSession] | None:
    found = await LoginRepository(session).person_of(hash_token(token), now, today)
    if found is None:
        return None
    person, login = found
    known(person.id, login.acting_for_id)
    principal = await _principal(
        session,
        person,
        today,
        acting_for=login.acting_for_id,
        strong=login.strong,
        way=Way(login=login.id),
    )
    return principal, login


async def principal_of_cookie(
    session: ReadSession, token: str, now: datetime, today: date
) -> Principal | None:
    found = await login_of_cookie(session, token, now, today)
    return found[0] if found else None


async def owner_of_api_token(
    session: ReadSession, token: str, now: datetime, today: date
) -> tuple[Principal, ApiToken] | None:
    found = await ApiTokenRepository(session).person_of(hash_token(token), now, today)
    if found is None:
        return None
    person, record = found
    known(person.id, None, via=record.label)
    scopes = None if record.scopes is None else frozenset(record.scopes)
    way = Way(api_token=record.id)
    return await _principal(session, person, today, scopes=scopes, way=way), record


async def principal_of_api_token(
    session: ReadSession, token: str, now: datetime, today: date
) -> Principal | None:
    found = await owner_of_api_token(session, token, now, today)
    return found[0] if found else None


async def principal_of(
    session: ReadSession, person_id: UUID, today: date, *, way: Way = UNKNOWN_WAY
) -> Principal | None:
    """A person as they may act today, without a sign-in: for jobs, for programs of ours, and for
    what is open since they came by ``way``; None once that was ended, or they may not sign in.
    """
    strong = True
    if way.login is not None:
        login = await LoginRepository(session).by_id(way.login)
        if login is None:
            return None
        strong = login.strong
    if way.api_token is not None:
        token = await ApiTokenRepository(session).by_id(way.api_token)
        if token is None or token.revoked_at is not None:
            return None
    person = await PersonRepository(session).with_posts(person_id, today)
    if person is None or person.deactivated_at is not None:
        return None
    return await _principal(session, person, today, strong=strong, way=way)


async def _principal(
    session: ReadSession,
    person: Person,
    today: date,
    *,
    acting_for: UUID | None = None,
    scopes: frozenset[str] | None = None,
    strong: bool = True,
    way: Way = UNKNOWN_WAY,
) -> Principal:
    posts = tuple(
        _post(one) for one in person.memberships if strong or one.role not in ADMINISTRATORS
    )
    managers = {p.organisation_id for p in posts if p.role in STAFF and p.organisation_id}
    lent = await EntrustmentRepository(session).to([*managers], today) if managers else ()
    entrusted = tuple(Entrusted(e.manager_id, e.organisation_id, e.rule) for e in lent)
    return Principal(person, posts, today, entrusted, scopes, acting_for, way)


def _post(membership: Membership) -> Post:
    region = membership.region
    return Post(
        role=membership.role,
        scope=membership.scope,
        organisation_id=membership.organisation_id,
        region_path=region.path if region else None,
        scope_id=membership.scope_id,
    )
