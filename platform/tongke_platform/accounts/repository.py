"""All SQL about passwords, sessions and API tokens."""

from collections.abc import Sequence
from datetime import date, datetime
from functools import cache
from typing import Any, cast
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Executable,
    Select,
    and_,
    bindparam,
    delete,
    func,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.orm import joinedload, selectinload

from tongke_platform.accounts.models import (
    ApiToken,
    CodeKind,
    Credential,
    Invitation,
    LinkedIdentity,
    LoginSession,
    OneTimeCode,
    RecoveryCode,
    SecondFactor,
)
from tongke_platform.database import ReadSession, Repository, WriteSession
from tongke_platform.organisations.models import Organisation
from tongke_platform.paging import count
from tongke_platform.people.models import Membership, NameKind, Person, SignInName
from tongke_platform.people.repository import in_force, with_posts
from tongke_platform.people.roles import Role, Scope

# Told with ``hashes``: of cookies and API tokens that open nothing any more.
CREDENTIALS_ENDED = "credentials.ended"


class CredentialRepository(Repository[Credential]):
    model = Credential

    async def of(self, person_id: UUID) -> Credential | None:
        return await self.one_or_none(self.base().where(Credential.person_id == person_id))


def _usable(statement: Select[*tuple[Any, ...]]) -> Select[Any]:
    return statement.where(Person.deactivated_at.is_(None), Person.erased_at.is_(None))


# Asked with every request, so put together once.
_HASH: Any = bindparam("hash")
_NOW: Any = bindparam("now")
_DAY: Any = bindparam("day")


@cache
def _signed_in() -> Select[Any]:
    statement = select(Person, LoginSession).join(LoginSession, LoginSession.person_id == Person.id)
    open_now = (LoginSession.token_hash == _HASH, LoginSession.expires_at > _NOW)
    return with_posts(_usable(statement.where(*open_now)), _DAY)


@cache
def _token_owner() -> Select[Any]:
    statement = select(Person, ApiToken).join(ApiToken, ApiToken.person_id == Person.id)
    statement = statement.where(
        ApiToken.token_hash == _HASH,
        ApiToken.revoked_at.is_(None),
        or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > _NOW),
    )
    return with_posts(_usable(statement), _DAY)


class LoginRepository(Repository[LoginSession]):
    model = LoginSession

    async def person_of(
        self, token_hash: str, now: datetime, day: date
    ) -> tuple[Person, LoginSession] | None:
        """Who is signed in with this cookie, with their posts of ``day``: one query."""
        asked = {"hash": token_hash, "now": now, "day": day}
        found: tuple[Person, LoginSession] | None = await _first(self.session, _signed_in(), asked)
        return found

    async def remove(self, token_hash: str) -> None:
        await self._remove(LoginSession.token_hash == token_hash)

    async def _remove(self, *which: ColumnElement[bool]) -> int:
        """How many. Here, so that no way to end a session leaves its sockets open."""
        found = await self.session.execute(
            delete(LoginSession)
            .where(*which)
            .returning(LoginSession.token_hash)
            .execution_options(synchronize_session=False)
        )
        hashes = [*found.scalars()]
        if hashes and isinstance(self.session, WriteSession):
            self.session.tell(CREDENTIALS_ENDED, hashes=hashes)
        return len(hashes)

    async def of(self, person_id: UUID, now: datetime) -> Sequence[LoginSession]:
        """The newest hundred that are still good, the latest seen first."""
        seen = func.coalesce(LoginSession.last_seen_at, LoginSession.created_at)
        return await self.all(
            self.base()
            .where(LoginSession.person_id == person_id, LoginSession.expires_at > now)
            .order_by(seen.desc(), LoginSession.id)
            .limit(100)
        )

    async def by_token(self, token_hash: str) -> LoginSession | None:
        return await self.one_or_none(self.base().where(LoginSession.token_hash == token_hash))

    async def remove_of(self, person_id: UUID, *, keep: str = "", only: UUID | None = None) -> int:
        """End all sessions of a person but the one whose hash is ``keep``, or ``only`` one."""
        which = [LoginSession.person_id == person_id, LoginSession.token_hash != keep]
        if only is not None:
            which.append(LoginSession.id == only)
        return await self._remove(*which)

    async def seen(
        self, key: UUID, address: str, now: datetime, before: datetime, expires_at: datetime | None
    ) -> None:
        """Unless that was noted since ``before``."""
        values: dict[str, Any] = {"last_seen_at": now, "address": address}
        if expires_at is not None:
            values["expires_at"] = expires_at
        statement = update(LoginSession).where(LoginSession.id == key, _unseen(before))
        await self.session.execute(statement.values(values))

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
        asked = {"hash": token_hash, "now": now, "day": day}
        found: tuple[Person, ApiToken] | None = await _first(self.session, _token_owner(), asked)
        return found

    async def of(self, person_id: UUID, now: datetime) -> Sequence[ApiToken]:
        """Those that still open something, the newest first."""
        return await self.all(
            self.base()
            .where(
                ApiToken.person_id == person_id,
                ApiToken.revoked_at.is_(None),
                or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > now),
            )
            .order_by(ApiToken.id.desc())
            .limit(200)
        )

    async def by_hash(self, token_hash: str) -> ApiToken | None:
        return await self.one_or_none(self.base().where(ApiToken.token_hash == token_hash))

    async def used(self, key: UUID, now: datetime, before: datetime) -> None:
        unused = or_(ApiToken.last_used_at.is_(None), ApiToken.last_used_at < before)
        statement = update(ApiToken).where(ApiToken.id == key, unused)
        await self.session.execute(statement.values(last_used_at=now))


class CodeRepository(Repository[OneTimeCode]):
    model = OneTimeCode

    async def try_one(
        self, now: datetime, max_tries: int, **which: UUID | CodeKind
    ) -> OneTimeCode | None:
        """Count one try against the newest good code; the row is ours until this transaction ends."""
        good = [getattr(OneTimeCode, name) == value for name, value in which.items()]
        good += [
            OneTimeCode.used_at.is_(None),
            OneTimeCode.expires_at > now,
            OneTimeCode.tries < max_tries,
        ]
        newest = select(OneTimeCode.id).where(*good).order_by(OneTimeCode.id.desc()).limit(1)
        statement = (
            update(OneTimeCode)
            .where(OneTimeCode.id.in_(newest.scalar_subquery()), *good)
            .values(tries=OneTimeCode.tries + 1)
            .returning(OneTimeCode)
            .execution_options(synchronize_session=False)
        )
        found: OneTimeCode | None = (await self.session.execute(statement)).scalar_one_or_none()
        return found

    async def use(self, key: UUID, now: datetime) -> bool:
        statement = update(OneTimeCode).where(OneTimeCode.id == key, OneTimeCode.used_at.is_(None))
        return await changed(self.session, statement.values(used_at=now)) == 1

    async def remove_of(self, person_id: UUID, kind: CodeKind | None = None) -> None:
        statement = delete(OneTimeCode).where(OneTimeCode.person_id == person_id)
        if kind is not None:
            statement = statement.where(OneTimeCode.kind == kind)
        await self.session.execute(statement)


class SecondFactorRepository(Repository[SecondFactor]):
    model = SecondFactor

    async def of(self, person_id: UUID) -> SecondFactor | None:
        return await self.one_or_none(self.base().where(SecondFactor.person_id == person_id))

    async def locked_of(self, person_id: UUID) -> SecondFactor | None:
        return await self.locked(self.base().where(SecondFactor.person_id == person_id))

    async def advance(self, key: UUID, step: int) -> bool:
        """Take a time step, once."""
        statement = update(SecondFactor).where(
            SecondFactor.id == key, SecondFactor.last_step < step
        )
        return await changed(self.session, statement.values(last_step=step)) == 1

    async def remove_of(self, person_id: UUID) -> None:
        for model in (SecondFactor, RecoveryCode):
            await self.session.execute(delete(model).where(model.person_id == person_id))


class RecoveryCodeRepository(Repository[RecoveryCode]):
    model = RecoveryCode

    async def use(self, person_id: UUID, code_hash: str, now: datetime) -> bool:
        statement = update(RecoveryCode).where(
            RecoveryCode.person_id == person_id,
            RecoveryCode.code_hash == code_hash,
            RecoveryCode.used_at.is_(None),
        )
        return await changed(self.session, statement.values(used_at=now)) == 1

    async def left(self, person_id: UUID) -> int:
        statement = select(func.count()).where(
            RecoveryCode.person_id == person_id, RecoveryCode.used_at.is_(None)
        )
        return (await self.session.execute(statement)).scalar_one()


class IdentityRepository(Repository[LinkedIdentity]):
    model = LinkedIdentity

    async def of(self, person_id: UUID) -> Sequence[LinkedIdentity]:
        return await self.all(
            self.base().where(LinkedIdentity.person_id == person_id).order_by(LinkedIdentity.id)
        )

    async def by_subject(self, issuer: str, subject: str) -> LinkedIdentity | None:
        return await self.one_or_none(
            self.base().where(LinkedIdentity.issuer == issuer, LinkedIdentity.subject == subject)
        )

    async def people_named(self, kind: NameKind, value: str) -> Sequence[Person]:
        """Those who may sign in with this name of this kind."""
        named = select(SignInName.person_id).where(
            SignInName.kind == kind, SignInName.value == value
        )
        statement = _usable(select(Person).where(Person.id.in_(named)))
        found: Sequence[Person] = (await self.session.execute(statement)).scalars().all()
        return found

    async def remove(self, person_id: UUID, key: UUID) -> bool:
        statement = delete(LinkedIdentity).where(
            LinkedIdentity.id == key, LinkedIdentity.person_id == person_id
        )
        return await changed(self.session, statement) == 1


def _theirs(places: ColumnElement[bool], by: UUID) -> ColumnElement[bool]:
    inside = Invitation.organisation_id.in_(select(Organisation.id).where(places))
    return or_(Invitation.invited_by_id == by, inside)


def _open(now: datetime) -> ColumnElement[bool]:
    return and_(
        Invitation.used_at.is_(None), Invitation.revoked_at.is_(None), Invitation.expires_at > now
    )


class InvitationRepository(Repository[Invitation]):
    """Every invitation read here has its place and its people loaded."""

    model = Invitation

    def base(self) -> Select[Any]:
        return select(Invitation).options(
            joinedload(Invitation.organisation),
            joinedload(Invitation.region),
            joinedload(Invitation.invited_by),
            joinedload(Invitation.used_by),
        )

    async def by_token(self, token_hash: str) -> Invitation | None:
        return await self.one_or_none(self.base().where(Invitation.token_hash == token_hash))

    async def readable(
        self, places: ColumnElement[bool], *, everywhere: bool, by: UUID, before: UUID | None,
        limit: int, open_at: datetime | None = None,
    ) -> Sequence[Invitation]:  # fmt: skip
        """Those to organisations of ``places``, and the asker's own; the newest first.

        ``open_at``: only those that could be taken at that moment.
        """
        statement = self.base()
        if not everywhere:
            statement = statement.where(_theirs(places, by))
        if open_at is not None:
            statement = statement.where(_open(open_at))
        if before is not None:
            statement = statement.where(Invitation.id < before)
        return await self.all(statement.order_by(Invitation.id.desc()).limit(limit))

    async def open(
        self, places: ColumnElement[bool], *, everywhere: bool, by: UUID, now: datetime
    ) -> int:
        statement = select(Invitation.id).where(_open(now))
        if not everywhere:
            statement = statement.where(_theirs(places, by))
        return await count(self.session, statement)

    async def places(self, places: ColumnElement[bool], limit: int) -> Sequence[Organisation]:
        """Open organisations one may choose from, by name."""
        statement = select(Organisation).where(places, Organisation.closed_on.is_(None))
        statement = statement.order_by(Organisation.name, Organisation.id).limit(limit)
        return (await self.session.execute(statement)).scalars().all()

    async def use(self, key: UUID, now: datetime) -> bool:
        """Take a good invitation; of two who do so at once, one gets it."""
        return await self._set(key, Invitation.expires_at > now, used_at=now)

    async def used_by(self, key: UUID, person_id: UUID) -> None:
        statement = update(Invitation).where(Invitation.id == key)
        await self.session.execute(statement.values(used_by_id=person_id))

    async def revoke(self, key: UUID, now: datetime) -> bool:
        return await self._set(key, true(), revoked_at=now)

    async def _set(self, key: UUID, condition: ColumnElement[bool], **values: Any) -> bool:
        statement = update(Invitation).where(
            Invitation.id == key,
            Invitation.used_at.is_(None),
            Invitation.revoked_at.is_(None),
            condition,
        )
        return await changed(self.session, statement.values(values)) == 1


class AdministratorRepository(Repository[Person]):
    model = Person

    async def platform(self, day: date) -> Sequence[Person]:
        """The platform's administrators of ``day``, with what they sign in with."""
        posts = select(Membership.person_id).where(
            Membership.role == Role.ADMIN, Membership.scope == Scope.PLATFORM, in_force(day)
        )
        statement = _usable(self.base().where(Person.id.in_(posts)))
        return await self.all(statement.options(selectinload(Person.names)).order_by(Person.id))


def _unseen(before: datetime) -> ColumnElement[bool]:
    return or_(LoginSession.last_seen_at.is_(None), LoginSession.last_seen_at < before)


async def changed(session: ReadSession, statement: Executable) -> int:
    """How many rows a statement changed."""
    found = cast(
        CursorResult[Any],
        await session.execute(statement, execution_options={"synchronize_session": False}),
    )
    return found.rowcount


async def _first(session: ReadSession, statement: Select[Any], asked: dict[str, Any]) -> Any:
    rows: list[Any] = [*(await session.execute(statement, asked)).unique().all()]
    return (rows[0][0], rows[0][1]) if rows else None
