"""Accounts elsewhere: whose they are here. Nobody gets an account or a post by signing in elsewhere."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from tongke_platform.accounts import service
from tongke_platform.accounts.models import LinkedIdentity
from tongke_platform.accounts.oidc import OpenIDClient, Provider
from tongke_platform.accounts.repository import IdentityRepository
from tongke_platform.database import WriteSession
from tongke_platform.errors import N_, Conflict, Forbidden, Invalid, NotFound, Unauthorized
from tongke_platform.frame import Frame
from tongke_platform.people.models import NameKind, Person
from tongke_platform.people.repository import PersonRepository
from tongke_platform.people.service import normal_name
from tongke_platform.rights import Principal

FLOW_S = 600
NOT_LINKED = N_(
    "Nobody here is linked with that account yet. Please sign in as usual once and link it on the "
    "page of your account."
)
STALE = N_("That took too long, or began in another browser. Please try again.")


@dataclass(frozen=True)
class Started:
    """Where to send the browser, and the sealed note it brings back."""

    address: str
    note: str


@dataclass(frozen=True)
class Found:
    """Who came back. ``linked``: they were signed in and have added the account to their own."""

    person_id: UUID
    name: str
    next: str
    shared: bool
    linked: bool


def _client(frame: Frame, key: str) -> OpenIDClient:
    client = frame.providers.get(key)
    if client is None:
        raise NotFound
    return client


def link_token(frame: Frame, person_id: UUID, cookie: str) -> str:
    """Proves that linking was begun on the account's own page, in this very session."""
    note = {"person": str(person_id), "session": service.hash_token(cookie)}
    return frame.keys.seal("link", note, frame.now() + timedelta(seconds=FLOW_S))


async def begin(
    frame: Frame, key: str, redirect_uri: str, *, next: str, shared: bool, link_token: str = ""
) -> Started:
    """Raises NotFound, ProviderFailed, Invalid ``stale``."""
    link = ""
    if link_token:
        note = frame.keys.unseal("link", link_token, frame.now())
        if note is None:
            raise Invalid(STALE, code="stale")
        link = note["person"]
    begun = await _client(frame, key).begin(redirect_uri)
    kept = {
        "key": key,
        "state": begun.state,
        "nonce": begun.nonce,
        "verifier": begun.verifier,
        "next": next,
        "shared": shared,
        "link": link,
    }
    until = frame.now() + timedelta(seconds=FLOW_S)
    return Started(begun.address, frame.keys.seal("oidc", kept, until))


async def finish(
    frame: Frame,
    key: str,
    redirect_uri: str,
    note: str,
    *,
    code: str,
    state: str,
    principal: Principal | None,
) -> Found:
    """Raises Invalid ``stale``, ProviderFailed, Unauthorized ``not_linked``, Conflict, Forbidden."""
    client = _client(frame, key)
    kept = frame.keys.unseal("oidc", note, frame.now())
    if (
        kept is None
        or kept["key"] != key
        or not secrets.compare_digest(kept["state"].encode(), state.encode())
    ):
        raise Invalid(STALE, code="stale")
    claims = await client.finish(redirect_uri, code, kept["verifier"], kept["nonce"])
    async with frame.database.write() as session:
        if kept["link"]:
            if principal is None or str(principal.id) != kept["link"]:
                raise Invalid(STALE, code="stale")
            person = await _link(session, frame, client.provider, claims, principal.person)
        else:
            person = await _person(session, frame, client.provider, claims)
    name = f"{client.provider.key} {claims['sub']}"
    return Found(person.id, name, kept["next"], kept["shared"], bool(kept["link"]))


async def _link(
    session: WriteSession,
    frame: Frame,
    provider: Provider,
    claims: Mapping[str, Any],
    person: Person,
) -> Person:
    identities = IdentityRepository(session)
    found = await identities.by_subject(provider.issuer, claims["sub"])
    if found is not None and found.person_id != person.id:
        raise Conflict(N_("That account is linked with somebody else here."), code="linked")
    if found is None:
        found = await identities.add(
            LinkedIdentity(person_id=person.id, issuer=provider.issuer, subject=claims["sub"])
        )
    found.last_used_at = frame.now()
    return person


async def _person(
    session: WriteSession, frame: Frame, provider: Provider, claims: Mapping[str, Any]
) -> Person:
    """By the link; the first time by a verified phone number or mail address."""
    people, identities = PersonRepository(session), IdentityRepository(session)
    found = await identities.by_subject(provider.issuer, claims["sub"])
    if found is not None:
        person = await people.by_id(found.person_id)
        if person is None or person.deactivated_at or person.erased_at:
            raise Unauthorized(NOT_LINKED, code="not_linked")
        found.last_used_at = frame.now()
        return person
    known = await _known(session, provider, claims)
    if known is None:
        raise Unauthorized(NOT_LINKED, code="not_linked")
    principal = await service.principal_of(session, known.id, frame.today())
    if principal is None or any(post.role in service.ADMINISTRATORS for post in principal.posts):
        raise Forbidden(
            N_("Administrators link such an account on their own page, after signing in."),
            code="admin_links",
        )
    return await _link(session, frame, provider, claims, known)


async def _known(
    session: WriteSession, provider: Provider, claims: Mapping[str, Any]
) -> Person | None:
    """The one person whose verified phone number or mail address the provider names."""
    if not provider.trust_contacts:
        return None
    wanted = {
        NameKind.PHONE: claims.get("phone_number")
        if claims.get("phone_number_verified") is True
        else None,
        NameKind.MAIL: claims.get("email") if claims.get("email_verified") is True else None,
    }
    found: dict[UUID, Person] = {}
    for kind, value in wanted.items():
        name = normal_name(value) if isinstance(value, str) else ""
        if name:
            for person in await IdentityRepository(session).people_named(kind, name):
                found[person.id] = person
    return next(iter(found.values())) if len(found) == 1 else None
