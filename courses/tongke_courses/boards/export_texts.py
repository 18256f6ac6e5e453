"""The words of a group's files: HTML that opens without a network and runs nothing, and Markdown."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from urllib.parse import quote
from uuid import UUID
from zoneinfo import ZoneInfo

import nh3

from tongke_courses.boards import words
from tongke_courses.boards.markdown import FILE, cleaner
from tongke_courses.boards.models import GroupFile, TopicStep
from tongke_courses.boards.schemas import AnchorOut
from tongke_courses.groups import words as group_words
from tongke_courses.materials import names
from tongke_courses.materials.looking import shown_inline
from tongke_platform.errors import N_
from tongke_platform.pages import times
from tongke_platform.pages.languages import HTML_LANGUAGE, Language, translations
from tongke_platform.pages.rendering import make_environment

LONGEST = 60
# What a browser or a desktop runs or follows when it is opened from a folder.
_LIVELY = frozenset(
    [
        "html",
        "htm",
        "xhtml",
        "xht",
        "shtml",
        "mht",
        "mhtml",
        "svg",
        "svgz",
        "xml",
        "xsl",
        "url",
        "website",
        "webloc",
        "desktop",
    ]
)
_ADDRESS = re.compile(
    r"/groups/[0-9a-f-]{36}/files/([0-9a-f-]{36})(?:\?(?:download|small)=1)?", re.ASCII
)
_TAKEN_OUT = N_("(This post was taken out.)")
_LEFT = N_("Somebody who has left")


def safe_name(number: int, title: str, digits: int = 4) -> str:
    """``0012 板书怎么写``: in its order, on any system."""
    said = names.clean(re.sub(r"[/\\]", "-", title), "…")[:LONGEST].rstrip(". ")
    return f"{number:0{digits}} {said or '…'}"


def file_path(number: int, file: GroupFile) -> str:
    stem, ending = names.split(names.clean(file.name))
    ending += ".txt" if ending[1:].lower() in _LIVELY else ""
    return f"files/{safe_name(number, stem)}{ending}"


@dataclass(frozen=True)
class Texts:
    """``files``: paths below the folder's top, by file; those of ``pictures`` are shown in place.
    ``nonce``: of the one script that pages may run, nothing in a text knows it.
    """

    language: Language
    zone: ZoneInfo
    now: datetime
    files: Mapping[UUID, str]
    pictures: frozenset[UUID]
    nonce: str

    def say(self, message: str, **places: object) -> str:
        said = translations(self.language).gettext(message)
        return said % places if places else said

    def when(self, instant: datetime) -> str:
        return f"{times.local(instant, self.zone):%Y-%m-%d %H:%M}"

    def name(self, found: str) -> str:
        return found or self.say(_LEFT)

    def page(self, template: str, **values: object) -> str:
        found = make_environment(self.zone).get_template(f"boards/export/{template}")
        return found.render(
            language=self.language,
            html_language=HTML_LANGUAGE[self.language],
            now=self.now,
            words=words,
            group_words=group_words,
            quote=quote,
            nonce=self.nonce,
            **values,
        )

    @cached_property
    def _cleaner(self) -> nh3.Cleaner:
        return cleaner(attribute_filter=self._attribute)

    def _attribute(self, tag: str, name: str, value: str) -> str | None:
        """Addresses of the group's files lead into the folder; a picture comes from nowhere else."""
        if name not in ("src", "href"):
            return value
        found = _ADDRESS.fullmatch(value)
        if found is None:
            return value if tag == "a" else None
        key = UUID(found[1])
        if key not in self.files or (tag == "img" and key not in self.pictures):
            return None
        return "../" + quote(self.files[key])

    def html(self, made: str) -> str:
        """Of a post, as a page of the folder ``topics`` shows it."""
        return self._cleaner.clean(made)

    def markdown(self, text: str) -> str:
        """As it was written; files of the group are found in the folder."""

        def place(found: re.Match[str]) -> str:
            path = self.files.get(UUID(found[1]))
            return "../" + quote(path) if path else found[0]

        return FILE.sub(place, text)

    def anchor(self, about: AnchorOut) -> str:
        said = self.say(words.ANCHORS[about.kind])
        said += f": {about.label}" if about.label else ""
        if about.at_ms is not None:
            said += f" {about.at_ms // 60000}:{about.at_ms // 1000 % 60:02}"
        return said + (f" ({about.page})" if about.page else "")

    def step(self, step: TopicStep) -> str:
        who = self.name(step.by.display_name if step.by else "")
        parts = [self.say(words.CHIPS[step.state]), who, step.class_label]
        said = " · ".join(one for one in [*parts, self.when(step.created_at)] if one)
        return one_line(f"{said}: {step.note}" if step.note else said)

    @property
    def taken_out(self) -> str:
        return self.say(_TAKEN_OUT)


def one_line(text: str) -> str:
    return " ".join(text.split())


def pictures(files: Mapping[UUID, GroupFile]) -> frozenset[UUID]:
    kinds = {key: one.file.media_type for key, one in files.items()}
    return frozenset(
        key for key, kind in kinds.items() if kind.startswith("image/") and shown_inline(kind)
    )
