"""What every slice stands in: made by the assembly, found by a request at ``app.state.frame``."""

import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from tongke_platform.accounts.keys import Keys
from tongke_platform.accounts.limiter import Limiter, LocalLimiter
from tongke_platform.accounts.oidc import Providers
from tongke_platform.accounts.passwords import Passwords
from tongke_platform.accounts.sms import SmsSender
from tongke_platform.database import Database, ReadSession, WriteSession, utc_now
from tongke_platform.events import Events
from tongke_platform.jobs import Jobs
from tongke_platform.media_tokens import MediaTokens
from tongke_platform.settings import Settings
from tongke_platform.wire.hub import Wire

Translator = Callable[[HTTPConnection, str], str]
ErrorPage = Callable[[Request, int, str, str], Response]


def untranslated(connection: HTTPConnection, message: str) -> str:
    return message


@dataclass
class Frame:
    """``translate(connection, message)`` and ``error_page(request, status, code, message)`` are the
    pages' part; without them errors are English problems.
    """

    settings: Settings
    database: Database
    events: Events
    jobs: Jobs
    media_tokens: MediaTokens
    passwords: Passwords = field(default_factory=Passwords)
    keys: Keys = field(default_factory=lambda: Keys(secrets.token_bytes(32)))
    limiter: Limiter = field(default_factory=LocalLimiter)
    providers: Providers = field(default_factory=Providers)
    sms: SmsSender | None = None
    wire: Wire = field(default_factory=Wire)
    now: Callable[[], datetime] = utc_now
    translate: Translator = untranslated
    error_page: ErrorPage | None = None

    def today(self) -> date:
        """The schools' date."""
        return self.now().astimezone(self.settings.zone).date()


def get_frame(connection: HTTPConnection) -> Frame:
    frame: Frame = connection.app.state.frame
    return frame


async def get_read_session(connection: HTTPConnection) -> AsyncIterator[ReadSession]:
    async with get_frame(connection).database.read() as session:
        yield session


async def get_write_session(connection: HTTPConnection) -> AsyncIterator[WriteSession]:
    async with get_frame(connection).database.write() as session:
        yield session


# The scope makes a failing commit an error page: the exit runs before the answer is sent.
TheFrame = Annotated[Frame, Depends(get_frame)]
Reading = Annotated[ReadSession, Depends(get_read_session, scope="function")]
Writing = Annotated[WriteSession, Depends(get_write_session, scope="function")]
