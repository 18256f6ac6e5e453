"""Text into the tokens it is found by, and a query into the tokens it asks for. Pure.

A run of Chinese (or kana) gives its characters and its pairs of neighbours: words of two characters
and single ones are found without a dictionary. A run of other letters and digits is one word.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

MAX_WORD = 64
MAX_TERMS = 64
MAX_QUERY = 2000
MIN_PREFIX = 2

_CHINESE = (
    "々〆〇"
    "぀-ヿㇰ-ㇿ"  # kana
    "㐀-䶿一-鿿豈-﫿"
    "\U00020000-\U000323af"
)
# Accents and the vowel signs of Tibetan belong to the letter before them; to Python they are none.
_MARKS = "\u0300-\u036f\u0f71-\u0f84\u0f90-\u0fbc"
_RUN = re.compile(rf"([{_CHINESE}]+)|((?:[^\W_{_CHINESE}]|[{_MARKS}])+)")
# Characters nobody sees: joiners, marks of direction, variants of a glyph, soft hyphens.
_UNSEEN = re.compile("[\u00ad\u2060\ufeff\u200b-\u200f\ufe00-\ufe0f]")


@dataclass(frozen=True, slots=True)
class Run:
    """``text`` of one script, normalised."""

    text: str
    chinese: bool


@dataclass(frozen=True, slots=True)
class Term:
    """A token asked for; ``prefix``: every word that begins with it will do."""

    token: str
    prefix: bool = False


def normalise(text: str) -> str:
    """One spelling for what reads alike: NFKC (full width becomes half width), case folded.

    Traditional characters stay as they are.
    """
    plain = unicodedata.normalize("NFKC", text)
    folded = plain.casefold()
    # Chinese has no case: what did not change is normalised already.
    normal = plain if folded == plain else unicodedata.normalize("NFKC", folded)
    return _UNSEEN.sub("", normal)


def runs(normal: str) -> Iterator[Run]:
    """Of a normalised text; whatever is neither letter nor digit separates."""
    for found in _RUN.finditer(normal):
        chinese, word = found.groups()
        yield Run(chinese or word[:MAX_WORD], chinese is not None)


def tokens(text: str) -> set[str]:
    """All that ``text`` is found by."""
    found: set[str] = set()
    for run in runs(normalise(text)):
        if run.chinese:
            found.update(run.text)
            found.update(pairs(run.text))
        else:
            found.add(run.text)
    return found


def pairs(text: str) -> Iterator[str]:
    return (text[n : n + 2] for n in range(len(text) - 1))


def terms(query: str) -> tuple[Term, ...]:
    """What ``query`` asks for, all of it: at most ``MAX_TERMS``, none for one without letters.

    Nothing in it is an operator. Its last word, when it is no Chinese, may go on.
    """
    found: dict[str, Term] = {}
    asked = list(runs(normalise(query[:MAX_QUERY])))
    for run in asked:
        for token in _wanted(run):
            found.setdefault(token, Term(token))
    if asked and not asked[-1].chinese and MIN_PREFIX <= len(asked[-1].text) < MAX_WORD:
        last = asked[-1].text
        found[last] = Term(last, prefix=True)
    return tuple(found.values())[:MAX_TERMS]


def _wanted(run: Run) -> Iterator[str]:
    if run.chinese and len(run.text) > 1:
        return pairs(run.text)
    return iter((run.text,))
