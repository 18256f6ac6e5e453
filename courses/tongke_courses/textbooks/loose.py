"""Titles as shops, teachers and file names write them, put as the lists of the national platform do.

    （2024苏教版）小学二年级下册数学课本   →  数学二年级下册
    北师大版九年级数学上册                →  数学九年级上册, of 北师大版

The words come in any order. They are taken out one by one; a title of which anything is left over is
not understood, and stays as it is.
"""

import re
from dataclasses import dataclass

from tongke_courses.textbooks import words

# What says nothing of where a book stands: it is a book, new, sharp, sent twice, of some autumn.
_NOISE = re.compile(
    r"义务教育教科书|普通高中教科书|教科书|电子课本|电子教材|电子版|电子书|课本|教材|高清|新版本|最新版?|新版"
    r"|20\d\d年?(?:[春秋]季?)?(?:新?版|修订)?|PDF|pdf|[《》·_\- ]"
)
# Where something was taken out: what stands on either side is no one word.
_GAP = "·"
_BRACKET = re.compile(r"（([^（）]*)）")
# 六上, and what teachers call a subject.
_SHORT = re.compile(rf"({words.NUMERAL})([上下])(?!册)")
_CALLED = {"道德与法治": "道法", "体育与健康": "体育", "思想政治": "政治", "生物学": "生物"}
_START = re.compile(r"[一三]年级起点")
_STAGE = re.compile("小学|初中|高中")
_GRADE = re.compile(rf"(?:{words.GRADE})")
_VOLUME = re.compile(rf"(?:{words.VOLUME})")
_LEVEL = re.compile(rf"({words.LEVEL}) ?((?:{words.VOLUME})|\d{{1,2}}(?: \w{{2,20}})?)")
# The longer ones first: 语文 is not the subject of 语文·书法练习指导.
SUBJECTS = re.compile(
    "体育与健康|道德与法治|思想政治|信息科技|信息技术|通用技术|人文地理|地理图册|生物学|语文|数学|英语|俄语|日语"
    "|科学|物理|化学|生物|中国历史|世界历史|历史|地理|音乐|美术|艺术|劳动"
)
_EDITION = re.compile(r"([一-鿿A-Z]{1,6}版)(（[^（）]{1,12}）)?")


@dataclass(frozen=True, slots=True)
class Plain:
    """``title`` as a list would have it; ``edition`` and ``stage`` where the title says them."""

    title: str
    stage: str | None = None
    edition: str | None = None


def plain(text: str, subject: str = "") -> Plain | None:
    """``subject`` as a path says it; without it one of those all schools have. ``text`` is even.

    None when anything is left over, or no subject is said.
    """
    left = _Left(text)
    level = left.take(_LEVEL)
    left.text = _SHORT.sub(r"\1年级\2册", _NOISE.sub(_GAP, left.text))
    stage, grade = left.take(_STAGE), left.take(_GRADE)
    volume = left.take(_VOLUME) if level is None else None
    known = "|".join(re.escape(one) for one in (subject, _CALLED.get(subject, "")) if one)
    name = re.compile(f"(?:{known or SUBJECTS.pattern})(?!社版)")
    found = left.take(name)
    left.take(name)  # 英语下册英语课本
    if found is None or (grade is None and level is None):
        return None
    edition = left.take(_EDITION)
    left.take(_EDITION)  # said before and behind
    inside = [one for one in _BRACKET.findall(left.text) if one.strip(_GAP)]
    if not all(_START.fullmatch(one) or one.isdecimal() for one in inside):
        return None
    if _BRACKET.sub("", left.text).strip(_GAP):
        return None
    place = f"{level[1]} {level[2]}" if level else f"{_of(grade)}{_of(volume)}"
    start = "".join(f"（{one}）" for one in inside if _START.fullmatch(one))
    return Plain(
        f"{subject or found[0]}{start}{place}",
        stage[0] if stage else None,
        edition[1] + (edition[2] or "") if edition else None,
    )


def _of(found: re.Match[str] | None) -> str:
    return found[0] if found else ""


class _Left:
    """What of a title was not taken yet."""

    def __init__(self, text: str) -> None:
        self.text = text

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.search(self.text)
        if found is not None:
            self.text = self.text[: found.start()] + _GAP + self.text[found.end() :]
        return found
