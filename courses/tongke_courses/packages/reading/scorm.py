"""SCORM 1.2 (ADL Content Aggregation Model 1.2): the pages of each SCO, as far as they open alone."""

from xml.etree.ElementTree import Element

from tongke_courses.packages.reading import markup
from tongke_courses.packages.reading.archives import Archive
from tongke_courses.packages.reading.cartridge import MISSING, NO_RESOURCE, named
from tongke_courses.packages.reading.manifest import (
    MAX_TITLE,
    Item,
    Manifest,
    Resource,
    beside,
    files_of,
)
from tongke_courses.packages.reading.structure import (
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

TRACKING = N_("Its progress and scores are not recorded here; its pages are kept to look at.")
NEWER = N_("This is SCORM 2004. Please export the package as SCORM 1.2 or Common Cartridge.")


def is_scorm(manifest: Manifest) -> bool:
    """By what it says, else by the mark SCORM puts on resources."""
    metadata = markup.child(manifest.root, "metadata")
    if "scorm" in markup.text(metadata, "schema").lower():
        return True
    return any(_scorm_type(one) for one in _resources(manifest.root))


def is_newer(manifest: Manifest) -> bool:
    version = markup.text(markup.child(manifest.root, "metadata"), "schemaversion").lower()
    return version.startswith(("2004", "cam"))


def _resources(root: Element) -> list[Element]:
    return [*markup.children(markup.child(root, "resources"), "resource")]


def _scorm_type(element: Element) -> str:
    return markup.attribute(element, "scormtype").lower()


def read(archive: Archive, manifest: Manifest) -> Package:
    package = Package(Kind.SCORM, manifest.title, manifest.description, "1.2")
    scos = {
        markup.attribute(one, "identifier")
        for one in _resources(manifest.root)
        if _scorm_type(one) == "sco"
    }
    return _Reader(archive, manifest, package, scos).read()


class _Reader:
    """An item with a resource is a lesson; the folders above it are its unit."""

    def __init__(
        self, archive: Archive, manifest: Manifest, package: Package, scos: set[str]
    ) -> None:
        self.archive, self.manifest, self.package, self.scos = archive, manifest, package, scos

    def read(self) -> Package:
        loose = Unit("")
        for item in self.manifest.items:
            if item.items:
                unit = Unit(item.title)
                self.lessons(unit, item, "")
                self.package.units += [unit] if unit.lessons else []
            else:
                self.lessons(loose, item, "")
        if loose.lessons:
            self.package.units.insert(0, loose)
        return self.package

    def lessons(self, unit: Unit, item: Item, above: str) -> None:
        title = f"{above} / {item.title}" if above else item.title
        if item.resource:
            unit.lessons.append(self.lesson(item, (title or self.package.title)[:MAX_TITLE]))
        for one in item.items:
            self.lessons(unit, one, above if not item.resource and not above else title)

    def lesson(self, item: Item, title: str) -> PackedLesson:
        lesson = PackedLesson(title, item.description)
        resource = self.manifest.resources.get(item.resource)
        found = self.material(resource, title) if resource is not None else None
        if resource is None:
            self.package.skipped.append(Skipped(title, NO_RESOURCE))
        elif found is None:
            self.package.skipped.append(Skipped(title, MISSING))
        else:
            lesson.materials.append(found)
            if resource.key in self.scos:
                self.package.skipped.append(Skipped(title, TRACKING))
        return lesson

    def material(self, resource: Resource, title: str) -> Material | None:
        if resource.href.lower().startswith(("http://", "https://")):
            return PackedLink(resource.href, title)
        paths = files_of(self.archive, self.manifest, resource)
        entry = self.archive.find(resource.href.partition("?")[0].partition("#")[0])
        if entry is None:
            return None
        if not resource.is_page and len(paths) == 1:
            return PackedFile(entry, title or named(entry), entry.rpartition("/")[2])
        place, files = beside(entry, paths)
        return PackedPage(title, entry, entry=place, files=files)
