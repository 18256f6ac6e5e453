"""Moodle course backups since 2.0 (``moodle_backup.xml``, ``files.xml``, one folder per activity).

A section is a unit with one lesson of its name: its summary and labels are the description, its
pages, files, folders, books and addresses the materials. Others are named and left out.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from urllib.parse import quote
from xml.etree.ElementTree import Element

from tongke_courses.packages.reading import cartridge, markup
from tongke_courses.packages.reading.archives import TOO_LARGE, Archive, Unreadable, safe_path
from tongke_courses.packages.reading.manifest import MAX_TITLE
from tongke_courses.packages.reading.structure import (
    BadPackage,
    Kind,
    Material,
    Package,
    PackedFile,
    PackedLesson,
    PackedLink,
    PackedPage,
    Skipped,
    Unit,
)
from tongke_platform.errors import N_

NAME = "moodle_backup.xml"
_PLACE = "@@PLUGINFILE@@/"
# Bytes of XML that are read of one backup, and of pages that are kept while it is brought in.
_MAX_READ = 512 << 20
_MAX_PAGES = 64 << 20
_KINDS = {
    "quiz": cartridge.QUIZ, "forum": cartridge.DISCUSSION, "chat": cartridge.DISCUSSION,
    "assign": cartridge.ASSIGNMENT, "workshop": cartridge.ASSIGNMENT, "lti": cartridge.TOOL,
}  # fmt: skip
SECTION = N_("This part of the backup is missing or damaged.")
HEADING = "第 %s 节"


@dataclass(frozen=True)
class _Stored:
    path: str
    name: str
    area: str
    main: bool


def read(archive: Archive, path: str) -> Package:
    """Raises BadPackage."""
    try:
        root = markup.parse(archive.read(path, markup.MAX_XML))
    except Unreadable as error:
        raise BadPackage(markup.BROKEN_XML, code="bad_manifest") from error
    information = markup.child(root, "information")
    if information is None:
        raise BadPackage(markup.BROKEN_XML, code="bad_manifest")
    title = markup.text(information, "original_course_fullname")
    package = Package(
        Kind.MOODLE, title[:MAX_TITLE], version=markup.text(information, "moodle_release")[:40]
    )
    return _Reader(archive, path.rpartition("/")[0], information, package).read()


class _Reader:
    def __init__(self, archive: Archive, base: str, information: Element, package: Package) -> None:
        self.archive, self.base, self.package = archive, base, package
        self.contents = markup.child(information, "contents")
        self.left_to_read, self.left_for_pages = _MAX_READ, _MAX_PAGES
        self.files = self.stored()

    def xml(self, *parts: str) -> Element | None:
        """A file of the backup; None when it is missing or damaged."""
        path = self.archive.find("/".join(one for one in (self.base, *parts) if one))
        if path is None or self.archive.sizes[path] > self.left_to_read:
            return None
        self.left_to_read -= self.archive.sizes[path]
        try:
            return markup.parse(self.archive.read(path, markup.MAX_XML))
        except (Unreadable, BadPackage):
            return None

    def stored(self) -> dict[str, list[_Stored]]:
        """By context: its files, in their order, those of folders (size 0, named ``.``) left out."""
        found: dict[str, list[tuple[int, _Stored]]] = defaultdict(list)
        for one in markup.children(self.xml("files.xml"), "file"):
            digest, name = markup.text(one, "contenthash"), markup.text(one, "filename")
            path = self.archive.find(f"{self.base}/files/{digest[:2]}/{digest}".lstrip("/"))
            if name in {"", "."}:
                continue
            if path is None:
                self.skip(name, cartridge.MISSING)
                continue
            order = markup.text(one, "sortorder")
            inside = safe_path((markup.text(one, "filepath") + name).strip("/")) or "file"
            stored = _Stored(path, inside, markup.text(one, "filearea"), order == "1")
            found[markup.text(one, "contextid")].append((not stored.main, stored))
        return {
            key: [one for _, one in sorted(files, key=lambda pair: pair[0])]
            for key, files in found.items()
        }

    def read(self) -> Package:
        activities: dict[str, list[Element]] = defaultdict(list)
        for one in markup.children(markup.child(self.contents, "activities"), "activity"):
            activities[markup.text(one, "sectionid")].append(one)
        for section in markup.children(markup.child(self.contents, "sections"), "section"):
            key = markup.text(section, "sectionid")
            self.section(section, key, activities.pop(key, []))
        for key, left in activities.items():
            self.lesson(PackedLesson(self.package.title), left, key)
        summary = markup.raw(self.xml("course", "course.xml"), "summary")
        self.package.description = markup.words(summary)
        return self.package

    def section(self, section: Element, key: str, activities: list[Element]) -> None:
        found = self.xml(markup.text(section, "directory"), "section.xml")
        number = markup.text(found, "number")
        title = markup.text(found, "name") or markup.text(section, "title")
        if title in {"", "$@NULL@$", number}:
            title = self.package.title if number == "0" else HEADING % (number or key)
        summary = markup.raw(found, "summary")
        lesson = PackedLesson(title[:MAX_TITLE], markup.words(summary))
        self.lesson(lesson, _in_order(activities, markup.text(found, "sequence")), number)

    def lesson(self, lesson: PackedLesson, activities: list[Element], number: str) -> None:
        """A section nobody has put anything in is none."""
        for one in activities:
            lesson.materials += self.activity(one, lesson)
        if lesson.materials or lesson.description:
            title = "" if number == "0" else lesson.title
            self.package.units.append(Unit(title, [lesson]))

    def activity(self, one: Element, lesson: PackedLesson) -> Iterator[Material]:
        kind, title = markup.text(one, "modulename"), markup.text(one, "title")[:MAX_TITLE]
        makers = {
            "page": self.page, "resource": self.resource, "url": self.link,
            "folder": self.folder, "book": self.book,
        }  # fmt: skip
        if kind not in makers and kind != "label":
            self.skip(title or kind, _KINDS.get(kind, cartridge.UNKNOWN))
            return
        found = self.xml(markup.text(one, "directory"), f"{kind}.xml")
        body = markup.child(found, kind)
        if found is None or body is None:
            self.skip(title or kind, SECTION)
            return
        if kind == "label":
            words = markup.words(markup.raw(body, "intro"))
            lesson.description = f"{lesson.description}\n{words}".strip()[: markup.MAX_TEXT]
            return
        title = (markup.text(body, "name") or title)[:MAX_TITLE]
        yield from makers[kind](
            body, title, self.files.get(markup.attribute(found, "contextid"), [])
        )

    def page(self, body: Element, title: str, files: list[_Stored]) -> Iterator[Material]:
        yield from self.as_page(title, markup.raw(body, "content"), files)

    def as_page(self, title: str, html: str, files: list[_Stored]) -> Iterator[Material]:
        self.left_for_pages -= len(html)
        if self.left_for_pages < 0:
            self.skip(title, TOO_LARGE)
        else:
            yield _page(title, html, files)

    def book(self, body: Element, title: str, files: list[_Stored]) -> Iterator[Material]:
        chapters = [
            f"<h2>{escape(markup.text(one, 'title'))}</h2>\n{markup.raw(one, 'content')}"
            for one in markup.children(markup.child(body, "chapters"), "chapter")
            if markup.text(one, "hidden") != "1"
        ]
        yield from self.as_page(title, "\n".join(chapters), files)

    def link(self, body: Element, title: str, _files: list[_Stored]) -> Iterator[Material]:
        url = markup.text(body, "externalurl")
        if url.lower().startswith(("http://", "https://")):
            yield PackedLink(url, title)
        else:
            self.skip(title, cartridge.BAD_LINK)

    def resource(self, _body: Element, title: str, files: list[_Stored]) -> Iterator[Material]:
        """The main file alone is shown; a page of several files needs the others."""
        content = [one for one in files if one.area == "content"]
        if not content:
            self.skip(title, cartridge.MISSING)
            return
        main = content[0]
        if main.name.lower().endswith((".html", ".htm")):
            others = tuple(PackedFile(one.path, one.name, one.name) for one in content[1:])
            yield PackedPage(title, main.path, entry=main.name, files=others)
            return
        for one in content:
            name = one.name.rpartition("/")[2]
            yield PackedFile(one.path, title if one is main else cartridge.named(name), name)

    def folder(self, _body: Element, title: str, files: list[_Stored]) -> Iterator[Material]:
        for one in files:
            if one.area == "content":
                name = one.name.rpartition("/")[2]
                yield PackedFile(one.path, f"{title} / {one.name}"[:MAX_TITLE], name)

    def skip(self, what: str, why: str) -> None:
        self.package.skipped.append(Skipped(what[:MAX_TITLE], why))


def _in_order(activities: list[Element], sequence: str) -> list[Element]:
    places = {key.strip(): number for number, key in enumerate(sequence.split(","))}
    last = len(places)
    return sorted(activities, key=lambda one: places.get(markup.text(one, "moduleid"), last))


def _page(title: str, html: str, files: list[_Stored]) -> PackedPage:
    """As one document, with the names of its files in place of Moodle's marks."""
    shown = [one for one in files if quote(one.name) in html or one.name in html]
    head = (
        f'<!doctype html>\n<html lang="zh">\n<meta charset="utf-8">\n<title>{escape(title)}</title>'
    )
    body = html.replace(_PLACE, "files/")
    packed = tuple(PackedFile(one.path, one.name, f"files/{one.name}") for one in shown)
    return PackedPage(title, html=f"{head}\n<h1>{escape(title)}</h1>\n{body}\n", files=packed)
