"""The file of a package, opened safely: a zip, or a tar that may be gzipped.

No entry is ever written under its own name: what is needed is copied to where the caller says. Limits
hold for what is claimed and for what really comes out; archives inside are files like any other.
"""

import gzip
import shutil
import stat
import struct
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol, cast
from urllib.parse import unquote

from tongke_courses.packages.reading.structure import BadPackage, Skipped
from tongke_platform.errors import N_

NOT_A_PACKAGE = N_(
    "This is no package that can be read here: a Common Cartridge, SCORM 1.2 or Moodle backup."
)
DAMAGED = N_("This package is damaged or not complete. Please export or send it again.")
LOCKED = N_("This package is protected by a password. Please send one without.")
TOO_MANY = N_("This package holds too many files.")
TOO_LARGE = N_("This package is too large once it is unpacked.")

OUTSIDE = N_("Its path leads out of the package.")
IS_A_LINK = N_("It points to another file instead of being one.")
TWICE = N_("Another file of the same name took its place.")
BOMB = N_("It is far too large once it is unpacked.")
UNREADABLE = N_("It is damaged or protected by a password.")

_CHUNK = 1 << 18
# How often a manifest may name files: some name the same thousands again and again.
_MAX_LOOKUPS = 1_000_000
_DAMAGE = (
    zipfile.BadZipFile, tarfile.TarError, OSError, EOFError, zlib.error, NotImplementedError,
    RuntimeError, ValueError, struct.error, OverflowError,
)  # fmt: skip


@dataclass(frozen=True)
class Limits:
    """Bytes and numbers; ``ratio`` counts for entries larger than ``bomb``."""

    entries: int = 20_000
    total: int = 8 << 30
    directory: int = 4 << 20
    ratio: int = 200
    bomb: int = 32 << 20


LIMITS = Limits()


class Unreadable(Exception):
    """One entry; the others may be good."""


class _Source(Protocol):
    def open(self, key: object) -> IO[bytes]: ...


class Archive:
    """``sizes`` by path, with ``/`` between its parts; nothing in it leads outside."""

    def __init__(self, source: _Source) -> None:
        self.sizes: dict[str, int] = {}
        self.skipped: list[Skipped] = []
        self._source = source
        self._keys: dict[str, object] = {}
        self._folded: dict[str, str] = {}
        self._lookups = 0

    def add(self, path: str, size: int, key: object) -> None:
        if path in self.sizes:
            self.skipped.append(Skipped(path, TWICE))
        self.sizes[path], self._keys[path] = size, key
        self._folded[path.casefold()] = path

    def find(self, path: str) -> str | None:
        """The path of an entry as a manifest may write it: escaped, or in other letters.

        Raises BadPackage ``too_many_files`` for a manifest that names them without end.
        """
        self._lookups += 1
        if self._lookups > _MAX_LOOKUPS:
            raise BadPackage(TOO_MANY, code="too_many_files")
        for one in (path, unquote(path)):
            clean = safe_path(one)
            if clean is not None:
                found = clean if clean in self.sizes else self._folded.get(clean.casefold())
                if found is not None:
                    return found
        return None

    def read(self, path: str, most: int) -> bytes:
        """Raises Unreadable, also when there is more than ``most`` bytes."""
        try:
            with self._source.open(self._keys[path]) as file:
                data = file.read(most + 1)
        except (KeyError, *_DAMAGE) as error:
            raise Unreadable(path) from error
        if len(data) > most:
            raise Unreadable(path)
        return data

    def copy(self, path: str, into: IO[bytes]) -> None:
        """Piece by piece, and never more than was claimed. Raises Unreadable."""
        left = self.sizes.get(path, 0)
        try:
            with self._source.open(self._keys[path]) as file:
                while data := file.read(_CHUNK):
                    left -= len(data)
                    if left < 0:
                        raise Unreadable(path)
                    into.write(data)
        except (KeyError, *_DAMAGE) as error:
            raise Unreadable(path) from error


def safe_path(path: str) -> str | None:
    """In normal form; None when it leads outside or is no path of a file."""
    path = path.replace("\\", "/")
    if path.startswith("/") or "\0" in path or path[1:2] == ":" or len(path) > 1000:
        return None
    parts: list[str] = []
    for part in path.split("/"):
        if part == ".." and not parts:
            return None
        if part == "..":
            parts.pop()
        elif part not in {"", "."}:
            parts.append(part)
    return "/".join(parts) or None


def is_gzip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


@contextmanager
def opened(path: Path, limits: Limits = LIMITS) -> Iterator[Archive]:
    """What kind of archive it is is seen from its bytes. Raises BadPackage."""
    with path.open("rb") as file:
        head = file.read(512)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        with _zip(path, limits) as archive:
            yield archive
    elif head.startswith(b"\x1f\x8b"):
        with tempfile.TemporaryDirectory(prefix="tongke-") as folder:
            plain = Path(folder) / "plain.tar"
            gunzip(path, plain, limits)
            with _tar(plain, limits) as archive:
                yield archive
    elif head[257:262] == b"ustar":
        with _tar(path, limits) as archive:
            yield archive
    else:
        raise BadPackage(NOT_A_PACKAGE, code="not_a_package")


class _ZipSource:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    def open(self, key: object) -> IO[bytes]:
        return self._archive.open(cast("zipfile.ZipInfo", key))


@contextmanager
def _zip(path: Path, limits: Limits) -> Iterator[Archive]:
    check_directory(path, limits)
    try:
        opened_zip = zipfile.ZipFile(path)
    except _DAMAGE as error:
        raise BadPackage(DAMAGED, code="damaged") from error
    with opened_zip:
        infos = [one for one in opened_zip.infolist() if not one.is_dir()]
        if infos and all(one.flag_bits & 1 for one in infos):
            raise BadPackage(LOCKED, code="locked")
        _check_totals(len(infos), sum(one.file_size for one in infos), limits)
        archive = Archive(_ZipSource(opened_zip))
        for info in infos:
            _add_zip(archive, info, limits)
        yield archive


def check_directory(path: Path, limits: Limits = LIMITS) -> None:
    """Before any of it is read: how many entries a zip claims (APPNOTE 4.3.14 to 4.3.16).

    Raises BadPackage ``damaged``, ``too_many_files``.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - 65_577))
        tail = file.read()
        at = tail.rfind(b"PK\x05\x06")
        if at < 0 or len(tail) < at + 22:
            raise BadPackage(DAMAGED, code="damaged")
        entries, length = struct.unpack_from("<HI", tail, at + 10)
        if tail[max(0, at - 20) : at].startswith(b"PK\x06\x07"):
            file.seek(min(struct.unpack_from("<Q", tail, at - 12)[0], size))
            record = file.read(56).ljust(56, b"\0")
            entries, length = struct.unpack_from("<QQ", record, 32)
    if entries > limits.entries or length > limits.directory:
        raise BadPackage(TOO_MANY, code="too_many_files")


def _check_totals(entries: int, total: int, limits: Limits) -> None:
    if entries > limits.entries:
        raise BadPackage(TOO_MANY, code="too_many_files")
    if total > limits.total:
        raise BadPackage(TOO_LARGE, code="too_large")


def _add_zip(archive: Archive, info: zipfile.ZipInfo, limits: Limits) -> None:
    name = _zip_name(info)
    path = safe_path(name)
    mode = info.external_attr >> 16
    if path is None:
        archive.skipped.append(Skipped(name[:200], OUTSIDE))
    elif stat.S_ISLNK(mode):
        archive.skipped.append(Skipped(path, IS_A_LINK))
    elif info.flag_bits & 1:
        archive.skipped.append(Skipped(path, UNREADABLE))
    elif info.file_size > limits.bomb and info.file_size > limits.ratio * info.compress_size:
        archive.skipped.append(Skipped(path, BOMB))
    else:
        archive.add(path, info.file_size, info)


def _zip_name(info: zipfile.ZipInfo) -> str:
    """Chinese programs write GBK, and do not say so (APPNOTE appendix D)."""
    name = info.orig_filename.partition("\0")[0]
    if info.flag_bits & 0x800:
        return name
    with suppress(UnicodeEncodeError):
        return _decoded(name.encode("cp437"))
    return name


def _decoded(name: bytes) -> str:
    for encoding in ("utf-8", "gb18030"):
        with suppress(UnicodeDecodeError):
            return name.decode(encoding)
    return name.decode("utf-8", "replace")


class _TarSource:
    def __init__(self, archive: tarfile.TarFile) -> None:
        self._archive = archive

    def open(self, key: object) -> IO[bytes]:
        found = self._archive.extractfile(cast("tarfile.TarInfo", key))
        if found is None:
            raise tarfile.TarError
        return found


class _SmallReads:
    """A tar's headers can claim any length and are read in one piece: not with this."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= 4 << 20:
            raise tarfile.ReadError("a header of that size")
        return self._file.read(size)

    def seek(self, *place: int) -> int:
        return self._file.seek(*place)

    def tell(self) -> int:
        return self._file.tell()


@contextmanager
def _tar(path: Path, limits: Limits) -> Iterator[Archive]:
    with path.open("rb") as file:
        try:
            opened_tar = tarfile.open(  # noqa: SIM115 (closed below, with what it reads from)
                fileobj=cast("IO[bytes]", _SmallReads(file)), mode="r:", errorlevel=0
            )
            archive = Archive(_TarSource(opened_tar))
            _read_tar(archive, opened_tar, limits)
        except _DAMAGE as error:
            raise BadPackage(DAMAGED, code="damaged") from error
        with opened_tar:
            yield archive


def _read_tar(archive: Archive, opened_tar: tarfile.TarFile, limits: Limits) -> None:
    entries = total = 0
    for info in opened_tar:
        entries, total = entries + 1, total + info.size
        _check_totals(entries, total, limits)
        name = _decoded(info.name.encode("utf-8", "surrogateescape"))
        path = safe_path(name)
        if info.isdir():
            continue
        if path is None:
            archive.skipped.append(Skipped(name[:200], OUTSIDE))
        elif not info.isreg() or info.issparse():
            archive.skipped.append(Skipped(path, IS_A_LINK))
        else:
            archive.add(path, info.size, info)


def gunzip(
    path: Path, into: Path, limits: Limits, alive: Callable[[], None] = lambda: None
) -> None:
    """Random access needs it plain; ``alive`` is called as it grows, and may raise to end it.

    Raises BadPackage ``damaged``, ``too_large``.
    """
    most = min(limits.total, shutil.disk_usage(into.parent).free // 2)
    most = min(most, limits.bomb + limits.ratio * path.stat().st_size)
    try:
        with gzip.open(path) as source, into.open("wb") as target:
            while data := source.read(_CHUNK):
                most -= len(data)
                if most < 0:
                    raise BadPackage(TOO_LARGE, code="too_large")
                target.write(data)
                alive()
    except _DAMAGE as error:
        raise BadPackage(DAMAGED, code="damaged") from error
