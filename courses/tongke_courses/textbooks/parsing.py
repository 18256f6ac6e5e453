"""A line of a list of textbooks: a path, or a bare title, and where its book stands.

    初中/数学/人教版-人民教育出版社/七年级/义务教育教科书·数学七年级上册

Stage (and school system), subject, edition, perhaps the grade, the title. What a title says is
read from its end: volume, grade, then the subject's name with what is in brackets behind it. Every
part has to be accounted for; what is not is kept in ``Title.rest``.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from tongke_courses.textbooks import editions, loose, paths, titles, words

MAX_LINE = 600
MAX_NAME = 120

_BOOK = re.compile(r"（(教师用书|学生活动手册)）$")
_SAID_EDITION = re.compile(r"[一-鿿]{1,6}版")
_READERS = ("读本", "教师用书")
_READER = re.compile(r"[\w]{2,40}读本(?:[· ]?[\w、]{0,20}(?:（[\w、]{1,20}）)?)?")
_UNIT = re.compile(
    rf"(?:第 ?(?:{words.NUMERAL}{{1,3}}|\d{{1,3}}) ?(?:单元|章|节|课|课时|讲|部分|主题|专题|模块))"
    r"|(?:Unit|Module|Lesson|Chapter|Starter)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Title:
    """Where a book stands. ``book`` tells apart volumes that otherwise stand in one place
    (``学生活动手册``); ``below`` are unit and period; ``rest`` is what was not understood.
    """

    stage: str
    system: str | None = None
    subject: str | None = None
    edition: str | None = None
    grade: str | None = None
    volume: str | None = None
    book: str = ""
    title: str = ""
    alias: str = ""
    below: tuple[str, ...] = ()
    rest: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """All that the line says is understood, and it says what a book's place needs."""
        return not self.rest and self.subject is not None

    def item(self) -> dict[str, str | None]:
        return {
            "stage": self.stage,
            "system": self.system,
            "subject": self.subject,
            "edition": self.edition,
            "grade": self.grade,
            "volume": self.volume,
        }


def parse(line: str, further: Sequence[str] = ()) -> Title | None:
    """``further`` are unit and period of a table's other columns. None when the line is no title."""
    found = _parse(line)
    below = tuple(part for one in further if (part := words.even(one)))
    if found is None or not below:
        return found
    return _checked(replace(found, below=(*found.below, *below)))


# Lists say a title once for each of its units and periods.
@lru_cache(8192)
def _parse(line: str) -> Title | None:
    line = words.even(line)
    if not 0 < len(line) <= MAX_LINE:
        return None
    parts = paths.parts(line)
    if len(parts) == 1:
        return _bare(parts[0]) or _loose(parts[0])
    found = paths.stage(parts[0]) if parts else None
    if found is None:
        found = _stage_of_titles(parts)
        parts = ["", *parts]
    if found is None:
        return None
    place = _placed(*found, parts[1:])
    if place is None or place.whole or len(parts) < 4:
        return place
    said = loose.plain(parts[-1], place.subject or "")
    again = _placed(*found, [*parts[1:-1], said.title]) if said is not None else None
    return replace(again, title=parts[-1]) if again is not None and again.whole else place


def _loose(part: str) -> Title | None:
    """A title without a path that begins with no series: ``北师大版九年级数学上册``."""
    said = loose.plain(part)
    if said is None:
        return None
    book = titles.read(said.title)
    stage = said.stage or ("高中" if book.grade is None else _stage_of("", book.grade))
    subject = loose.SUBJECTS.match(said.title)
    if stage is None or subject is None:
        return None
    return _finish(
        Title(stage, book.system, subject[0], said.edition, book.grade, book.volume, title=part,
              rest=book.rest)
    )  # fmt: skip


def _stage_of_titles(parts: list[str]) -> tuple[str, None] | None:
    """A path that begins with the subject: the title's series and grade tell the stage."""
    said = next((one for one in parts if titles.series(one)), None)
    bare = _bare(said) if said and loose.SUBJECTS.fullmatch(parts[0]) else None
    return (bare.stage, None) if bare else None


def _placed(stage: str, system: str | None, parts: list[str]) -> Title | None:
    if parts and (said := words.system_of(parts[0])):
        system, parts = said, parts[1:]
    if parts and (series := titles.series(parts[0])) and series[0]:
        parts = [titles.read(parts[0]).head.split("·")[0], *parts]
    if len(parts) < 2:
        return None
    if _no_edition(parts[1]):
        return _finish(_descend(Title(stage, system, parts[0]), parts[1:]))
    edition, alias = _edition(parts[1])
    place = Title(stage, system, _BOOK.sub("", parts[0]), edition, alias=alias)
    if "版" not in edition and "社" not in edition:
        place = replace(place, rest=(parts[1],))
    return _finish(_descend(place, parts[2:]))


def _no_edition(part: str) -> bool:
    """A grade or a title where lists have the edition's folder."""
    book = titles.read(part)
    return titles.series(part) is not None or (book.grade is not None and not book.head)


@lru_cache(4096)
def _edition(part: str) -> tuple[str, str]:
    """The short name, which is before the publisher's, and the whole as written when it differs."""
    short = re.split(r" ?[-－—] ?(?![^（]*）)", part, maxsplit=1)[0].strip()
    return (short, part) if short and short != part else (part, "")


def _descend(place: Title, parts: list[str]) -> Title:
    """Below the edition: the grade's folder, the title, units."""
    books = [titles.read(part) for part in parts]
    last = max((n for n, part in enumerate(parts) if not _UNIT.match(part)), default=-1)
    first_unit = next((n for n, part in enumerate(parts) if _UNIT.match(part)), len(parts))
    if first_unit < last:
        last = first_unit - 1
    place = replace(place, below=tuple(parts[last + 1 :]))
    for part, book in zip(parts[: last + 1], books, strict=False):
        final = part == parts[last]
        place = _add(place, part, book, final)
    return place


def _add(place: Title, part: str, book: titles.Book, final: bool) -> Title:
    if not final and not book.head and not book.variants and (book.grade or book.volume):
        return _merge(place, book)
    if not final:
        # A folder beside the grades, such as 学生读本 or 教师用书, says nothing that its titles do not.
        return place if part.endswith(_READERS) else replace(place, rest=(*place.rest, part))
    if _READER.fullmatch(part):
        return replace(place, volume=part, title=part)
    place = _merge(replace(place, title=part), book)
    if place.edition is None:
        place = replace(place, edition=_edition_said(book))
    name, rest = titles.names_in(book.head, place.subject or "")
    told = [one for one in book.variants if f"（{one}）" not in (place.edition or "")]
    told = [one for one in told if one not in (place.edition or "")]
    extra = [*name, *told]
    return replace(place, book=" ".join(extra), rest=(*place.rest, *rest, *book.rest))


def _merge(place: Title, book: titles.Book) -> Title:
    """What folder and title both say has to agree."""
    rest = list(place.rest)
    for mine, theirs in ((place.grade, book.grade), (place.volume, book.volume),
                         (place.system, book.system)):  # fmt: skip
        if mine and theirs and mine != theirs:
            rest.append(theirs)
    return replace(
        place,
        grade=book.grade or place.grade,
        volume=book.volume or place.volume,
        system=place.system or book.system,
        rest=tuple(rest),
    )


def _finish(place: Title) -> Title:
    if place.system is None and place.stage in words.WITH_SYSTEM:
        place = replace(place, system=words.SIX_THREE)
    if place.edition:
        own = editions.named(place.edition, place.subject or "")
        alias = place.alias or (place.edition if own != place.edition else "")
        place = replace(place, edition=own, alias=alias)
    return _checked(place)


def _checked(place: Title) -> Title:
    """There is nothing below a period, and no name is endless."""
    names = (place.subject, place.edition, place.volume, place.book, *place.below)
    if len(place.below) > 2 or any(name and len(name) > MAX_NAME for name in names):
        return replace(place, rest=(*place.rest, "…"))
    return place


def _bare(part: str) -> Title | None:
    """A title without a path: the series or the grade tells the stage."""
    series = titles.series(part)
    if series is None or not series[0]:
        return None
    book = titles.read(part)
    stage = _stage_of(series[0], book.grade)
    if stage is None or not book.head:
        return None
    edition = _edition_said(book)
    book = replace(book, variants=tuple(one for one in book.variants if one != edition))
    head, *more = [one for one in book.head.split("·") if one]
    extra = " ".join((*more, *book.variants))
    found = Title(stage, book.system, head, edition, book.grade, book.volume, extra, part,
                  rest=book.rest)  # fmt: skip
    return _finish(found)


def _edition_said(book: titles.Book) -> str | None:
    """The edition a title has in its brackets: ``数学三年级上册（人教版）``."""
    return next((one for one in book.variants if _SAID_EDITION.fullmatch(one)), None)


def _stage_of(series: str, grade: str | None) -> str | None:
    if "高中" in series:
        return "高中"
    if school := re.match("培智学校|聋校|盲校", series):
        return words.STAGES[school[0]]
    if grade and grade[0] in "七八九":
        return "初中"
    return "小学" if grade and not grade.startswith("高") else None
