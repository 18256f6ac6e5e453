"""What is read of packages: kinds, places, and what is left out and why."""

from pathlib import Path

import pytest

from tests.packages import builders
from tongke_courses.packages.reading import cartridge
from tongke_courses.packages.reading.reader import opened_package
from tongke_courses.packages.reading.structure import (
    BadPackage,
    Kind,
    Package,
    PackedFile,
    PackedLink,
    PackedPage,
)


def read(folder: Path, data: bytes) -> Package:
    with opened_package(builders.saved(folder, data)) as (archive, package):
        for lesson in package.lessons:
            for one in lesson.materials:
                if isinstance(one, PackedFile):
                    archive.read(one.path, 1 << 20)
        return package


@pytest.mark.parametrize("version", ["1.1", "1.2", "1.3"])
def test_cartridge(tmp_path: Path, version: str) -> None:
    found = read(tmp_path, builders.zipped(builders.cartridge(version)))
    assert (found.kind, found.version, found.title) == (Kind.CARTRIDGE, version, "四则运算")
    assert found.description == "给三年级"
    first, other = found.units
    assert (first.title, [one.title for one in first.lessons]) == (
        "第一单元",
        ["加法", "加法 / 练习 / 更深"],
    )
    notes, page, link = first.lessons[0].materials
    assert notes == PackedFile("a/notes.pdf", "讲义", "notes.pdf")
    assert link == PackedLink("https://school.example/more", "链接")
    assert isinstance(page, PackedPage)
    assert (page.path, page.entry) == ("p/page.html", "page.html")
    assert [one.name for one in page.files] == ["pic.png"]
    assert first.lessons[1].materials == [PackedFile("a/题.txt", "题", "题.txt")]
    # Not what a page shows already.
    assert other.lessons[0].materials == [PackedFile("a/extra.pdf", "extra", "extra.pdf")]
    assert [(one.what, one.why) for one in found.skipped] == [
        ("讨论区", cartridge.DISCUSSION),
        ("测验", cartridge.QUIZ),
        ("工具", cartridge.TOOL),
        ("没有了", cartridge.NO_RESOURCE),
    ]
    assert found.size == 3 + 5


@pytest.mark.parametrize(
    "oddity",
    ["utf16", "utf16-be", "gb", "bom", "no-namespace", "other-namespace", "folder", "case"],
)
def test_manifests_as_programs_write_them(tmp_path: Path, oddity: str) -> None:
    text = builders.cc_manifest(builders.ITEMS, builders.cc_resources("1.2"), "1.2")
    files = builders.cartridge("1.2")
    declared = 'encoding="UTF-8"'
    if oddity == "utf16":
        files["imsmanifest.xml"] = text.replace(declared, 'encoding="UTF-16"').encode("utf-16")
    elif oddity == "utf16-be":
        other = text.replace(declared, "")
        files["imsmanifest.xml"] = b"\xfe\xff" + other.encode("utf-16-be")
    elif oddity == "gb":
        files["imsmanifest.xml"] = text.replace(declared, 'encoding="GB2312"').encode("gbk")
    elif oddity == "bom":
        files["imsmanifest.xml"] = text.encode("utf-8-sig")
    elif oddity == "no-namespace":
        files["imsmanifest.xml"] = text.replace(f'xmlns="{builders.CC_NAMESPACES["1.2"]}"', "")
    elif oddity == "other-namespace":
        files["imsmanifest.xml"] = text.replace(builders.CC_NAMESPACES["1.2"], "urn:wrong")
    elif oddity == "folder":
        files = {f"export/{name}": data for name, data in files.items()}
    else:
        files = {name.replace("a/notes", "A/Notes"): data for name, data in files.items()}
    found = read(tmp_path, builders.zipped(files))
    assert (found.kind, found.version, found.size) == (Kind.CARTRIDGE, "1.2", 8), oddity
    assert found.units[0].lessons[0].title == "加法"


def test_bases_and_names_in_gbk(tmp_path: Path) -> None:
    """Written by a Chinese program: the flag for UTF-8 is not set, the bytes are GBK."""
    items = '<item identifier="i" identifierref="r"><title>题</title></item>'
    resource = (
        '<resource identifier="r" type="webcontent" xml:base="课/" href="题.txt">'
        '<file href="题.txt"/></resource>'
    )
    text = builders.cc_manifest(items, resource, base='xml:base="all/"')
    data = builders.zipped({"imsmanifest.xml": text, "all/GG/QQ.txt": "一"})
    name = "课/题.txt".encode("gbk")
    assert data.count(b"GG/QQ.txt") == 2
    assert len(name) == len(b"GG/QQ.txt")
    found = read(tmp_path, data.replace(b"GG/QQ.txt", name))
    assert found.units[0].lessons[0].materials == [PackedFile("all/课/题.txt", "题", "题.txt")]
    assert found.skipped == []


def test_scorm(tmp_path: Path) -> None:
    found = read(tmp_path, builders.zipped(builders.scorm()))
    assert (found.kind, found.version, found.title) == (Kind.SCORM, "1.2", "光的折射")
    loose, chapter = found.units
    assert [one.title for one in chapter.lessons] == ["现象", "规律"]
    page = chapter.lessons[0].materials[0]
    assert isinstance(page, PackedPage)
    assert (page.path, page.entry) == ("content/a/index.html", "a/index.html")
    assert [one.name for one in page.files] == ["a/s.css", "shared/x.js"]
    assert loose.lessons[0].materials == [PackedFile("content/z.pdf", "附录", "z.pdf")]
    assert [one.what for one in found.skipped] == ["现象"]


def test_scorm_2004_is_named(tmp_path: Path) -> None:
    files = builders.scorm()
    files["imsmanifest.xml"] = builders.SCORM.replace(">1.2<", ">2004 4th Edition<")
    with pytest.raises(BadPackage, match="scorm_2004"):
        read(tmp_path, builders.zipped(files))


@pytest.mark.parametrize("packed", ["zip", "gz", "tar"])
def test_moodle(tmp_path: Path, packed: str) -> None:
    files = builders.moodle()
    data = builders.zipped(files) if packed == "zip" else builders.tarred(
        files, "w:gz" if packed == "gz" else "w"
    )  # fmt: skip
    found = read(tmp_path, data)
    assert (found.kind, found.version, found.title) == (Kind.MOODLE, "4.1", "科学三上")
    assert found.description == "水和空气"
    unit = found.units[0]
    lesson = unit.lessons[0]
    assert (unit.title, lesson.description) == ("水", "观察水\n先看课件")
    deck, page, link, folder, book = lesson.materials
    assert deck == PackedFile(f"files/aa/{'a' * 40}", "课件", "课件.pdf")
    assert link == PackedLink("https://water.example/", "网址")
    assert folder == PackedFile(f"files/bb/{'b' * 40}", "资料夹 / 子/一.txt", "一.txt")
    assert isinstance(page, PackedPage)
    assert "files/%E5%9B%BE.png" in page.html
    assert [one.name for one in page.files] == ["files/图.png"]
    assert isinstance(book, PackedPage)
    assert "水是什么" in book.html
    assert [one.what for one in found.skipped] == ["没有.pdf", "期中测验", "答疑"]


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({"readme.txt": "hello"}, "not_a_package"),
        ({"imsmanifest.xml": "<manifest xmlns='urn:x'/>"}, "not_a_package"),
        ({"imsmanifest.xml": "<html>"}, "bad_manifest"),
        ({"imsmanifest.xml": "<html/>"}, "bad_manifest"),
        ({"imsmanifest.xml": b"\x00\x01\x02"}, "bad_manifest"),
        ({"moodle_backup.xml": "<moodle_backup/>"}, "bad_manifest"),
        ({}, "not_a_package"),
    ],
)
def test_what_is_no_package_is_one_clear_error(
    tmp_path: Path, files: dict[str, bytes | str], code: str
) -> None:
    with pytest.raises(BadPackage) as raised:
        read(tmp_path, builders.zipped(files))
    assert raised.value.code == code
