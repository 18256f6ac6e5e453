"""Tokens of one lesson and one act, signed by the server (JWT, RFC 7519, HS256 only)."""

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import jwt
from pydantic import BaseModel, ValidationError

from tongke_platform.errors import N_, Unauthorized
from tongke_platform.rights import UNKNOWN_WAY, Way

ALGORITHM = "HS256"
Act = Literal["publish", "watch"]


class MediaClaims(BaseModel, frozen=True):
    """What a token says. ``holder`` publishes; ``label`` and ``room`` are who watches.

    ``login`` or ``api_token`` is what its holder was signed in by when they asked for it.
    """

    lesson: str
    act: Act
    holder: str
    source: str = "lead"
    label: str = ""
    room: str | None = None
    login: UUID | None = None
    api_token: UUID | None = None
    exp: int

    @property
    def way(self) -> Way:
        return Way(self.login, self.api_token)


class MediaTokens:
    def __init__(self, secret: bytes) -> None:
        self._key = hmac.digest(secret, b"tongke media token", hashlib.sha256)

    def issue(
        self,
        *,
        lesson: str,
        act: Act,
        holder: str,
        now: datetime,
        lifetime: timedelta,
        source: str = "lead",
        label: str = "",
        room: str | None = None,
        way: Way = UNKNOWN_WAY,
    ) -> str:
        claims = MediaClaims(
            lesson=lesson,
            act=act,
            holder=holder,
            source=source,
            label=label,
            room=room,
            login=way.login,
            api_token=way.api_token,
            exp=int((now + lifetime).timestamp()),
        )
        return jwt.encode(
            claims.model_dump(mode="json", exclude_none=True), self._key, algorithm=ALGORITHM
        )

    def read(self, token: str) -> MediaClaims:
        """Raises Unauthorized: ``token_expired``, or ``bad_token`` for all else."""
        try:
            claims = jwt.decode(
                token, self._key, algorithms=[ALGORITHM], options={"require": ["exp"]}
            )
            return MediaClaims.model_validate(claims)
        except jwt.ExpiredSignatureError as error:
            raise Unauthorized(
                N_("This link has expired. Please ask for a new one."), code="token_expired"
            ) from error
        except (jwt.InvalidTokenError, ValidationError) as error:
            raise Unauthorized(N_("This link is not valid."), code="bad_token") from error


def looks_like_media_token(token: str) -> bool:
    """A JWT has two dots; API and room tokens have none."""
    return token.count(".") == 2
