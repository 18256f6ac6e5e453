"""Short messages to phones: an interface, a gateway's caller, and stand-ins for trying it out."""

import asyncio
import os
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit, urlunsplit

import httpx2
import structlog

TIMEOUT_S = 10.0
OUTBOX = "sms.txt"

log = structlog.get_logger(__name__)


class SmsFailed(RuntimeError):
    """The message was not taken."""


class SmsSender(Protocol):
    async def send(self, phone: str, text: str) -> None:
        """Raises SmsFailed."""
        ...


class LogSms:
    """Says that a message was sent, and neither to whom nor what."""

    async def send(self, phone: str, text: str) -> None:
        log.info("sms sent")


class FileSms:
    """Appends to a file that its owner alone can read: for trying it out."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def send(self, phone: str, text: str) -> None:
        await asyncio.to_thread(self._append, f"{phone}\t{text}\n")

    def _append(self, line: str) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(handle, "a", encoding="utf-8") as file:
            file.write(line)


class GatewaySms:
    """Posts ``{"phone": …, "text": …}`` to a gateway; a name and password in its address are sent
    as HTTP Basic. Any 2xx is success.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._auth = (parts.username or "", parts.password or "") if parts.username else None
        host = parts.netloc.rpartition("@")[2]
        self._url = urlunsplit((parts.scheme, host, parts.path, parts.query, ""))

    async def send(self, phone: str, text: str) -> None:
        try:
            async with httpx2.AsyncClient(timeout=TIMEOUT_S, auth=self._auth) as client:
                answer = await client.post(self._url, json={"phone": phone, "text": text})
        except httpx2.HTTPError as error:
            raise SmsFailed(type(error).__name__) from error
        if not answer.is_success:
            raise SmsFailed(f"status {answer.status_code}")
        log.info("sms sent")


def make_sms(url: str | None, data_dir: Path) -> SmsSender | None:
    """``log:``, ``file:`` (``sms.txt`` in the data folder) or a gateway's http(s) address.

    None: nothing is sent, and no page offers it.
    """
    if not url:
        return None
    if url.startswith(("http://", "https://")):
        return GatewaySms(url)
    return FileSms(data_dir / OUTBOX) if url.startswith("file:") else LogSms()
