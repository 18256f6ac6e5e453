"""What web holds of the hls process."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tongke_streaming.authorizer import Grant
from tongke_streaming.frames import Link, Message, StandingLink

OnEvent = Callable[[Message], None]


@dataclass(frozen=True)
class Playlist:
    """``known``: the hls process knows everybody its key was given to."""

    text: str
    known: bool


class HlsClient:
    """Asks the hls process, and hears from it; waits while it is being restarted.

    Every request raises Refused, LinkLost or TimeoutError. ``on_event`` gets messages as
    ``{"ev": "recording", "lesson", "state", "reason"}`` and ``{"ev": "doubt", "lesson"}``. Lives on
    one event loop.
    """

    def __init__(self, socket: Path, on_event: OnEvent | None = None) -> None:
        self._on_event = on_event
        self._link = StandingLink(socket, on_event=self._heard, on_up=self._follow)

    def start(self) -> None:
        self._link.start()

    async def stop(self) -> None:
        await self._link.stop()

    async def open(self, lesson: str, key: str) -> None:
        """Make the lesson's folder and its media path; idempotent. Another key replaces the old."""
        await self._link.request("open", lesson=lesson, key=key)

    async def multivariant(
        self, lesson: str, key: str, base: str, source: str | None = None
    ) -> str:
        """The playlist, its addresses under ``base``. Refused 404 ``nothing_yet``, ``no_lesson``."""
        return (await self.playlist(lesson, key, base, source)).text

    async def playlist(
        self, lesson: str, key: str, base: str, source: str | None, reader: str = ""
    ) -> Playlist:
        """As ``multivariant``, for ``reader``. Refused 409 ``key_retired`` for an older key."""
        answer = await self._link.request(
            "multivariant", lesson=lesson, key=key, base=base, source=source, reader=reader
        )
        return Playlist(answer["playlist"], answer.get("known", True))

    async def playlist_of(self, grant: Grant, base: str, source: str | None) -> str:
        """For whoever does not renew keys."""
        return await self.multivariant(grant.lesson, grant.media_key, base, source)

    async def keys(self) -> list[Message]:
        """Of the lessons in use: lesson, key, known (docs/architecture.md)."""
        found: list[Message] = (await self._link.request("keys"))["lessons"]
        return found

    async def readers(self, lesson: str) -> list[str]:
        """The credentials that its key was given to."""
        found: list[str] = (await self._link.request("readers", lesson=lesson))["credentials"]
        return found

    async def finish(self, lesson: str) -> None:
        """The lesson is over; back when its replay is complete. Idempotent."""
        await self._link.request("finish", lesson=lesson)

    async def status(self, lesson: str) -> Message:
        """The fields of docs/architecture.md: recording, reason, first_us, duration_us, gaps, …"""
        return await self._link.request("status", lesson=lesson)

    def _heard(self, _: Link, message: Message) -> None:
        if self._on_event is not None:
            self._on_event(message)

    async def _follow(self, link: Link) -> None:
        await link.request("follow")
