"""All lessons of an HLS process: by id, by key, live, and loaded again when they are asked for."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from tongke_streaming.archive.cache import SegmentCache
from tongke_streaming.archive.names import BadName, source_of
from tongke_streaming.archive.recorder import Reason, State
from tongke_streaming.archive.segments import Segment
from tongke_streaming.archive.spool import Spool
from tongke_streaming.archive.store import MediaStore, StoreError, Uploader
from tongke_streaming.frames import Message, Refused
from tongke_streaming.hls.lesson import Lesson, Listener, load_lesson
from tongke_streaming.hls.model import Timeline
from tongke_streaming.hls.rendition import Rendition

log = logging.getLogger(__name__)

_IDLE_S = 600.0
_TICK_S = 5.0
_STORE_PATIENCE_S = 2.0

OnRecording = Callable[[str, State, Reason], None]
OnDoubt = Callable[[str], None]
"""A lesson is read with a key of which it is not known to whom it was given."""


class Renewed(Exception):
    """The key was good once: its holder may ask for the new one."""


class Library:
    """The PackagerHost of the process. Lives on one event loop; files are read in threads."""

    def __init__(
        self,
        spool: Spool,
        store: MediaStore,
        on_recording: OnRecording,
        on_doubt: OnDoubt = lambda lesson: None,
    ) -> None:
        self.spool = spool
        self.store = store
        self.uploader = Uploader()
        self.cache = SegmentCache()
        self.lessons: dict[str, Lesson] = {}
        self._keys: dict[str, Lesson] = {}
        self._loading: dict[str, asyncio.Task[Lesson | None]] = {}
        self._on_doubt = on_doubt
        self._listener = Listener(on_recording, self._init_made, self._segment_closed)

    # Coming and going.

    async def recover(self) -> None:
        """After a start: take up every lesson that is not over or not wholly on the store."""
        self.uploader.start()
        for name in await asyncio.to_thread(self._unfinished):
            try:
                await self.load(name)
            except (BadName, OSError) as error:
                log.error("lesson %s cannot be taken up: %s", name, error)

    def _unfinished(self) -> list[str]:
        found = []
        for name in self.spool.lessons():
            try:
                folder = self.spool.folder(name)
            except BadName:
                continue
            if folder.archived:
                folder.drop_segments()
            elif folder.journal_path.exists():
                found.append(name)
        return found

    async def run(self) -> None:
        """Put away what is no longer used, until cancelled."""
        while True:
            await asyncio.sleep(_TICK_S)
            await self.tidy()

    async def tidy(self) -> None:
        now = asyncio.get_running_loop().time()
        for lesson in list(self.lessons.values()):
            lesson.recorder.flush()
            if lesson.key is not None:
                self._write_key(lesson, lesson.key)
            needed = lesson.unstored or (lesson.fed and not lesson.ended.is_set())
            if not needed and now - lesson.used_at > _IDLE_S:
                self._put_away(lesson)

    def _put_away(self, lesson: Lesson) -> None:
        lesson.recorder.stop()
        del self.lessons[lesson.id]
        self._keys = {key: held for key, held in self._keys.items() if held is not lesson}

    async def stop(self) -> None:
        await self.uploader.stop()
        for lesson in self.lessons.values():
            lesson.recorder.stop()
            for rendition in lesson.renditions.values():
                rendition.pulse.beat()

    # Finding lessons.

    async def by_key(self, key: str) -> Lesson | None:
        """The lesson a media path belongs to. Raises StoreError, and Renewed for an older path."""
        lesson = self._keys.get(key)
        if lesson is None:
            try:
                name = self.spool.lesson_of(key)
            except BadName:
                return None
            lesson = await self.load(name) if name is not None else None
            if lesson is not None and key in lesson.retired:
                raise Renewed
            if lesson is None or lesson.key != key:
                return None
            self._keys[key] = lesson
        lesson.used_at = asyncio.get_running_loop().time()
        if not lesson.known and not lesson.doubted:
            lesson.doubted = True
            self._on_doubt(lesson.id)
        return lesson

    def is_current(self, key: str) -> bool:
        """Of a key that ``by_key`` has found: whether it was not renewed since."""
        lesson = self._keys.get(key)
        return lesson is not None and lesson.key == key

    async def load(self, name: str) -> Lesson | None:
        """From memory, spool or store; None where it is nowhere. Raises BadName, StoreError."""
        if name in self.lessons:
            return self.lessons[name]
        self.spool.folder(name)
        task = self._loading.get(name)
        if task is None:
            task = self._loading[name] = asyncio.ensure_future(self._load(name))
            task.add_done_callback(partial(self._loaded, name))
        return await asyncio.shield(task)

    def _loaded(self, name: str, task: asyncio.Task[Lesson | None]) -> None:
        del self._loading[name]
        if not task.cancelled():
            task.exception()  # who asked may have stopped waiting

    async def _load(self, name: str) -> Lesson | None:
        path = self.spool.folder(name).journal_path
        try:
            journal: bytes | None = await asyncio.to_thread(path.read_bytes)
        except FileNotFoundError:
            journal = await self.store.get(name, path.name)
        if journal is None:
            return None
        if not path.exists():
            await asyncio.to_thread(_write_fresh, path, journal)
        fresh = Lesson(name, self.spool, self._listener)
        lesson = await asyncio.to_thread(load_lesson, fresh, journal)
        if name in self.lessons:  # a packager was faster
            fresh.recorder.stop()
            return self.lessons[name]
        self._take_up(lesson)
        return lesson

    def _take_up(self, lesson: Lesson) -> None:
        self.lessons[lesson.id] = lesson
        lesson.used_at = asyncio.get_running_loop().time()
        if lesson.key is not None:
            self._keys[lesson.key] = lesson
        if lesson.recorder.folder.archived:
            return
        for rendition in lesson.renditions.values():
            for number, init in rendition.inits.items():
                self._init_made(lesson, rendition, number, init.data)
            for segment in rendition.segments:
                if segment.spooled and not segment.stored:
                    self._segment_closed(lesson, rendition, segment)
        self._archive_if_done(lesson)

    def _sync(self, name: str) -> Lesson:
        """For the packager, which cannot wait; what is in the spool was loaded at the start."""
        lesson = self.lessons.get(name)
        if lesson is None:
            lesson = Lesson(name, self.spool, self._listener)
            path = lesson.recorder.folder.journal_path
            if path.exists():
                load_lesson(lesson, path.read_bytes())
            else:
                lesson.recorder.note("lesson", id=name)
            self._take_up(lesson)
        return lesson

    # PackagerHost.

    def rendition(self, lesson: str, name: str) -> Rendition:
        source_of(name)
        return self._sync(lesson).rendition(name)

    def timeline(self, lesson: str, source: str, us: int) -> Timeline:
        return self._sync(lesson).timeline(source, us)

    def source(self, lesson: str, source: str, state: str, us: int) -> None:
        self._sync(lesson).note_source(source, state, us)

    def ended(self, lesson: str, us: int) -> None:
        self._end(self._sync(lesson), us)

    # What web asks.

    async def open(self, name: str, key: str) -> Lesson:
        """Raises Refused 400 for names that cannot be, 409 ``key_retired``."""
        lesson = await self._known_or_new(name)
        if lesson is None:
            lesson = self._sync(name)
        self._set_key(lesson, key)
        return lesson

    async def get(self, name: str) -> Lesson:
        """Raises Refused: 404 for a lesson never seen, 400 for a name that cannot be."""
        lesson = await self._known(name)
        if lesson is None:
            raise Refused(404, "no_lesson", "no media of this lesson is known")
        lesson.used_at = asyncio.get_running_loop().time()
        return lesson

    async def finish(self, name: str, now_us: int, patience_s: float) -> None:
        """The lesson is over: wait for the feed to say so, then see to it."""
        lesson = self.lessons.get(name) or await self._known(name)
        if lesson is None:
            return
        if lesson.fed:
            try:
                async with asyncio.timeout(patience_s):
                    await lesson.ended.wait()
            except TimeoutError:
                log.warning("lesson %s: ended without the relay's word", name)
        self._end(lesson, now_us)

    async def multivariant(
        self, name: str, key: str, base: str, source: str | None, reader: str = ""
    ) -> tuple[str, bool]:
        """The playlist, and whether everybody the key was given to is known.

        Raises Refused 404 no_lesson or nothing_yet, 409 key_retired, 400 for names that cannot be.
        """
        lesson = await self.get(name)
        self._set_key(lesson, key)
        text = lesson.multivariant(f"{base.rstrip('/')}/media/{key}/", source)
        if text is None:
            raise Refused(404, "nothing_yet", "the lesson has no media yet")
        lesson.note_reader(reader)
        return text, lesson.known

    def keys(self) -> list[Message]:
        """Of the lessons in use: the key, and whether all it was given to are known."""
        return [
            {"lesson": lesson.id, "key": lesson.key, "known": lesson.known}
            for lesson in self.lessons.values()
            if lesson.key is not None
        ]

    def readers(self, name: str) -> list[str]:
        """The credentials its key was given to; none for a lesson that is not in use any more."""
        lesson = self.lessons.get(name)
        return sorted(lesson.readers) if lesson is not None else []

    async def _known_or_new(self, name: str) -> Lesson | None:
        """A store that is away does not keep a lesson from beginning."""
        try:
            async with asyncio.timeout(_STORE_PATIENCE_S):
                return await self._known(name)
        except (Refused, TimeoutError) as error:
            if isinstance(error, Refused) and error.status != 503:
                raise
            log.warning("lesson %s: begun without asking the store, which is away", name)
            return None

    async def _known(self, name: str) -> Lesson | None:
        try:
            return await self.load(name)
        except BadName as error:
            raise Refused(400, "bad_name", str(error)) from error
        except StoreError as error:
            raise Refused(503, "store_away", str(error), retry_after=5) from error

    def _set_key(self, lesson: Lesson, key: str) -> None:
        if lesson.key == key and self._keys.get(key) is lesson:
            return
        try:
            other = self.spool.lesson_of(key)
        except BadName as error:
            raise Refused(400, "bad_key", str(error)) from error
        if other not in (None, lesson.id):
            raise Refused(409, "key_taken", "another lesson has this key")
        if key in lesson.retired:
            raise Refused(409, "key_retired", "this key was replaced by another")
        # The old key's file stays: with the journal it says that the path was good once.
        if lesson.key is not None and lesson.key != key:
            self._keys.pop(lesson.key, None)
        lesson.set_key(key)
        self._write_key(lesson, key)
        self._keys[key] = lesson

    def _write_key(self, lesson: Lesson, key: str) -> None:
        try:
            self.spool.set_key(key, lesson.id)
        except OSError as error:
            log.warning("lesson %s: its key is not written down: %s", lesson.id, error.strerror)

    # Onto the store.

    def _end(self, lesson: Lesson, us: int) -> None:
        if lesson.ended_us is None:
            lesson.end(us)
            self._archive_if_done(lesson)

    def _init_made(self, lesson: Lesson, rendition: Rendition, number: int, data: bytes) -> None:
        async def upload() -> None:
            await self.store.put(lesson.id, f"{rendition.name}/init-{number}.mp4", data)
            self._one_stored(lesson)

        lesson.unstored += 1
        self.uploader.add(upload)

    def _segment_closed(self, lesson: Lesson, rendition: Rendition, segment: Segment) -> None:
        if not segment.spooled:
            return
        folder = lesson.recorder.folder

        async def upload() -> None:
            data = segment.data or await asyncio.to_thread(
                folder.read, rendition.name, segment.msn, segment.size
            )
            if data is None:
                segment.kept = False
                lesson.recorder.note("lost", r=rendition.name, n=segment.msn)
            else:
                await self.store.put(lesson.id, f"{rendition.name}/{segment.msn}.m4s", data)
                segment.stored = True
                lesson.recorder.note("stored", r=rendition.name, n=segment.msn)
                rendition.drop_from_spool(segment)
            self._one_stored(lesson)

        lesson.unstored += 1
        self.uploader.add(upload)

    def _one_stored(self, lesson: Lesson) -> None:
        lesson.unstored -= 1
        self._archive_if_done(lesson)

    def _archive_if_done(self, lesson: Lesson) -> None:
        if lesson.unstored or lesson.ended_us is None:
            return
        folder = lesson.recorder.folder

        async def upload() -> None:
            if not lesson.recorder.flush():
                raise OSError("the journal is not written yet")
            journal = await asyncio.to_thread(folder.journal_path.read_bytes)
            await self.store.put(lesson.id, folder.journal_path.name, journal)
            folder.mark_archived()
            lesson.unstored -= 1

        lesson.unstored += 1
        self.uploader.add(upload)

    async def segment_bytes(
        self, lesson: Lesson, rendition: Rendition, segment: Segment
    ) -> bytes | None:
        """A whole closed segment from memory, spool or store; None when it is nowhere.

        Raises StoreError.
        """
        if segment.absent or not segment.closed:
            return None
        if segment.data is not None:
            return segment.data
        folder, name, msn = lesson.recorder.folder, rendition.name, segment.msn

        async def read() -> bytes | None:
            data = await asyncio.to_thread(folder.read, name, msn, segment.size)
            if data is None and segment.stored:
                data = await self.store.get(lesson.id, f"{name}/{msn}.m4s")
            return data

        return await self.cache.get((lesson.id, name, msn), read)


def _write_fresh(path: Path, data: bytes) -> None:
    """Keep what came from the store; without room it is asked for again next time."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
