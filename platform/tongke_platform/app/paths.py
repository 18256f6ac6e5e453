"""Who holds the secret media path of a lesson: when one of them may not watch any more, the lesson
gets another path, and those who may ask for it by themselves (docs/decisions/0009).
"""

import asyncio
from typing import Any
from uuid import UUID

import structlog

from tongke_courses.lessons.access import all_may_watch, still
from tongke_courses.lessons.models import Lesson
from tongke_courses.lessons.repository import LessonRepository
from tongke_platform.app.looking import Look
from tongke_platform.frame import Frame
from tongke_platform.organisations.models import new_secret
from tongke_streaming.authorizer import Grant
from tongke_streaming.frames import Refused
from tongke_streaming.hls.client import HlsClient, Playlist

Message = dict[str, Any]

# A permission read before a change may arrive at the packagers after the look round it caused.
FRESH_S = 10.0
TRIES = 3
KEY_RETIRED = "key_retired"

log = structlog.get_logger(__name__)


class MediaPaths:
    """Gives out playlists and renews keys; the ``Playlists`` of the routes. Lives on one event loop.

    A new key is in the database before the packagers serve it. Whoever dies in between leaves a
    lesson that plays under the old one, until the next playlist or look round.
    """

    def __init__(self, frame: Frame, hls: HlsClient) -> None:
        self._frame = frame
        self._hls = hls
        self._look = Look(self._check_all, "media paths not checked")
        self._told_at = -FRESH_S

    async def run(self) -> None:
        self._look.ask()  # for what was taken away while this process was not there
        await self._look.run()

    def recheck(self) -> None:
        """Rights have changed."""
        self._told_at = asyncio.get_running_loop().time()
        self._look.ask()

    def doubted(self) -> None:
        """A lesson is read, and it is not known by whom."""
        self._look.ask()

    async def playlist_of(self, grant: Grant, base: str, source: str | None) -> str:
        """Raises Refused, LinkLost, TimeoutError."""
        key, found = grant.media_key, None
        for _ in range(TRIES):
            found = await self._ask(grant, key, base, source)
            if found is not None and found.known:
                break
            key = await self._renew(UUID(grant.lesson), key)
        if found is None:
            raise Refused(503, "hls_away", "the lesson's path is being renewed", retry_after=1)
        await self._ask_again_who_may(grant)
        return found.text

    async def _ask(self, grant: Grant, key: str, base: str, source: str | None) -> Playlist | None:
        """None for a key that was replaced."""
        try:
            return await self._hls.playlist(grant.lesson, key, base, source, grant.credential)
        except Refused as no:
            if no.code != KEY_RETIRED:
                raise
            return None

    async def _ask_again_who_may(self, grant: Grant) -> None:
        if asyncio.get_running_loop().time() - self._told_at > FRESH_S:
            return
        lesson = await self._lesson(UUID(grant.lesson))
        if lesson is None or not await still(self._frame, lesson, "watch", grant.credential):
            self._look.ask()

    async def _check_all(self) -> None:
        for one in await self._hls.keys():
            await self._check(UUID(one["lesson"]), one["key"], known=one["known"])

    async def _check(self, key: UUID, path: str, *, known: bool) -> None:
        lesson = await self._lesson(key)
        if lesson is None:
            return
        if lesson.media_key != path:  # renewed, and the packagers were not told
            if not await self._serve(key, lesson.media_key):  # records from before that key
                await self._renew(key, lesson.media_key)
        elif not known or not await self._all_may_watch(lesson):
            await self._renew(key, path)

    async def _all_may_watch(self, lesson: Lesson) -> bool:
        return await all_may_watch(self._frame, lesson, await self._hls.readers(str(lesson.id)))

    async def _lesson(self, key: UUID) -> Lesson | None:
        async with self._frame.database.read() as session:
            return await LessonRepository(session).by_id(key)

    async def _renew(self, lesson: UUID, old: str) -> str:
        """The key that takes the place of ``old``: made here, or by whoever was faster."""
        async with self._frame.database.write() as session:
            lessons = LessonRepository(session)
            fresh = new_secret()
            renewed = await lessons.renew_key(lesson, old, fresh)
            key = fresh if renewed else await lessons.key_of(lesson) or fresh
        if renewed:
            log.info("media path renewed", lesson=str(lesson))
        await self._serve(lesson, key)
        return key

    async def _serve(self, lesson: UUID, key: str) -> bool:
        """False when another key has taken the place of this one already."""
        try:
            await self._hls.open(str(lesson), key)
        except Refused as no:
            if no.code != KEY_RETIRED:
                raise
            return False
        return True
