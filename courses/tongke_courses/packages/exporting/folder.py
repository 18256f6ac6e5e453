"""A course as pages that open from a stick: no server, no script, every link within the folder."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from tongke_courses.materials.models import MaterialKind
from tongke_courses.takehome.contents import Contents, LeftOut
from tongke_courses.takehome.members import (
    MANIFEST,
    Member,
    PlacedPart,
    Say,
    files,
    manifest,
    placed,
    sums,
    written,
)
from tongke_courses.takehome.words import LICENCES
from tongke_platform.errors import N_
from tongke_platform.pages.languages import HTML_LANGUAGE, Language, translations
from tongke_platform.pages.paths import PAGES_DIR
from tongke_platform.pages.rendering import make_environment
from tongke_platform.paths import TEMPLATES_DIR

RECORDED = N_("Recording of the lesson")
_SHOWN = {MaterialKind.PICTURE, MaterialKind.SOUND, MaterialKind.VIDEO}


@dataclass(frozen=True)
class Shown:
    """A material on a page; ``href`` as seen from there, ``show`` what can be shown in place."""

    title: str
    href: str
    kind: MaterialKind
    size: int | None
    credits: str
    licence: str
    show: bool


@dataclass(frozen=True)
class Page:
    """A lesson; ``path`` from the top. ``number`` counts through the course."""

    number: int
    path: str
    title: str
    unit: str
    description: str
    teacher: str
    materials: Sequence[Shown]
    left_out: Sequence[LeftOut]


def members(contents: Contents, language: Language) -> list[Member]:
    say: Say = translations(language).gettext
    parts = placed(contents, "files/")
    pages = [*_pages(contents, parts, say)]
    found = [
        written("index.html", _index(contents, parts, pages, language, say)),
        *(written(one.path, _lesson(contents, pages, one, language)) for one in pages),
        written("style.css", style()),
        *files(parts),
        written(MANIFEST, manifest(contents, parts, say)),
    ]
    return [*found, sums(found)]


def style() -> str:
    """The site's colours and sizes, and how these pages use them."""
    tokens = (TEMPLATES_DIR / "style" / "tokens.css").read_text("utf-8")
    return tokens + "\n" + (PAGES_DIR / "offline" / "style.css").read_text("utf-8")


def _pages(contents: Contents, parts: Sequence[PlacedPart], say: Say) -> Iterator[Page]:
    number = 0
    for one in parts:
        if one.part is None:
            continue
        number += 1
        lesson = one.part.lesson
        yield Page(
            number=number,
            path=f"lessons/{number:03}.html",
            title=lesson.title,
            unit=one.part.unit.title if one.part.unit is not None else "",
            description=lesson.description,
            teacher=lesson.teacher.display_name,
            materials=_shown(contents, one, say, "../"),
            left_out=[LeftOut(left.title, say(left.why)) for left in one.part.left_out],
        )


def _shown(contents: Contents, part: PlacedPart, say: Say, up: str) -> list[Shown]:
    """The recording first. A licence is said where it is not the course's."""
    found = [*_shown_recording(part, say, up)]
    for one in part.placed:
        material, stored = one.taken.material, one.taken.file
        other = one.taken.licence is not contents.licence
        found.append(
            Shown(
                title=material.title,
                href=up + quote(one.path) if stored is not None else material.url,
                kind=material.kind,
                size=stored.size if stored is not None else None,
                credits=material.credits,
                licence=say(LICENCES[one.taken.licence]) if other else "",
                show=material.kind in _SHOWN,
            )
        )
    return found


def _shown_recording(part: PlacedPart, say: Say, up: str) -> Iterator[Shown]:
    member = part.recording
    if member is not None:
        yield Shown(
            title=say(RECORDED),
            href=up + quote(member.path),
            kind=MaterialKind.VIDEO,
            size=member.size,
            credits="",
            licence="",
            show=True,
        )


def _index(
    contents: Contents,
    parts: Sequence[PlacedPart],
    pages: Sequence[Page],
    language: Language,
    say: Say,
) -> str:
    general = [
        one for part in parts if part.part is None for one in _shown(contents, part, say, "")
    ]
    groups: dict[str, list[Page]] = {"": []}
    for one in pages:
        groups.setdefault(one.unit, []).append(one)
    return _render(
        "offline/index.html",
        language,
        top="",
        contents=contents,
        teachers=_teachers(contents),
        groups={title: found for title, found in groups.items() if found},
        general=general,
        left_out=[LeftOut(one.title, say(one.why)) for one in contents.general_left_out],
        licence=say(LICENCES[contents.licence]),
        size=sum(one.size for one in files(parts)),
    )


def _teachers(contents: Contents) -> list[str]:
    if contents.course is not None:
        return [one.person.display_name for one in contents.course.teachers]
    return list(dict.fromkeys(one.lesson.teacher.display_name for one in contents.lessons))


def _lesson(contents: Contents, pages: Sequence[Page], page: Page, language: Language) -> str:
    say = translations(language).gettext
    return _render(
        "offline/lesson.html",
        language,
        top="../",
        contents=contents,
        page=page,
        before=pages[page.number - 2] if page.number > 1 else None,
        after=pages[page.number] if page.number < len(pages) else None,
        licence=say(LICENCES[contents.licence]),
    )


def _render(template: str, language: Language, **values: object) -> str:
    return (
        make_environment()
        .get_template(template)
        .render(language=language, html_language=HTML_LANGUAGE[language], sized=sized, **values)
    )


def sized(size: int) -> str:
    """``3.4 MB``."""
    for unit, step in (("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10)):
        if size >= step:
            return f"{size / step:.1f} {unit}"
    return f"{size} B"
