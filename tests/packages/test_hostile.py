"""Packages that want to do harm: refused, or read without the harmful part."""

import io
import stat
import struct
import tarfile
import time
import zipfile
from pathlib import Path

import pytest

from tests.packages import builders
from tongke_courses.packages.reading import archives
from tongke_courses.packages.reading.archives import Limits, Unreadable, opened, safe_path
from tongke_courses.packages.reading.reader import opened_package
from tongke_courses.packages.reading.structure import BadPackage, Package

SMALL = Limits(entries=50, total=4 << 20, bomb=1 << 18, ratio=100)


def refused(folder: Path, data: bytes, limits: Limits = archives.LIMITS) -> str:
    with (
        pytest.raises(BadPackage) as raised,
        opened_package(builders.saved(folder, data), limits),
    ):
        pass
    return raised.value.code


def read(folder: Path, data: bytes, limits: Limits = archives.LIMITS) -> Package:
    with opened_package(builders.saved(folder, data), limits) as (_, package):
        return package


@pytest.mark.parametrize(
    "path",
    ["../x", "a/../../x", "/etc/passwd", "C:\\x", "c:x", "\\\\host\\share", "..\\..\\x", "", ".",
     "a/..", "x\0.pdf", "x" * 1001],
)  # fmt: skip
def test_paths_that_lead_out(path: str) -> None:
    assert safe_path(path) is None


def test_paths_in_normal_form() -> None:
    assert safe_path("a\\b//./c/../d.txt") == "a/b/d.txt"


def test_entries_that_climb_out_are_left_out(tmp_path: Path) -> None:
    files = builders.cartridge()
    bad = ["../../evil.txt", "/abs.txt", "d:\\evil.txt", "a\\..\\..\\evil.txt"]
    found = read(tmp_path, builders.zipped({**files, **dict.fromkeys(bad, "x")}))
    outside = [one.what for one in found.skipped if one.why == archives.OUTSIDE]
    assert outside == bad
    assert found.size == 8
    assert [one.name for one in tmp_path.iterdir()] == ["package.bin"]


def test_links_are_never_followed(tmp_path: Path) -> None:
    files = builders.cartridge()
    out = io.BytesIO(builders.zipped(files))
    with zipfile.ZipFile(out, "a") as archive:
        info = zipfile.ZipInfo("a/passwd")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    found = read(tmp_path, out.getvalue())
    assert ("a/passwd", archives.IS_A_LINK) in [(one.what, one.why) for one in found.skipped]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE])
def test_links_and_devices_of_a_tar(tmp_path: Path, kind: bytes) -> None:
    out = io.BytesIO(builders.tarred(builders.moodle(), "w"))
    with tarfile.open(fileobj=out, mode="a:") as archive:
        info = tarfile.TarInfo(f"files/dd/{'d' * 40}")
        info.type, info.linkname = kind, "/etc/passwd"
        archive.addfile(info)
    found = read(tmp_path, out.getvalue())
    assert archives.IS_A_LINK in [one.why for one in found.skipped]
    assert "没有.pdf" in [one.what for one in found.skipped]


def test_a_file_that_swells_is_left_out(tmp_path: Path) -> None:
    files = builders.cartridge()
    found = read(tmp_path, builders.zipped({**files, "a/notes.pdf": b"\0" * (1 << 20)}), SMALL)
    reasons = [(one.what, one.why) for one in found.skipped]
    assert ("a/notes.pdf", archives.BOMB) in reasons


def test_many_files_that_swell_together_are_refused(tmp_path: Path) -> None:
    files = {f"{n}.txt": b"\0" * 200_000 for n in range(40)}
    assert refused(tmp_path, builders.zipped(files), SMALL) == "too_large"


def test_a_gzip_that_swells_is_refused(tmp_path: Path) -> None:
    data = builders.tarred({"moodle_backup.xml": b"\0" * (8 << 20)})
    assert refused(tmp_path, data, SMALL) == "too_large"


def test_an_archive_inside_is_a_file_like_any_other(tmp_path: Path) -> None:
    inner = builders.zipped({"zeros": b"\0" * (64 << 20)})
    found = read(tmp_path, builders.zipped({**builders.cartridge(), "a/notes.pdf": inner}))
    assert found.size == 8


def test_a_claim_that_is_too_small_is_seen(tmp_path: Path) -> None:
    """What really comes out counts, not what the list of entries says."""
    data = bytearray(builders.zipped({"a.txt": b"x" * 5000}, zipfile.ZIP_STORED))
    at = data.rindex(b"PK\x01\x02")
    struct.pack_into("<II", data, at + 20, 10, 10)
    with (
        opened(builders.saved(tmp_path, bytes(data))) as archive,
        pytest.raises(Unreadable),
    ):
        archive.copy("a.txt", io.BytesIO())


def test_a_hundred_thousand_entries_are_refused_at_once(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for n in range(66_000):  # beyond 65,535: a zip64 directory
            archive.writestr(zipfile.ZipInfo(f"{n}"), b"")
    path = builders.saved(tmp_path, out.getvalue())
    began = time.perf_counter()
    with pytest.raises(BadPackage, match="too_many_files"), opened(path):
        pass
    assert time.perf_counter() - began < 1


def test_the_last_of_one_name_counts(tmp_path: Path) -> None:
    out = io.BytesIO(builders.zipped(builders.cartridge()))
    with zipfile.ZipFile(out, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("a/notes.pdf", b"%PDF-1.4 newer")
    with opened_package(builders.saved(tmp_path, out.getvalue())) as (archive_, package):
        assert archive_.read("a/notes.pdf", 100).endswith(b"newer")
        assert package.skipped[0].why == archives.TWICE


ENTITIES = """<?xml version="1.0"?><!DOCTYPE m [<!ENTITY a "aaaaaaaaaa">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;">]><manifest>&c;</manifest>"""
EXTERNAL = """<?xml version="1.0"?><!DOCTYPE m [<!ENTITY x SYSTEM "file:///etc/passwd">]>
<manifest>&x;</manifest>"""


@pytest.mark.parametrize("text", [ENTITIES, EXTERNAL])
def test_entities_are_not_expanded(tmp_path: Path, text: str) -> None:
    assert refused(tmp_path, builders.zipped({"imsmanifest.xml": text})) == "bad_manifest"


def test_contents_nested_without_end(tmp_path: Path) -> None:
    items = "<item><title>x</title>" * 5000 + "</item>" * 5000
    found = read(tmp_path, builders.zipped({"imsmanifest.xml": builders.cc_manifest(items, "")}))
    assert found.size <= 1


def test_resources_that_need_each_other(tmp_path: Path) -> None:
    resources = "".join(
        f'<resource identifier="r{n}" type="webcontent" href="a/notes.pdf">'
        f'<dependency identifierref="r{1 - n}"/></resource>'
        for n in range(2)
    )
    item = '<item identifier="i" identifierref="r0"><title>x</title></item>'
    files = builders.cartridge(manifest=builders.cc_manifest(item, resources))
    assert read(tmp_path, builders.zipped(files)).size == 2


def test_encrypted(tmp_path: Path) -> None:
    data = bytearray(builders.zipped({"imsmanifest.xml": "<manifest/>"}))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + place] |= 1
    assert refused(tmp_path, bytes(data)) == "locked"


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.99])
def test_truncated(tmp_path: Path, part: float) -> None:
    whole = builders.zipped(builders.cartridge())
    assert refused(tmp_path, whole[: int(len(whole) * part)]) == "damaged"
    backup = builders.tarred(builders.moodle())
    assert refused(tmp_path, backup[: int(len(backup) * part)]) == "damaged"


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"%PDF-1.4", b"\x1f\x8b", b"PK\x05\x06"])
def test_wrong_types_behind_right_names(tmp_path: Path, data: bytes) -> None:
    assert refused(tmp_path, data) in {"not_a_package", "damaged"}


def test_a_tar_header_that_claims_gigabytes(tmp_path: Path) -> None:
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 3 << 30
    assert refused(tmp_path, info.tobuf(tarfile.PAX_FORMAT) + b"\0" * 2048) == "damaged"


def test_resources_that_name_the_same_files_without_end(tmp_path: Path) -> None:
    files = '<file href="a/notes.pdf"/>' * 3000
    many = "".join(
        f'<resource identifier="s{n}" type="webcontent"><dependency identifierref="all"/></resource>'
        for n in range(1000)
    )
    shared = f'<resource identifier="all" type="webcontent">{files}</resource>'
    text = builders.cc_manifest("", shared + many)
    assert refused(tmp_path, builders.zipped({"imsmanifest.xml": text})) == "too_many_files"


def test_names_inside_a_backup_that_climb_out(tmp_path: Path) -> None:
    """They would become names of a zip that somebody unpacks."""
    files = builders.moodle()
    text = str(files["files.xml"]).replace("图.png", "../../图.png").replace("/子/", "/../../")
    page = str(files["activities/page_1/page.xml"]).replace("%E5%9B%BE.png", "../../file")
    changed = {**files, "files.xml": text, "activities/page_1/page.xml": page}
    found = read(tmp_path, builders.zipped(changed))
    for lesson in found.lessons:
        for one in lesson.materials:
            for packed in getattr(one, "files", ()):
                assert ".." not in packed.name.split("/")
