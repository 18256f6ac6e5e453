"""``imsmanifest.xml`` of IMS Content Packaging 1.1/1.2: what cartridges and SCORM have in common."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from posixpath import join
from xml.etree.ElementTree import Element

from tongke_courses.packages.reading import markup
from tongke_courses.packages.reading.archives import Archive, Unreadable
from tongke_courses.packages.reading.markup import attribute, child, children
from tongke_courses.packages.reading.structure import BadPackage, PackedFile

NAME = "imsmanifest.xml"
MAX_DEPTH = 40
MAX_TITLE = 200
_PAGES = (".html", ".htm", ".xhtml")


@dataclass(frozen=True)
class Resource:
    """``href`` and ``files`` as they are written, bases put before; ``needs`` are identifiers."""

    key: str
    type: str
    href: str
    files: tuple[str, ...]
    needs: tuple[str, ...]

    @property
    def is_page(self) -> bool:
        return self.href.partition("?")[0].partition("#")[0].lower().endswith(_PAGES)


@dataclass
class Item:
    """A place of the contents: a folder, or what ``resource`` names."""

    key: str
    title: str
    description: str
    resource: str
    items: list["Item"] = field(default_factory=list)


@dataclass
class Manifest:
    root: Element
    title: str
    description: str
    items: list[Item]
    resources: dict[str, Resource]


def manifest_path(archive: Archive) -> str | None:
    """At the top, or at the top of the one folder everything was put into."""
    found = archive.find(NAME)
    if found is not None:
        return found
    below = [one for one in archive.sizes if one.lower().endswith("/" + NAME)]
    return below[0] if len(below) == 1 and below[0].count("/") == 1 else None


def read(archive: Archive, path: str) -> Manifest:
    """Raises BadPackage."""
    try:
        root = markup.parse(archive.read(path, markup.MAX_XML))
    except Unreadable as error:
        raise BadPackage(markup.BROKEN_XML, code="bad_manifest") from error
    if markup.local(root) != "manifest":
        raise BadPackage(markup.BROKEN_XML, code="bad_manifest")
    base = join(path.rpartition("/")[0], attribute(root, "base"))
    title, description = described(child(root, "metadata"))
    items = [one for tree in _organizations(root) for one in _tree(tree)]
    organization = next(_organizations(root), None)
    return Manifest(
        root=root,
        title=(title or markup.text(organization, "title"))[:MAX_TITLE],
        description=description,
        items=items,
        resources={one.key: one for one in _resources(root, base)},
    )


def described(metadata: Element | None) -> tuple[str, str]:
    """Title and description of a LOM (IEEE 1484.12.3), whatever versions write around the words."""
    general = next((one for one in _lom(metadata) if markup.local(one) == "general"), None)
    found = [_langstring(child(general, name)) for name in ("title", "description")]
    return " ".join(found[0].split())[:MAX_TITLE], found[1].strip()[: markup.MAX_TEXT]


def _lom(metadata: Element | None) -> Iterator[Element]:
    for lom in children(metadata, "lom"):
        yield from lom


def _langstring(element: Element | None) -> str:
    for name in ("string", "langstring"):
        if child(element, name) is not None:
            return markup.raw(element, name)
    return markup.raw(element)


def _organizations(root: Element) -> Iterator[Element]:
    """The default one first."""
    holder = child(root, "organizations")
    found = [*children(holder, "organization")]
    default = attribute(holder, "default") if holder is not None else ""
    yield from sorted(found, key=lambda one: attribute(one, "identifier") != default or not default)


def _tree(organization: Element) -> list[Item]:
    """Its items; the one root without title or resource that cartridges have is looked through."""
    items = _items(organization, 0)
    if len(items) == 1 and not items[0].title and not items[0].resource:
        return items[0].items
    return items


def _items(parent: Element, depth: int) -> list[Item]:
    if depth > MAX_DEPTH:
        return []
    found: list[Item] = []
    for one in children(parent, "item"):
        if attribute(one, "isvisible").lower() == "false" and not len(one):
            continue
        found.append(
            Item(
                key=attribute(one, "identifier"),
                title=markup.text(one, "title")[:MAX_TITLE],
                description=described(child(one, "metadata"))[1],
                resource=attribute(one, "identifierref"),
                items=_items(one, depth + 1),
            )
        )
    return found


def _resources(root: Element, base: str) -> Iterator[Resource]:
    holder = child(root, "resources")
    if holder is None:
        return
    base = join(base, attribute(holder, "base"))
    for one in children(holder, "resource"):
        place = join(base, attribute(one, "base"))
        href = attribute(one, "href")
        files = [attribute(file, "href") for file in children(one, "file")]
        yield Resource(
            key=attribute(one, "identifier"),
            type=attribute(one, "type").lower(),
            href=join(place, href) if href else "",
            files=tuple(join(place, file) for file in files if file),
            needs=tuple(attribute(need, "identifierref") for need in children(one, "dependency")),
        )


def files_of(archive: Archive, manifest: Manifest, resource: Resource) -> list[str]:
    """Paths of a resource's files and of what it needs, those the package holds, each once."""
    found: dict[str, None] = {}
    waiting, seen = [resource], {resource.key}
    while waiting:
        one = waiting.pop()
        for href in (one.href, *one.files):
            path = archive.find(href.partition("?")[0].partition("#")[0]) if href else None
            if path is not None:
                found[path] = None
        for key in one.needs:
            if key in manifest.resources and key not in seen:
                seen.add(key)
                waiting.append(manifest.resources[key])
    return list(found)


def beside(entry: str, paths: list[str]) -> tuple[str, tuple[PackedFile, ...]]:
    """Where a page stands among its files, and those: under the folder they all have in common."""
    parts = [one.split("/")[:-1] for one in (entry, *paths)]
    common = 0
    while all(len(one) > common for one in parts) and len({one[common] for one in parts}) == 1:
        common += 1
    cut = sum(len(one) + 1 for one in parts[0][:common])
    files = tuple(PackedFile(one, one[cut:], one[cut:]) for one in paths if one != entry)
    return entry[cut:], files
