"""Signing in with somebody else's account: OpenID Connect Core 1.0, code flow with PKCE, by Authlib."""

import json
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import structlog
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from pydantic import BaseModel, Field, SecretStr, TypeAdapter, ValidationError

from tongke_platform.errors import N_, TongkeError

TIMEOUT_S = 10.0
KEPT_S = 3600.0
LEEWAY_S = 60
# Signatures that only the provider can make; never "none", never a shared secret.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]

log = structlog.get_logger(__name__)


class ProviderFailed(TongkeError):
    status = 502
    code = "provider_failed"
    message = N_("Signing in there did not work. Please try again, or sign in with your password.")


class Provider(BaseModel):
    """``trust_contacts``: its verified phone numbers and mail addresses tell who somebody is."""

    key: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")
    label: str = Field(min_length=1, max_length=40)
    issuer: str = Field(pattern=r"^https?://", max_length=255)
    client_id: str
    client_secret: SecretStr = SecretStr("")
    scope: str = "openid profile phone email"
    trust_contacts: bool = True


@dataclass(frozen=True)
class Begun:
    """Where to send the browser, and what has to be known when it comes back."""

    address: str
    state: str
    nonce: str
    verifier: str


class OpenIDClient:
    """One provider. What it publishes about itself is asked once an hour."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self._kept: dict[str, tuple[float, dict[str, Any]]] = {}

    async def begin(self, redirect_uri: str) -> Begun:
        """Raises ProviderFailed."""
        metadata = await self._metadata()
        nonce, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
        async with self._client(redirect_uri) as client:
            address, state = client.create_authorization_url(
                metadata["authorization_endpoint"], code_verifier=verifier, nonce=nonce
            )
        return Begun(address, state, nonce, verifier)

    async def finish(
        self, redirect_uri: str, code: str, verifier: str, nonce: str
    ) -> Mapping[str, Any]:
        """The proven claims, with those of the userinfo endpoint. Raises ProviderFailed."""
        try:
            return await self._finish(redirect_uri, code, verifier, nonce)
        except (AuthlibBaseError, JoseError, httpx2.HTTPError, KeyError, ValueError) as error:
            log.warning("sign-in elsewhere failed", provider=self.provider.key, error=_said(error))
            raise ProviderFailed from error

    async def _finish(
        self, redirect_uri: str, code: str, verifier: str, nonce: str
    ) -> Mapping[str, Any]:
        metadata = await self._metadata()
        async with self._client(redirect_uri) as client:
            token = await client.fetch_token(
                metadata["token_endpoint"], code=code, code_verifier=verifier
            )
            claims = await self._read(token, nonce)
            extra: Mapping[str, Any] = {}
            if address := metadata.get("userinfo_endpoint"):
                extra = (await client.get(address)).raise_for_status().json()
        # OpenID Connect Core 1.0 section 5.3.2: another subject's claims must not be used.
        if extra and extra.get("sub") != claims["sub"]:
            raise ValueError("userinfo of another subject")
        return {**extra, **claims}

    async def _read(self, token: Mapping[str, Any], nonce: str) -> Mapping[str, Any]:
        """Check the ID token (section 3.1.3.7). The nonce is not optional to us."""
        try:
            read = jwt.decode(token["id_token"], await self._keys(), algorithms=ALGORITHMS)
        except InvalidKeyIdError:
            # The provider has changed its keys since we asked.
            self._kept.clear()
            read = jwt.decode(token["id_token"], await self._keys(), algorithms=ALGORITHMS)
        options = {
            "iss": {"essential": True, "value": self.provider.issuer},
            "aud": {"essential": True, "value": self.provider.client_id},
            "nonce": {"essential": True, "value": nonce},
        }
        params = {
            "nonce": nonce,
            "client_id": self.provider.client_id,
            "access_token": token.get("access_token"),
        }
        claims = CodeIDToken(read.claims, read.header, options, params)
        claims.validate(leeway=LEEWAY_S)
        if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= 255:
            raise ValueError("not a subject")
        return dict(claims)

    async def _metadata(self) -> dict[str, Any]:
        """OpenID Connect Discovery 1.0 section 4; the issuer must name itself (section 4.3)."""
        found = await self._get(
            self.provider.issuer.rstrip("/") + "/.well-known/openid-configuration"
        )
        if found.get("issuer") != self.provider.issuer:
            log.warning("provider names another issuer", provider=self.provider.key)
            raise ProviderFailed
        return found

    async def _keys(self) -> KeySet:
        metadata = await self._metadata()
        return KeySet.import_key_set(await self._get(metadata["jwks_uri"]))  # type: ignore[arg-type]  # checked by it

    async def _get(self, address: str) -> dict[str, Any]:
        until, found = self._kept.get(address, (0.0, {}))
        if time.monotonic() < until:
            return found
        try:
            async with httpx2.AsyncClient(timeout=TIMEOUT_S) as client:
                answer: dict[str, Any] = (await client.get(address)).raise_for_status().json()
        except (httpx2.HTTPError, ValueError) as error:
            log.warning("provider away", provider=self.provider.key, error=_said(error))
            raise ProviderFailed from error
        self._kept[address] = (time.monotonic() + KEPT_S, answer)
        return answer

    # Authlib's __aenter__ is declared in a way pyright does not take for one.
    def _client(self, redirect_uri: str) -> Any:
        return AsyncOAuth2Client(
            self.provider.client_id,
            self.provider.client_secret.get_secret_value() or None,
            token_endpoint_auth_method=None if self._has_secret else "none",
            scope=self.provider.scope,
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
            timeout=TIMEOUT_S,
        )

    @property
    def _has_secret(self) -> bool:
        return bool(self.provider.client_secret.get_secret_value())


class Providers:
    """Those the settings name, in their order."""

    def __init__(self, providers: Iterable[Provider] = ()) -> None:
        self._clients = {one.key: OpenIDClient(one) for one in providers}

    def __iter__(self) -> Iterator[Provider]:
        return (client.provider for client in self._clients.values())

    def get(self, key: str) -> OpenIDClient | None:
        return self._clients.get(key)

    def label(self, issuer: str) -> str:
        """What people call it; its address when it is not among the settings any more."""
        return next((one.label for one in self if one.issuer == issuer), issuer)


def read_providers(path: Path | None) -> Providers:
    """Raises ValueError with one line that says what is wrong."""
    if path is None:
        return Providers()
    try:
        found = TypeAdapter(list[Provider]).validate_python(json.loads(path.read_text("utf-8")))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise ValueError(f"TONGKE_OIDC_FILE: {where}: {first['msg']}") from None
    except (OSError, ValueError) as error:
        raise ValueError(f"TONGKE_OIDC_FILE: {type(error).__name__}") from None
    if len({one.key for one in found}) != len(found):
        raise ValueError("TONGKE_OIDC_FILE: the same key twice")
    return Providers(found)


def _said(error: Exception) -> str:
    """What failed, without what was sent."""
    return f"{type(error).__name__} {getattr(error, 'error', '')}".strip()
