"""The members of an archive: files of the store, and what is written for them."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tongke_courses.materials import names
from tongke_courses.materials.models import StoredFile
from tongke_courses.takehome.contents import Contents, LessonPart, Taken, TakenRecording
from tongke_courses.takehome.spool import Page, Spooled
from tongke_courses.takehome.words import LICENCES
from tongke_platform.errors import N_

Say = Callable[[str], str]
MANIFEST, SUMS, README = "manifest.json", "SHA256SUMS", "README.txt"
RECORDING = "lesson.mp4"

INTRODUCTION = N_("These are the materials of “%(title)s”, from %(school)s.")
CHECKING = N_("SHA256SUMS lists the hash of every file, to check that all of them arrived whole.")
LICENCE = N_("Licence: %(licence)s")
CREDITS = N_("With thanks to: %(credits)s")
STAYED = N_("Not included:")
ADDRESSES = N_("Addresses on other sites:")


@dataclass(frozen=True)
class Member:
    """``stored`` in the object store, a ``recording``, ``spooled``, or ``data`` itself. ``sha256`` is lower-case
    hex, of a recording that was not counted yet as many zeros.
    """

    path: str
    size: int
    sha256: str
    stored: StoredFile | None = None
    data: bytes = b""
    recording: TakenRecording | None = None
    spooled: Spooled | None = None

    @property
    def file(self) -> bool:
        """Not written for the archive."""
        return self.stored is not None or self.recording is not None


def written(path: str, data: bytes | str) -> Member:
    raw = data.encode() if isinstance(data, str) else data
    return Member(path, len(raw), hashlib.sha256(raw).hexdigest(), data=raw)


def spooled(path: str, page: Page) -> Member:
    """What was written so far."""
    return Member(path, page.size, page.sha256, spooled=page.spooled)


def kept(path: str, stored: StoredFile) -> Member:
    return Member(path, stored.size, stored.sha256, stored=stored)


def recorded(path: str, recording: TakenRecording) -> Member:
    sha256 = recording.sha256 or "0" * 64
    return Member(path, recording.size, sha256, recording=recording)


def folder_name(number: int, title: str) -> str:
    """``01 加法``: in the order of the lesson on any system."""
    return f"{number:02} {names.clean(title.replace('/', '-'), '…')[:80].rstrip('. ')}"


@dataclass(frozen=True)
class Placed:
    """A material and the path of its file; a link has none."""

    taken: Taken
    path: str = ""


@dataclass(frozen=True)
class PlacedPart:
    part: LessonPart | None
    folder: str
    placed: Sequence[Placed]

    @property
    def recording(self) -> Member | None:
        if self.part is None or self.part.recording is None:
            return None
        return recorded(f"{self.folder}{RECORDING}", self.part.recording)


def placed(contents: Contents, top: str = "") -> list[PlacedPart]:
    """Everything with its path below ``top``; of the course as a whole first, with ``part`` None."""
    single = contents.kind == "lesson"
    found = (
        [PlacedPart(None, top, _files(contents.general, f"{top}00 "))] if contents.general else []
    )
    # After the lessons of no unit, so that no two folders have one name.
    loose = sum(part.unit is None for part in contents.lessons)
    units = {one.id: number for number, one in enumerate(contents.units, loose + 1)}
    numbers: dict[Any, int] = {}
    for part in contents.lessons:
        key = part.unit.id if part.unit is not None else None
        numbers[key] = number = numbers.get(key, 0) + 1
        folder = "" if single else folder_name(number, part.lesson.title) + "/"
        if part.unit is not None and contents.kind == "course":
            folder = f"{folder_name(units[part.unit.id], part.unit.title)}/{folder}"
        found.append(PlacedPart(part, top + folder, _files(part.taken, top + folder)))
    return found


def _files(taken: Sequence[Taken], before: str) -> list[Placed]:
    """Numbered, so that two of one name are two."""
    return [
        Placed(one, f"{before}{number:02} {one.version.name}" if one.version is not None else "")
        for number, one in enumerate(taken, 1)
    ]


def files(parts: Sequence[PlacedPart]) -> Iterator[Member]:
    for part in parts:
        if part.recording is not None:
            yield part.recording
        for one in part.placed:
            if one.taken.file is not None:
                yield kept(one.path, one.taken.file)


def archive_members(contents: Contents, say: Say) -> list[Member]:
    """Of an archive to take home: its materials, and what says what they are."""
    parts = placed(contents)
    found = [
        *files(parts),
        written(README, readme(contents, parts, say)),
        written(MANIFEST, manifest(contents, parts, say)),
    ]
    return [*found, sums(found)]


def sums(members: Sequence[Member]) -> Member:
    """As ``sha256sum -c`` reads it."""
    return written(SUMS, "".join(f"{one.sha256}  {one.path}\n" for one in members))


def manifest(contents: Contents, parts: Sequence[PlacedPart], say: Say) -> str:
    shown = {
        "format": 1,
        "kind": contents.kind,
        "id": str(contents.id),
        "title": contents.title,
        "description": contents.description,
        "school": contents.school,
        "licence": contents.licence.value,
        "credits": contents.credits,
        "parts": [_part(one) for one in parts],
        "left_out": [{"title": one.title, "why": say(one.why)} for one in contents.left_out],
    }
    return json.dumps(shown, ensure_ascii=False, indent=2) + "\n"


def _part(one: PlacedPart) -> dict[str, Any]:
    materials = [_material(placed_) for placed_ in one.placed]
    if one.part is None:
        return {"materials": materials}
    lesson, unit = one.part.lesson, one.part.unit
    return {
        "lesson": str(lesson.id),
        "title": lesson.title,
        "unit": unit.title if unit is not None else None,
        "description": lesson.description,
        "teacher": lesson.teacher.display_name,
        "recording": _recording(one),
        "materials": materials,
    }


def _recording(one: PlacedPart) -> dict[str, Any] | None:
    member = one.recording
    if member is None or member.recording is None:
        return None
    return {
        "path": member.path,
        "bytes": member.size,
        "sha256": member.sha256,
        "type": "video/mp4",
        "seconds": member.recording.duration_ms // 1000,
    }


def _material(one: Placed) -> dict[str, Any]:
    material, stored = one.taken.material, one.taken.file
    shown: dict[str, Any] = {"title": material.title, "kind": material.kind.value}
    if stored is None:
        shown["url"] = material.url
    else:
        shown |= {
            "path": one.path,
            "bytes": stored.size,
            "sha256": stored.sha256,
            "type": stored.media_type,
        }
    return shown | {"licence": one.taken.licence.value, "credits": material.credits}


def readme(contents: Contents, parts: Sequence[PlacedPart], say: Say) -> str:
    names_ = {"title": contents.title, "school": contents.school}
    lines = [say(INTRODUCTION) % names_, contents.description]
    lines.append(say(LICENCE) % {"licence": say(LICENCES[contents.licence])})
    if contents.credits:
        lines.append(say(CREDITS) % {"credits": contents.credits})
    links = [one.taken.material for part in parts for one in part.placed if not one.path]
    lines.append(_list(say(ADDRESSES), [f"{one.title}: {one.url}" for one in links]))
    stayed = [f"{one.title}: {say(one.why)}" for one in contents.left_out]
    lines.append(_list(say(STAYED), stayed))
    lines.append(say(CHECKING))
    return "\r\n\r\n".join(one for one in lines if one).replace("\0", "") + "\r\n"


def _list(title: str, lines: Sequence[str]) -> str:
    return "\r\n".join([title, *(f"- {one}" for one in lines)]) if lines else ""
