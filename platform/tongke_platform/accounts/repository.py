"""All SQL about passwords, sessions and API tokens."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, or_, select

from tongke_platform.accounts.models import ApiToken, Credential, LoginSession
from tongke_platform.database import ReadSession, Repository
from tongke_platform.people.models import Person
from tongke_platform.people.repository import with_posts


class CredentialRepository(Repository[Credential]):
    model = Credential

    async def of(self, person_id: UUID) -> Credential | None:
        return await self.one_or_none(self.base().where(Credential.person_id == person_id))


def _usable(statement: Select[*tuple[Any, ...]]) -> Select[Any]:
    return statement.where(Person.deactivated_at.is_(None), Person.erased_at.is_(None))


class LoginRepository(Repository[LoginSession]):
    model = LoginSession

    async def person_of(
        self, token_hash: str, now: datetime, day: date
    ) -> tuple[Person, LoginSession] | None:
        """Who is signed in with this cookie, with their posts of ``day``: one query."""
        statement = select(Person, LoginSession).join(
            LoginSession, LoginSession.person_id == Person.id
        )
        statement = statement.where(
            LoginSession.token_hash == token_hash, LoginSession.expires_at > now
        )
        found: tuple[Person, LoginSession] | None = await _first(
            self.session, with_posts(_usable(statement), day)
        )
        return found

    async def remove(self, token_hash: str) -> None:
        await self.session.execute(
            delete(LoginSession).where(LoginSession.token_hash == token_hash)
        )

    async def remove_expired(self, person_id: UUID, now: datetime) -> None:
        await self.session.execute(
            delete(LoginSession).where(
                LoginSession.person_id == person_id, LoginSession.expires_at <= now
            )
        )


class ApiTokenRepository(Repository[ApiToken]):
    model = ApiToken

    async def person_of(
        self, token_hash: str, now: datetime, day: date
    ) -> tuple[Person, ApiToken] | None:
        """Whose token this is, with their posts of ``day``: one query."""
        statement = select(Person, ApiToken).join(ApiToken, ApiToken.person_id == Person.id)
        statement = statement.where(
            ApiToken.token_hash == token_hash,
            ApiToken.revoked_at.is_(None),
            or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > now),
        )
        found: tuple[Person, ApiToken] | None = await _first(
            self.session, with_posts(_usable(statement), day)
        )
        return found


async def _first(session: ReadSession, statement: Select[Any]) -> Any:
    rows: list[Any] = [*(await session.execute(statement)).unique().all()]
    return (rows[0][0], rows[0][1]) if rows else None
