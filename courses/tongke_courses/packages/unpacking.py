"""One material out of a package, as a file of its own in a temporary folder."""

import shutil
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tongke_courses.materials import looking, names
from tongke_courses.materials.models import MaterialKind
from tongke_courses.materials.service import check_link
from tongke_courses.packages.reading.archives import UNREADABLE, Archive, Unreadable
from tongke_courses.packages.reading.structure import (
    PackedFile,
    PackedLink,
    PackedPage,
    Skipped,
)
from tongke_courses.packages.steps import Step
from tongke_platform.errors import Invalid


@dataclass(frozen=True)
class Unpacked:
    """``name`` is what people call the file; ``kind`` None: as its content says."""

    path: Path
    name: str
    kind: MaterialKind | None = None


def unpack(archive: Archive, one: PackedFile | PackedPage, into: Path) -> Unpacked:
    """Writes ``into``. Raises Unreadable; of a page that opens, files that do not are left out."""
    if isinstance(one, PackedFile):
        with into.open("wb") as file:
            archive.copy(one.path, file)
        return Unpacked(into, one.name)
    if one.files:
        _bundle(archive, one, into)
        return Unpacked(into, f"{one.title}.zip")
    with into.open("wb") as file:
        if one.path:
            archive.copy(one.path, file)
        else:
            file.write(one.html.encode("utf-8", "replace"))
    return Unpacked(into, f"{one.title}.html", MaterialKind.PAGE)


def _bundle(archive: Archive, page: PackedPage, into: Path) -> None:
    """The page and what it shows, each where the page looks for it."""
    part = into.with_suffix(".part")
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as bundle:
        if page.path:
            _add(archive, bundle, page.path, page.entry, part)
        else:
            bundle.writestr(_info(page.entry), page.html.encode("utf-8", "replace"))
        for file in page.files:
            try:
                _add(archive, bundle, file.path, file.name, part)
            except Unreadable:
                continue
    part.unlink(missing_ok=True)


def _info(name: str) -> zipfile.ZipInfo:
    """Without a time of its own: the same page is the same file."""
    info = zipfile.ZipInfo(name)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o100644 << 16
    return info


def _add(archive: Archive, bundle: zipfile.ZipFile, path: str, name: str, part: Path) -> None:
    with part.open("wb") as whole:
        archive.copy(path, whole)
    with part.open("rb") as source, bundle.open(_info(name), "w", force_zip64=True) as target:
        shutil.copyfileobj(source, target, 1 << 18)


def would_refuse(archive: Archive, steps: Sequence[Step]) -> list[Skipped]:
    """What would be refused of these if it were brought in: each is unpacked and looked at."""
    found: list[Skipped] = []
    with tempfile.TemporaryDirectory(prefix="tongke-") as folder:
        for step in steps:
            one = step.material
            try:
                if isinstance(one, PackedLink):
                    check_link(one.url)
                elif one is not None:
                    unpacked = unpack(archive, one, Path(folder) / "file")
                    looking.check_name(names.clean(unpacked.name))
                    looking.look(unpacked.path)
            except (Unreadable, Invalid) as error:
                why = error.message if isinstance(error, Invalid) else UNREADABLE
                found.append(Skipped(one.title if one else "", why))
    return found
