"""Small steps that several tests of signing in take."""

import re
from datetime import datetime, timedelta

import httpx2

from tests.makers import PASSWORD, Someone
from tongke_platform.accounts.sms import SmsSender
from tongke_platform.frame import Frame

PAGE = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}


class Phones:
    """An SmsSender that keeps what it was given."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []

    async def send(self, phone: str, text: str) -> None:
        self.sent.append((phone, text))

    @property
    def code(self) -> str:
        """That of the last message."""
        found = re.search(r"\d{6}", self.sent[-1][1])
        assert found is not None
        return found[0]


def with_phones(frame: Frame) -> Phones:
    phones = Phones()
    sender: SmsSender = phones
    frame.sms = sender
    return phones


async def post(client: httpx2.AsyncClient, path: str, **fields: str) -> httpx2.Response:
    return await client.post(path, data=fields, headers=PAGE)


async def log_in(
    client: httpx2.AsyncClient, someone: Someone, password: str = PASSWORD, **fields: str
) -> httpx2.Response:
    return await post(client, "/login", username=someone.username, password=password, **fields)


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None, f"no field {name}"
    return found[1]


async def who(client: httpx2.AsyncClient) -> str | None:
    """The name of who is signed in."""
    answer = await client.get("/api/me")
    return answer.json()["display_name"] if answer.is_success else None


def pass_time(frame: Frame, span: timedelta) -> datetime:
    later = frame.now() + span
    frame.now = lambda: later
    return later
