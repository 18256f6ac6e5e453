"""IMS Common Cartridge 1.1, 1.2 and 1.3 (and 1.0, which differs in nothing read here).

A top folder of the contents is a unit, every folder below that holds materials a lesson; what lies
in a unit itself is a lesson of the unit's name.
"""

import re
from collections.abc import Iterator

from tongke_courses.packages.reading import markup
from tongke_courses.packages.reading.archives import Archive, Unreadable
from tongke_courses.packages.reading.manifest import (
    MAX_TITLE,
    Item,
    Manifest,
    Resource,
    beside,
    files_of,
)
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

# Our own mark of lessons that belong to no unit: other systems want a folder with a name.
NO_UNIT = "tongke-no-unit"
OTHER_FILES = "其他文件"

DISCUSSION = N_("Discussions are not brought in; talk about the lesson here instead.")
QUIZ = N_("Tests and question banks are not brought in.")
TOOL = N_("It opens a program on another site, with an account there.")
ASSIGNMENT = N_("Assignments are not brought in.")
UNKNOWN = N_("It is of a kind that has no place here.")
MISSING = N_("The package names this file but does not hold it.")
NO_RESOURCE = N_("The contents point to something the package does not hold.")
BAD_LINK = N_("Its address is no address of a web page.")

_SKIPPED = (
    ("imsdt", DISCUSSION), ("imsqti", QUIZ), ("question-bank", QUIZ), ("assessment", QUIZ),
    ("imsbasiclti", TOOL), ("imsapip", QUIZ), ("assignment", ASSIGNMENT),
)  # fmt: skip
_FILES = ("webcontent", "learning-application-resource", "associatedcontent", "imscc")


def version_of(manifest: Manifest) -> str | None:
    """``1.3`` for one; None for what is no cartridge. By what it says, else by its types."""
    metadata = markup.child(manifest.root, "metadata")
    schema = markup.text(metadata, "schema").lower().replace(" ", "")
    version = markup.text(metadata, "schemaversion")
    if "commoncartridge" in schema or "thincommoncartridge" in schema:
        return ".".join(version.split(".")[:2]) or "1.1"
    found = re.search(r"imsccv1p(\d)", manifest.root.tag)
    if found is None:
        types = " ".join(one.type for one in manifest.resources.values())
        found = re.search(r"_xmlv1p(\d)", types)
        return f"1.{found[1]}" if found else None
    return f"1.{found[1]}"


def read(archive: Archive, manifest: Manifest, version: str) -> Package:
    package = Package(Kind.CARTRIDGE, manifest.title, manifest.description, version)
    return _Reader(archive, manifest, package).read()


class _Reader:
    def __init__(self, archive: Archive, manifest: Manifest, package: Package) -> None:
        self.archive, self.manifest, self.package = archive, manifest, package
        self.used: set[str] = set()
        self.paths: set[str] = set()

    def read(self) -> Package:
        loose = PackedLesson(self.package.title)
        for item in self.manifest.items:
            if item.resource:
                loose.materials += self.materials(item)
            else:
                self.unit(item)
        if loose.materials:
            self.package.units.append(Unit("", [loose]))
        self.left()
        return self.package

    def unit(self, item: Item) -> None:
        unit = Unit("" if item.key.startswith(NO_UNIT) else item.title)
        own = PackedLesson(item.title, item.description)
        own.materials = [found for one in item.items for found in self.materials(one)]
        if own.materials or not item.items:
            unit.lessons.append(own)
        for one in item.items:
            if not one.resource:
                self.lesson(unit, one, one.title)
        if unit.lessons:
            self.package.units.append(unit)

    def lesson(self, unit: Unit, item: Item, title: str) -> None:
        """And those of the folders below."""
        folders = [one for one in item.items if not one.resource]
        made = PackedLesson(title[:MAX_TITLE], item.description)
        made.materials = [found for one in item.items for found in self.materials(one)]
        if made.materials or not folders:
            unit.lessons.append(made)
        for one in folders:
            self.lesson(unit, one, f"{title} / {one.title}")

    def materials(self, item: Item) -> Iterator[Material]:
        """Of an item with a resource; items below it, which are rare, come after it."""
        if not item.resource:
            return
        resource = self.manifest.resources.get(item.resource)
        if resource is None:
            self.skip(item.title or item.resource, NO_RESOURCE)
        else:
            self.used.add(resource.key)
            yield from self.material(resource, item.title)
        for one in item.items:
            yield from self.materials(one)

    def material(self, resource: Resource, title: str) -> Iterator[Material]:
        if "imswl" in resource.type:
            yield from self.link(resource, title)
            return
        for mark, why in _SKIPPED:
            if mark in resource.type:
                self.skip(title or resource.key, why)
                return
        if resource.type and not resource.type.startswith(_FILES):
            self.skip(title or resource.key, UNKNOWN)
            return
        yield from self.file(resource, title)

    def link(self, resource: Resource, title: str) -> Iterator[PackedLink]:
        for path in files_of(self.archive, self.manifest, resource)[:1]:
            try:
                link = markup.parse(self.archive.read(path, 1 << 20))
            except (Unreadable, BadPackage):
                break
            address = markup.child(link, "url")
            url = markup.attribute(address, "href") if address is not None else ""
            if not url.lower().startswith(("http://", "https://")):
                self.skip(title or url, BAD_LINK)
                return
            yield PackedLink(url, title or markup.text(link, "title")[:MAX_TITLE])
            return
        self.skip(title or resource.key, MISSING)

    def file(self, resource: Resource, title: str) -> Iterator[Material]:
        """A page with what it shows is one material, other files are one each."""
        paths = files_of(self.archive, self.manifest, resource)
        self.paths.update(paths)
        if not paths:
            self.skip(title or resource.href or resource.key, MISSING)
        elif resource.is_page and self.archive.find(resource.href.partition("?")[0]) == paths[0]:
            entry, files = beside(paths[0], paths)
            yield PackedPage(title or named(paths[0]), paths[0], entry=entry, files=files)
        else:
            for number, path in enumerate(paths):
                name = path.rpartition("/")[2]
                yield PackedFile(path, title if title and not number else named(path), name)

    def left(self) -> None:
        """What no item leads to, and no page that one leads to shows."""
        unused = [one for one in self.manifest.resources.values() if one.key not in self.used]
        lesson = PackedLesson(OTHER_FILES)
        for one in unused:
            paths = files_of(self.archive, self.manifest, one)
            if paths and self.paths.issuperset(paths):
                continue
            lesson.materials += self.material(one, "")
        if lesson.materials:
            self.package.units.append(Unit("", [lesson]))

    def skip(self, what: str, why: str) -> None:
        self.package.skipped.append(Skipped(what[:MAX_TITLE], why))


def named(path: str) -> str:
    """A title from a file's name."""
    name = path.rpartition("/")[2]
    return (name.rpartition(".")[0] or name)[:MAX_TITLE]
