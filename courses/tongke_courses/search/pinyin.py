"""Initials of a title in pinyin: ``sxfs`` finds 数学分数."""

from collections.abc import Iterator

from tongke_courses.search.segmenter import normalise, runs

MAX_RUN = 40
LONGEST = 8
MAX_TOKENS = 160


def initials(title: str) -> frozenset[str]:
    """Of the whole title, of each run of Chinese in it, and of 2 to ``LONGEST`` neighbours.

    A word with several readings is read as the dictionary does. At most ``MAX_TOKENS``.
    """
    read = [_read(run.text[:MAX_RUN]) for run in runs(normalise(title)) if run.chinese]
    found = dict.fromkeys(["".join(read)[:MAX_RUN], *read])
    for run in read:
        found |= dict.fromkeys(_pieces(run))
    return frozenset([one for one in found if len(one) > 1][:MAX_TOKENS])


def _read(chinese: str) -> str:
    # Its dictionary takes a moment to load: only for those who index.
    from pypinyin import Style, lazy_pinyin

    letters = lazy_pinyin(chinese, style=Style.FIRST_LETTER, errors="ignore")
    return "".join(one[:1] for one in letters if one[:1].isascii())


def _pieces(run: str) -> Iterator[str]:
    for length in range(2, LONGEST + 1):
        for start in range(len(run) - length + 1):
            yield run[start : start + length]
