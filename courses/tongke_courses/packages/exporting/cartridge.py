"""A course as a Common Cartridge 1.3 (1EdTech, profile of IMS Content Packaging 1.2).

Units are top folders and lessons folders below, as ``reading.cartridge`` reads them; lessons of no
unit lie in a folder of the course's name that is marked.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote
from uuid import UUID
from xml.sax.saxutils import escape, quoteattr

from tongke_courses.packages.reading.cartridge import NO_UNIT
from tongke_courses.takehome.contents import Contents, LessonPart, Taken
from tongke_courses.takehome.members import Member, Say, kept, written
from tongke_courses.takehome.words import LICENCES

MEDIA_TYPE = "application/vnd.ims.imsccv1p3"
_CC = "http://www.imsglobal.org/xsd/imsccv1p3"
_LOM = "http://ltsc.ieee.org/xsd/imsccv1p3/LOM"
_XSD = "http://www.imsglobal.org/profile/cc/ccv1p3"
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

_HEAD = f"""<?xml version="1.0" encoding="UTF-8"?>
<manifest identifier="course-%s" xmlns="{_CC}/imscp_v1p1"
  xmlns:lom="{_LOM}/resource" xmlns:lomimscc="{_LOM}/manifest"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  xsi:schemaLocation="{_CC}/imscp_v1p1 {_XSD}/ccv1p3_imscp_v1p2_v1p0.xsd
    {_LOM}/resource {_XSD}/LOM/ccv1p3_lomresource_v1p0.xsd
    {_LOM}/manifest {_XSD}/LOM/ccv1p3_lommanifest_v1p0.xsd">
"""
_LINK = f"""<?xml version="1.0" encoding="UTF-8"?>
<webLink xmlns="{_CC}/imswl_v1p3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  xsi:schemaLocation="{_CC}/imswl_v1p3 {_XSD}/ccv1p3_imswl_v1p3.xsd">
  <title>%s</title>
  <url href=%s/>
</webLink>
"""


def words(text: str) -> str:
    """As XML can hold it."""
    return escape(_ILLEGAL.sub("", text))


def members(contents: Contents, say: Say) -> list[Member]:
    """``imsmanifest.xml`` first, then the files."""
    writer = _Writer()
    items = [*writer.materials("g", contents.general), *writer.units(contents)]
    manifest = "".join([
        _HEAD % contents.id,
        *_metadata(contents, say),
        '<organizations><organization identifier="contents" structure="rooted-hierarchy">\n',
        '<item identifier="root">\n', *items, "</item>\n",
        "</organization></organizations>\n<resources>\n", *writer.resources, "</resources>\n",
        "</manifest>\n",
    ])  # fmt: skip
    return [written("imsmanifest.xml", manifest), *writer.members]


def _metadata(contents: Contents, say: Say) -> Iterator[str]:
    licence = say(LICENCES[contents.licence])
    rights = "; ".join(one for one in (licence, contents.credits) if one)
    yield "<metadata>\n<schema>IMS Common Cartridge</schema>\n"
    yield "<schemaversion>1.3.0</schemaversion>\n<lomimscc:lom>\n<lomimscc:general>\n"
    yield _string("lomimscc", "title", contents.title)
    if contents.description:
        yield _string("lomimscc", "description", contents.description)
    yield "</lomimscc:general>\n<lomimscc:rights>\n"
    yield "<lomimscc:copyrightAndOtherRestrictions><lomimscc:value>yes</lomimscc:value>"
    yield "</lomimscc:copyrightAndOtherRestrictions>\n"
    yield _string("lomimscc", "description", rights)
    yield "</lomimscc:rights>\n</lomimscc:lom>\n</metadata>\n"


def _string(prefix: str, name: str, text: str) -> str:
    inner = f'<{prefix}:string language="zh-CN">{words(text)}</{prefix}:string>'
    return f"<{prefix}:{name}>{inner}</{prefix}:{name}>\n"


def _folder(key: str, title: str, description: str, inside: Sequence[str]) -> Iterator[str]:
    yield f"<item identifier={quoteattr(key)}><title>{words(title)}</title>\n"
    yield from inside
    if description:
        yield "<metadata><lom:lom><lom:general>"
        yield _string("lom", "description", description)
        yield "</lom:general></lom:lom></metadata>\n"
    yield "</item>\n"


@dataclass
class _Writer:
    members: list[Member] = field(default_factory=list)
    resources: list[str] = field(default_factory=list)

    def units(self, contents: Contents) -> Iterator[str]:
        by_unit: dict[UUID | None, list[LessonPart]] = {}
        for part in contents.lessons:
            by_unit.setdefault(part.unit.id if part.unit else None, []).append(part)
        loose = by_unit.pop(None, [])
        if loose:
            yield from _folder(NO_UNIT, contents.title, "", [*self.lessons(loose)])
        for one in contents.units:
            if one.id in by_unit:
                inside = [*self.lessons(by_unit[one.id])]
                yield from _folder(f"unit-{one.id}", one.title, "", inside)

    def lessons(self, parts: Sequence[LessonPart]) -> Iterator[str]:
        for one in parts:
            key = f"lesson-{one.lesson.id}"
            inside = [*self.materials(one.lesson.id.hex, one.taken)]
            yield from _folder(key, one.lesson.title, one.lesson.description, inside)

    def materials(self, group: str, taken: Sequence[Taken]) -> Iterator[str]:
        for number, one in enumerate(taken, 1):
            key = f"{group}-{number}"
            if one.version is None:
                self.link(key, one)
            else:
                path = f"files/{group}/{number}/{one.version.name}"
                self.members.append(kept(path, one.version.file))
                self.resource(key, "webcontent", path, href=True)
            title = words(one.material.title)
            yield f'<item identifier="i-{key}" identifierref="r-{key}"><title>{title}</title></item>\n'

    def link(self, key: str, one: Taken) -> None:
        path = f"links/{key}.xml"
        text = _LINK % (words(one.material.title), quoteattr(_ILLEGAL.sub("", one.material.url)))
        self.members.append(written(path, text))
        self.resource(key, "imswl_xmlv1p3", path, href=False)

    def resource(self, key: str, kind: str, path: str, *, href: bool) -> None:
        where = quoteattr(quote(path))
        shown = f" href={where}" if href else ""
        self.resources.append(
            f'<resource identifier="r-{key}" type="{kind}"{shown}><file href={where}/></resource>\n'
        )
