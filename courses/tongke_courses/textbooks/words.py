"""The words of a textbook's place: numbers, grades, volumes, and one way to write each."""

import re
import unicodedata

NUMERAL = "[一二三四五六七八九十]"
GRADE = rf"(?:{NUMERAL}|[1-9])(?:(?:至|到|[-~～—])(?:{NUMERAL}|[1-9]))?年级|[初高][一二三]"
VOLUME = rf"(?:上|中|下|全一|全1|全|第(?:{NUMERAL}{{1,3}}|\d{{1,2}}))册|(?:[上下]|第[一二])学期|水平{NUMERAL}"
LEVEL = "选择性必修|必修|选修"

STAGES = {
    "小学": "小学", "初中": "初中", "高中": "高中", "普通高中": "高中", "初级中学": "初中",
    "高级中学": "高中", "学前": "学前", "学前教育": "学前", "幼儿园": "学前", "中职": "中职",
    "特教": "特教", "特殊教育": "特教", "培智学校": "特教", "聋校": "特教", "盲校": "特教",
}  # fmt: skip
SIX_THREE, FIVE_FOUR = "六•三", "五•四"
# A senior school follows on either system; only these have one.
WITH_SYSTEM = ("小学", "初中")

_DIGITS = "零一二三四五六七八九"
_LOOKALIKES = str.maketrans(
    {
        "(": "（", ")": "）", "［": "（", "］": "）", "[": "（", "]": "）", "【": "（", "】": "）",
        "：": "：", ":": "：", "＆": "&", "•": "·", "・": "·", "‧": "·", "∙": "·", "●": "·",
        "\\": "/", "／": "/", "\u3000": " ", "\xa0": " ", "\ufeff": "", "\u200b": "",
    }
)  # fmt: skip
_FULL_WIDTH = re.compile(r"[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]+")
_SPACES = re.compile(r"\s+")
_FIVE_FOUR = re.compile(r"(?:五[·\s、/]?四|5[·\s、/.]?4)(?:学制|制)?")
_SIX_THREE = re.compile(r"(?:六[·\s、/]?三|6[·\s、/.]?3)(?:学制|制)?")


def even(text: str) -> str:
    """Brackets, dots, colons, letters and spaces in one form each."""
    text = text.translate(_LOOKALIKES)
    text = _FULL_WIDTH.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)
    return _SPACES.sub(" ", text).strip()


def system_of(text: str) -> str | None:
    """``五•四`` of ``五·四学制`` and the like; None when the text is something else."""
    if _FIVE_FOUR.fullmatch(text):
        return FIVE_FOUR
    return SIX_THREE if _SIX_THREE.fullmatch(text) else None


def grade_name(text: str) -> str:
    """``3年级`` is 三年级, 初一 is 七年级; a span stays as it is written: ``1至2年级``."""
    if text[0] == "初":
        return "七八九"["一二三".index(text[1])] + "年级"
    if len(text) == 3 and text[0].isdigit():
        return _DIGITS[int(text[0])] + text[1:]
    return text


_ORDERS = {
    "stage": ("学前", "小学", "初中", "高中", "中职", "特教"),
    "system": (SIX_THREE, FIVE_FOUR),
    "subject": (
        "语文", "数学", "英语", "道德与法治", "思想政治", "科学", "物理", "化学", "生物学", "历史",
        "地理", "信息科技", "信息技术", "体育与健康", "音乐", "美术", "艺术", "劳动", "通用技术",
    ),
}  # fmt: skip
_NUMERALS = {one: value for value, one in enumerate(_DIGITS)} | {"十": 10}
_NUMBER = re.compile(rf"({NUMERAL}{{1,3}}|\d{{1,3}})")
_HALVES = {"上": 1, "中": 2, "下": 3}
_FAR = 900


def number_in(text: str) -> int | None:
    """The first number of ``text``, in Chinese (to 99) or Arabic figures."""
    found = _NUMBER.search(text)
    if found is None:
        return None
    figures = found[1]
    if figures.isdecimal():
        return int(figures)
    tens, ten, ones = figures.rpartition("十")
    if not ten:
        return _NUMERALS.get(figures[-1])
    return (_NUMERALS.get(tens, 1) if tens else 1) * 10 + (_NUMERALS.get(ones, 0) if ones else 0)


def position(kind: str, name: str) -> int:
    """Where a node stands among its siblings; equal ones stand in the order they were made."""
    if kind in _ORDERS:
        order = _ORDERS[kind]
        return order.index(name) if name in order else _FAR
    if kind == "grade":
        high = 9 if name.startswith("高") else 0
        return high + (number_in(name) or _FAR)
    return _volume_position(name) if kind == "volume" else 0


def _volume_position(name: str) -> int:
    level = next((n for n, one in enumerate(("选修", "选择性必修", "必修")) if one in name[:5]), 3)
    half = next((_HALVES[one] for one in name if one in _HALVES), 0)
    return (3 - level) * 200 + 5 * (number_in(name) or 0) + half + (50 if "（" in name else 0)
