"""What every reader gives: a package as units, lessons and materials."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from tongke_platform.errors import Invalid


class Kind(StrEnum):
    CARTRIDGE = "common-cartridge"
    SCORM = "scorm-1.2"
    MOODLE = "moodle"


class BadPackage(Invalid):
    """The file as a whole cannot be read; what was there before stays."""


@dataclass(frozen=True)
class PackedFile:
    """``path`` in the package; ``name`` is what people call the file."""

    path: str
    title: str
    name: str


@dataclass(frozen=True)
class PackedLink:
    url: str
    title: str


@dataclass(frozen=True)
class PackedPage:
    """A page of HTML: in the package at ``path``, or, with ``path`` empty, ``html`` itself.

    ``files`` are what it shows beside its words; their ``name`` is the path it knows them by, seen
    from the page's own folder when ``entry`` has one. A page with files is kept as one zip.
    """

    title: str
    path: str = ""
    html: str = ""
    entry: str = "index.html"
    files: tuple[PackedFile, ...] = ()


Material = PackedFile | PackedLink | PackedPage


@dataclass
class PackedLesson:
    title: str
    description: str = ""
    materials: list[Material] = field(default_factory=list)


@dataclass
class Unit:
    """``title`` empty: its lessons belong to no unit."""

    title: str
    lessons: list[PackedLesson] = field(default_factory=list)


@dataclass(frozen=True)
class Skipped:
    """Something that has no place here; ``why`` is a message of the catalogues."""

    what: str
    why: str


@dataclass
class Package:
    kind: Kind
    title: str
    description: str = ""
    version: str = ""
    units: list[Unit] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)

    @property
    def lessons(self) -> Iterator[PackedLesson]:
        for unit in self.units:
            yield from unit.lessons

    @property
    def size(self) -> int:
        """Items that have a place here: lessons and their materials."""
        return sum(1 + len(one.materials) for one in self.lessons)
