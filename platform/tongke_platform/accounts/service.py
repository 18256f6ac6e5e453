"""Rules of schools, accounts and logins."""

import hashlib
import secrets
from datetime import datetime, timedelta

from tongke_platform.accounts.models import Account, ApiToken, LoginSession, Role, School
from tongke_platform.accounts.passwords import Passwords
from tongke_platform.accounts.repository import (
    AccountRepository,
    ApiTokenRepository,
    LoginRepository,
    SchoolRepository,
)
from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.errors import N_, Conflict, Unauthorized


def hash_token(token: str) -> str:
    """SHA-256 in hex; enough for a token of 256 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()


async def create_school(session: WriteSession, *, code: str, name: str, region: str = "") -> School:
    """Raises Conflict ``school_exists``."""
    schools = SchoolRepository(session)
    if await schools.by_code(code) is not None:
        raise Conflict(N_("There is already a school with this code."), code="school_exists")
    return await schools.add(School(code=code, name=name, region=region))


async def create_account(
    session: WriteSession,
    *,
    username: str,
    display_name: str,
    password_hash: str,
    role: Role,
    school: School | None,
) -> Account:
    """``password_hash`` comes from ``Passwords.hash``, awaited before the transaction begins.

    Raises Conflict ``account_exists``.
    """
    accounts = AccountRepository(session)
    if await accounts.by_username(username) is not None:
        raise Conflict(N_("There is already an account with this name."), code="account_exists")
    account = Account(
        username=username,
        display_name=display_name,
        password_hash=password_hash,
        role=role,
        school=school,
    )
    return await accounts.add(account)


async def create_api_token(
    session: WriteSession, account: Account, *, label: str = "", expires_at: datetime | None = None
) -> str:
    """The token itself, which is shown once and stored only as its hash."""
    token = secrets.token_urlsafe(32)
    record = ApiToken(
        token_hash=hash_token(token), account_id=account.id, label=label, expires_at=expires_at
    )
    await ApiTokenRepository(session).add(record)
    return token


async def check_password(
    session: ReadSession, passwords: Passwords, username: str, password: str
) -> Account:
    """Raises Unauthorized ``wrong_login``, the same for an unknown name and a wrong password."""
    account = await AccountRepository(session).by_username(username)
    usable = account if account is not None and account.disabled_at is None else None
    fits = await passwords.verify(usable.password_hash if usable else None, password)
    if usable is None or not fits:
        raise Unauthorized(N_("The name or the password is not right."), code="wrong_login")
    return usable


async def log_in(
    session: WriteSession, account: Account, *, now: datetime, lifetime: timedelta
) -> str:
    """The value of the cookie."""
    logins = LoginRepository(session)
    await logins.remove_expired(account.id, now)
    token = secrets.token_urlsafe(32)
    await logins.add(
        LoginSession(token_hash=hash_token(token), account_id=account.id, expires_at=now + lifetime)
    )
    return token


async def log_out(session: WriteSession, token: str) -> None:
    await LoginRepository(session).remove(hash_token(token))


async def account_of_cookie(session: ReadSession, token: str, now: datetime) -> Account | None:
    return await AccountRepository(session).by_login(hash_token(token), now)


async def account_of_api_token(session: ReadSession, token: str, now: datetime) -> Account | None:
    return await AccountRepository(session).by_api_token(hash_token(token), now)
