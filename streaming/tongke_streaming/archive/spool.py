"""The spool: one folder per lesson, one file per segment, appended to as parts come."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

from tongke_streaming.archive import journal
from tongke_streaming.archive.names import check_key, check_lesson, source_of

_KEYS = ".keys"  # not a lesson id: those start with a letter or digit
_ARCHIVED = "archived"


class SegmentFile:
    """One segment being written. Unbuffered: what ``append`` took survives this process."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)

    def append(self, data: bytes) -> None:
        """Raises OSError when not all of it could be written (a full disk, a limit)."""
        view = memoryview(data)
        while view:
            view = view[os.write(self._fd, view) :]

    def close(self) -> None:
        os.close(self._fd)

    def discard(self) -> None:
        """Give the room back."""
        with suppress(OSError):
            os.close(self._fd)
        with suppress(OSError):
            self._path.unlink()


class LessonFolder:
    """The files of one lesson. Raises BadName for names that could leave the folder."""

    def __init__(self, root: Path, lesson: str) -> None:
        self.path = root / check_lesson(lesson)

    @property
    def journal_path(self) -> Path:
        return self.path / journal.NAME

    def segment_path(self, rendition: str, msn: int) -> Path:
        source_of(rendition)
        return self.path / rendition / f"{msn:d}.m4s"

    def size_of(self, rendition: str, msn: int) -> int:
        try:
            return self.segment_path(rendition, msn).stat().st_size
        except OSError:
            return 0

    def read(self, rendition: str, msn: int, size: int) -> bytes | None:
        """The first ``size`` bytes of a segment; None when they are not there."""
        try:
            with self.segment_path(rendition, msn).open("rb") as file:
                data = file.read(size)
        except OSError:
            return None
        return data if len(data) == size else None

    def drop(self, rendition: str, msn: int) -> None:
        with suppress(OSError):
            self.segment_path(rendition, msn).unlink()

    @property
    def archived(self) -> bool:
        """Everything is on the object store, the journal too."""
        return (self.path / _ARCHIVED).exists()

    def mark_archived(self) -> None:
        (self.path / _ARCHIVED).touch()

    def drop_segments(self) -> None:
        """Remove every segment file; the journal stays. Slow on a large lesson: use a thread."""
        for entry in list(self.path.iterdir()):
            if entry.is_dir():
                shutil.rmtree(entry, ignore_errors=True)


class Spool:
    """The folder of all lessons, the key of each, and the room that is left."""

    def __init__(self, root: Path, min_free_bytes: int) -> None:
        self.root = root
        self._min_free_bytes = min_free_bytes
        root.mkdir(parents=True, exist_ok=True)
        (root / _KEYS).mkdir(mode=0o700, exist_ok=True)

    def has_room(self) -> bool:
        """Whether recording may begin a segment: the reserve is left for the records."""
        try:
            stat = os.statvfs(self.root)
        except OSError:
            return False
        return stat.f_bavail * stat.f_frsize >= max(self._min_free_bytes, 1)

    def folder(self, lesson: str) -> LessonFolder:
        return LessonFolder(self.root, lesson)

    def lessons(self) -> list[str]:
        return [
            entry.name
            for entry in os.scandir(self.root)
            if entry.is_dir() and not entry.name.startswith(".")
        ]

    def set_key(self, key: str, lesson: str) -> None:
        """Raises OSError when it cannot be written down."""
        path = self.root / _KEYS / check_key(key)
        if self.lesson_of(key) != lesson:
            fresh = path.with_suffix(".new")  # no key has a dot
            fresh.write_text(check_lesson(lesson))
            fresh.replace(path)

    def lesson_of(self, key: str) -> str | None:
        """Whose key it is. Raises BadName for what cannot be one."""
        try:
            return (self.root / _KEYS / check_key(key)).read_text() or None
        except OSError:
            return None
