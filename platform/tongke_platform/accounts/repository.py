"""All SQL about schools, accounts and logins."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, or_, select
from sqlalchemy.orm import joinedload

from tongke_platform.accounts.models import Account, ApiToken, LoginSession, School
from tongke_platform.database import Repository


class SchoolRepository(Repository[School]):
    model = School

    async def by_code(self, code: str) -> School | None:
        return await self.one_or_none(self.base().where(School.code == code))


class AccountRepository(Repository[Account]):
    model = Account

    def base(self) -> Select[Any]:
        return select(Account).options(joinedload(Account.school))

    async def by_username(self, username: str) -> Account | None:
        return await self.one_or_none(self.base().where(Account.username == username))

    async def by_login(self, token_hash: str, now: datetime) -> Account | None:
        statement = self.base().join(LoginSession, LoginSession.account_id == Account.id)
        return await self.one_or_none(
            statement.where(
                LoginSession.token_hash == token_hash,
                LoginSession.expires_at > now,
                Account.disabled_at.is_(None),
            )
        )

    async def by_api_token(self, token_hash: str, now: datetime) -> Account | None:
        statement = self.base().join(ApiToken, ApiToken.account_id == Account.id)
        return await self.one_or_none(
            statement.where(
                ApiToken.token_hash == token_hash,
                ApiToken.revoked_at.is_(None),
                or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > now),
                Account.disabled_at.is_(None),
            )
        )


class LoginRepository(Repository[LoginSession]):
    model = LoginSession

    async def remove(self, token_hash: str) -> None:
        await self.session.execute(
            delete(LoginSession).where(LoginSession.token_hash == token_hash)
        )

    async def remove_expired(self, account_id: UUID, now: datetime) -> None:
        await self.session.execute(
            delete(LoginSession).where(
                LoginSession.account_id == account_id, LoginSession.expires_at <= now
            )
        )


class ApiTokenRepository(Repository[ApiToken]):
    model = ApiToken
