"""A package's kind, seen from its content, and what it holds."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tongke_courses.packages.reading import cartridge, manifest, moodle, scorm
from tongke_courses.packages.reading.archives import (
    LIMITS,
    NOT_A_PACKAGE,
    Archive,
    Limits,
    opened,
)
from tongke_courses.packages.reading.structure import BadPackage, Kind, Package


def sniff(archive: Archive) -> Kind | None:
    """None for what is no package. Raises BadPackage for one whose contents cannot be read."""
    if _moodle(archive) is not None:
        return Kind.MOODLE
    path = manifest.manifest_path(archive)
    if path is None:
        return None
    found = manifest.read(archive, path)
    if scorm.is_scorm(found):
        return Kind.SCORM
    return Kind.CARTRIDGE if cartridge.version_of(found) else None


def _moodle(archive: Archive) -> str | None:
    return archive.find(moodle.NAME)


def read(archive: Archive) -> Package:
    """With what the archive itself had to leave out. Raises BadPackage."""
    package = _read(archive)
    package.skipped[:0] = archive.skipped
    return package


def _read(archive: Archive) -> Package:
    backup = _moodle(archive)
    if backup is not None:
        return moodle.read(archive, backup)
    path = manifest.manifest_path(archive)
    if path is None:
        raise BadPackage(NOT_A_PACKAGE, code="not_a_package")
    found = manifest.read(archive, path)
    if scorm.is_scorm(found):
        if scorm.is_newer(found):
            raise BadPackage(scorm.NEWER, code="scorm_2004")
        return scorm.read(archive, found)
    version = cartridge.version_of(found)
    if version is None:
        raise BadPackage(NOT_A_PACKAGE, code="not_a_package")
    return cartridge.read(archive, found, version)


@contextmanager
def opened_package(path: Path, limits: Limits = LIMITS) -> Iterator[tuple[Archive, Package]]:
    """The package of a file, and the archive its paths are in. Raises BadPackage."""
    with opened(path, limits) as archive:
        yield archive, read(archive)
