"""Which classroom watched in which minute: gathered in memory, written down once a minute."""

from uuid import UUID

import structlog

from tongke_courses.lessons import facts
from tongke_courses.lessons.facts import Seen
from tongke_platform.frame import Frame
from tongke_platform.rounds import Rounds

EVERY_S = 60.0
MOST = 200_000

log = structlog.get_logger(__name__)


class Attendance:
    """A process that is killed loses a minute at most; what two processes saw is written once."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._seen: dict[str, set[Seen]] = {}
        self._count = 0
        self._rounds = Rounds("attendance", self.flush, EVERY_S)

    def start(self) -> None:
        self._rounds.start()

    async def stop(self) -> None:
        await self._rounds.stop()
        await self.flush()

    def seen(self, lesson: str, room: str, carrier: str) -> None:
        """A classroom watches now, by ``whep``, ``hls`` or ``replay``. Costs nothing; say it often."""
        found = self._seen.setdefault(lesson, set())
        one = (room, int(self._frame.now().timestamp()) // 60, carrier)
        if one not in found and self._count < MOST:
            found.add(one)
            self._count += 1

    async def flush(self) -> None:
        """What cannot be written now is kept for the next time."""
        taken, self._seen, self._count = self._seen, {}, 0
        for lesson, seen in taken.items():
            try:
                async with self._frame.database.write() as session:
                    await facts.minutes(session, UUID(lesson), seen)
            except Exception:
                log.exception("attendance not written", lesson=lesson)
                self._keep(lesson, seen)

    def _keep(self, lesson: str, seen: set[Seen]) -> None:
        kept = self._seen.setdefault(lesson, set())
        before = len(kept)
        kept |= seen
        self._count += len(kept) - before
