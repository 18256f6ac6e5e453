"""A title alone, or a piece of one: what it says of grade and volume, read from its end.

义务教育教科书·数学（A版）必修 第一册
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from tongke_courses.textbooks import words

BRACKET = re.compile(r"（([^（）]*)）")
_SERIES = re.compile(
    r"(?:(?P<school>培智学校|聋校|盲校))?(?:义务教育|普通高中|中等职业学校)?(?:课程标准)?(?:实验)?"
    rf"(?:教科书|{words.NUMERAL}至{words.NUMERAL}年级(?=[·（ ]))"
)
_TAIL = re.compile(
    rf"(?P<grade>{words.GRADE})[· ]?(?P<volume>{words.VOLUME}|[上下])?"
    rf"|(?P<level>{words.LEVEL})"
    rf"|(?P<only>(?:{words.VOLUME})(?:(?:{words.VOLUME})*))(?=□*$)"
)
_LEVEL = re.compile(
    rf"(?P<level>{words.LEVEL}) ?(?P<number>\d{{1,2}})?[ ：]?(?P<name>.*)", re.DOTALL
)
_ONLY = re.compile(rf"(?:{words.VOLUME})(?! )")
# What one may call a module: words, no path, no further title.
_MODULE = re.compile(r"[\w、，·《》—\-（）“” ]{1,60}")
_MINOR = re.compile(r"（(?:主编|试用|实验|修订|试验)[^（）]*）")
_EDITORS = re.compile(r"(?:主编|编著|编者)：?.+")
_SILENT = re.compile(r"实验|试验|试用|试用本|修订|修订版")
_STANDARD = re.compile(r"(?:根据|依据)?(\d{4})年?版?课程标准.*")
_VARIANT = re.compile(r"[\w.·+!' ]{1,16}")
# What a title has in brackets and others write without: 数学（七年级上册）, 英语（选择性必修）第四册.
_PLACE = re.compile(rf"（((?:{words.GRADE}) ?(?:{words.VOLUME})|{words.LEVEL})）")
# What stands before a subject's name in a title and says no more than the grade does.
_FORENAMES = re.compile(r"中国|世界|小学|初中|高中|普通高中|综合")


@dataclass(slots=True)
class Book:
    """What a title alone says."""

    head: str = ""
    grade: str | None = None
    volume: str | None = None
    system: str | None = None
    school: str = ""
    variants: tuple[str, ...] = ()
    rest: tuple[str, ...] = ()


def series(title: str) -> tuple[str, str] | None:
    """The series a title begins with, and what comes after."""
    found = _SERIES.match(title) or _SERIES.match(BRACKET.sub("", title, count=1))
    return (found[0], title[found.end() :]) if found else None


@lru_cache(4096)
def read(part: str) -> Book:
    """A title, or a piece of one: ``七年级``, ``上册``, ``必修 第一册``."""
    book = Book()
    variants, rest = [], []
    part = _PLACE.sub(r"\1", part.removeprefix("《").removesuffix("》"))
    if found := re.match(r"（([^（）]*)）", part):
        # What stands before all else: (根据2022年版课程标准修订).
        variants.append(found[1])
        part = part[found.end() :]
    if found := _SERIES.match(part):
        book.school = found["school"] or ""
        part = part[found.end() :]
    part = part.strip("· ")
    masked = BRACKET.sub(lambda one: "□" * len(one[0]), part)
    tail = _TAIL.search(masked)
    head = part[: tail.start()] if tail else part
    if tail:
        left = _ending(book, tail, part[tail.start() :], variants)
        rest += [left] if left else []
    variants += BRACKET.findall(head)
    book.head = "·".join(one for one in re.split("[· ]", BRACKET.sub("", head)) if one)
    book.variants, unknown = _sorted(book, variants)
    book.rest = (*rest, *unknown)
    return book


def _ending(book: Book, tail: re.Match[str], text: str, variants: list[str]) -> str:
    """Grade and volume, or the module of a senior school; answers what is left over."""
    if tail["level"]:
        return _module(book, text, variants)
    said = tail["volume"] or tail["only"] or ""
    book.grade = words.grade_name(tail["grade"]) if tail["grade"] else None
    after = text[len(tail[0]) :]
    if not said and (found := re.match(rf"（({words.VOLUME}|[上下])）", after)):
        said, after = found[1], after[found.end() :]
    book.volume = _volume(said) or None
    variants += BRACKET.findall(after)
    return BRACKET.sub("", after).strip("· ")


def _module(book: Book, text: str, variants: list[str]) -> str:
    """Of a senior school: ``必修 第一册``, ``选择性必修1 化学反应原理``."""
    found = _LEVEL.fullmatch(_MINOR.sub("", text).strip())
    assert found is not None
    name, left = found["name"].strip(), ""
    if only := _ONLY.match(name):
        # Behind a volume, which has no name of its own, nothing stands but brackets.
        name, after = only[0], name[only.end() :]
        variants += BRACKET.findall(after)
        left = BRACKET.sub("", after).strip()
    book.volume = f"{found['level']}{found['number'] or ''}{' ' if name else ''}{name}"
    return left if left or not name or _MODULE.fullmatch(name) else name


def _volume(said: str) -> str:
    """``上`` is 上册; ``水平一水平一`` was only said twice."""
    said = said.replace("全1册", "全一册")
    half = said[: len(said) // 2]
    if half and said == half * 2:
        return half
    return f"{said}册" if said in ("上", "下") else said


def _sorted(book: Book, variants: Sequence[str]) -> tuple[tuple[str, ...], list[str]]:
    """What brackets hold: the system, who wrote it, what tells variants apart; what is neither."""
    kept: list[str] = []
    unknown: list[str] = []
    for one in (each.strip() for each in variants):
        if system := words.system_of(one):
            book.system = system
        elif standard := _STANDARD.fullmatch(one):
            kept.append(f"{standard[1]}年版课标")
        elif _EDITORS.fullmatch(one) or _SILENT.fullmatch(one):
            continue
        elif _VARIANT.fullmatch(one):
            kept.append(one)
        else:
            unknown.append(one)
    return tuple(kept), unknown


@lru_cache(4096)
def names_in(head: str, subject: str) -> tuple[list[str], list[str]]:
    """The parts of a title's name that are not the subject: companion books, and what is unknown."""
    known = [*(one for one in subject.split("·") if one)]
    extra: list[str] = []
    rest: list[str] = []
    parts = [one for one in head.split("·") if one]
    seen = not parts
    for part in parts:
        left = part
        for one in sorted(known, key=len, reverse=True):
            if one in left:
                left, seen = left.replace(one, "", 1), True
                break
            if len(left) > 1 and one.startswith(left):
                left, seen = "", True
                break
        if left in ("", "学") or (left != part and _FORENAMES.fullmatch(left)):
            continue
        if left == part or part.endswith(left):
            # A companion: 学生活动手册 beside 科学, 教师用书 behind 体育与健康.
            extra.append(left)
        else:
            rest.append(left)
    # A name of which nothing is the subject's is another book's.
    return (extra, rest) if seen else ([], [*extra, *rest])
