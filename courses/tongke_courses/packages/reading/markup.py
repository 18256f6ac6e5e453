"""XML of packages: any encoding the standard allows, no entities, names without their namespaces.

Exporting programs disagree about namespaces (and forget them), so elements are found by local name.
"""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from tongke_courses.packages.reading.structure import BadPackage
from tongke_platform.errors import N_

MAX_XML = 16 << 20
MAX_TEXT = 8000
BROKEN_XML = N_("The list of contents in this package is damaged and cannot be read.")

_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["'][^>]*\?>""")
# What the parser knows itself; the others are decoded here.
_NATIVE = {"utf-8", "utf-16", "us-ascii", "ascii", "iso-8859-1", "utf8", "utf16"}


def parse(data: bytes) -> Element:
    """Raises BadPackage ``bad_manifest`` for what is no XML, and for documents that define entities."""
    try:
        root: Element = fromstring(_decoded(data))
    except (ParseError, DefusedXmlException, ValueError, LookupError, RecursionError) as error:
        raise BadPackage(BROKEN_XML, code="bad_manifest") from error
    return root


def _decoded(data: bytes) -> bytes | str:
    found = _DECLARED.match(data)
    if found is None:
        return data
    encoding = found[1].decode().lower()
    if encoding in _NATIVE:
        # Saved again by something that left the declaration as it was.
        return data[found.end() :] if encoding.startswith("utf-16") else data
    return data[found.end() :].decode("gb18030" if encoding in {"gb2312", "gbk"} else encoding)


def local(element: Element) -> str:
    """Lower-case, without the namespace; comments have none."""
    return element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""


def children(element: Element | None, name: str) -> Iterator[Element]:
    for one in element if element is not None else ():
        if local(one) == name:
            yield one


def child(element: Element | None, *names: str) -> Element | None:
    """The first at the end of a path of names."""
    for name in names:
        element = next(children(element, name), None)
    return element


def text(element: Element | None, *names: str) -> str:
    """The words below, put on one line."""
    found = child(element, *names) if names else element
    return " ".join("".join(found.itertext()).split()) if found is not None else ""


def raw(element: Element | None, *names: str) -> str:
    """The words below as they are."""
    found = child(element, *names)
    return "".join(found.itertext()) if found is not None else ""


def attribute(element: Element, name: str) -> str:
    """Whatever namespace it stands in."""
    for key, value in element.attrib.items():
        if key.rpartition("}")[2].lower() == name:
            return value.strip()
    return ""


_QUIET = {"script", "style", "head", "template"}
_BLOCKS = {"p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table"}


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._quiet = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._quiet += tag in _QUIET
        if tag in _BLOCKS:
            self.found.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._quiet -= tag in _QUIET and self._quiet > 0
        if tag in _BLOCKS:
            self.found.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._quiet:
            self.found.append(data)


def words(html: str) -> str:
    """The words of a piece of HTML, at most MAX_TEXT characters."""
    parser = _Words()
    parser.feed(html[: 8 * MAX_TEXT])
    parser.close()
    lines = [" ".join(one.split()) for one in "".join(parser.found).split("\n")]
    return "\n".join(one for one in lines if one).replace("\0", "")[:MAX_TEXT]
